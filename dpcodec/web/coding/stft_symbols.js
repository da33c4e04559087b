/** Payload of mode 1: complex symbols in passes (docs/format.md, "Payload of mode 1"). */

import { FormatError } from "../errors.js";
import { AdaptiveTable, binaryCounts } from "./adaptive_table.js";
import { CLASS_FLOORS, MAGNITUDE_CLASSES, decodeExtras } from "./magnitudes.js";
import { codingTable } from "./tables.js";

const ACTIVITY_EDGES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024, 4096];
const BESIDE_EDGES = [1, 16, 48];
const MOST_MEAN = 4096;
const LARGEST_NEIGHBOUR = 1023;
const ACTIVITIES = 25;
const BESIDES = 4;
const ACTIVITY_OF = classesOf(ACTIVITY_EDGES);
const BESIDE_OF = classesOf(BESIDE_EDGES);

/** Of each mean, how many edges are not above it. @param {number[]} edges */
function classesOf(edges) {
  return Uint8Array.from({ length: MOST_MEAN + 1 }, (_, mean) => edges.filter((edge) => edge <= mean).length);
}

/** @typedef {{b: number, f: number, d: number, stage: number}} StftPass */

/** @returns {StftPass[]} */
function stftPasses() {
  const passes = [{ b: 0, f: 0, d: 16, stage: 0 }, { b: 1, f: 0, d: 16, stage: 1 }];
  for (let d = 16; d > 1; d /= 2) {
    for (const b of [0, 1]) passes.push({ b, f: d / 2, d, stage: d === 2 ? 3 : 2 });
  }
  return passes;
}

/** Frames and rows around the grid that are never known: the farthest neighbours. */
const FRAMES_BESIDE = 24;

/** Magnitudes of the cells coded so far, -1 where unknown and around the grid. */
class Neighbourhood {
  /** @param {number} rows @param {number} frames */
  constructor(rows, frames) {
    this.stride = frames + 2 * FRAMES_BESIDE;
    this.known = new Int16Array((rows + 2) * this.stride).fill(-1);
  }

  /** Where a cell stands. @param {number} row @param {number} frame */
  place(row, frame) {
    return (row + 1) * this.stride + FRAMES_BESIDE + frame;
  }

  /**
   * Activity and beside class of the cell at a place, as activity * 4 + class.
   * @param {StftPass} pass @param {number} at
   */
  context({ b, f, d }, at) {
    const { known, stride } = this;
    const h = d >> 1;
    let weight = 0;
    let sum = 0;
    let m = 0;
    if (f) {
      if ((m = known[at - h]) >= 0) { weight += 6; sum += 6 * m; }
      if ((m = known[at + h]) >= 0) { weight += 6; sum += 6 * m; }
      if ((m = known[at - 3 * h]) >= 0) { weight += 1; sum += m; }
      if ((m = known[at + 3 * h]) >= 0) { weight += 1; sum += m; }
    }
    const inTime = weight > 0;
    const meanInTime = meanOf(sum, weight);
    weight = sum = 0;
    if (f) {
      if ((m = known[at - stride - h]) >= 0) { weight += 1; sum += m; }
      if ((m = known[at - stride + h]) >= 0) { weight += 1; sum += m; }
      if ((m = known[at + stride - h]) >= 0) { weight += 1; sum += m; }
      if ((m = known[at + stride + h]) >= 0) { weight += 1; sum += m; }
    }
    if (b) {
      if ((m = known[at - stride]) >= 0) { weight += 1; sum += m; }
      if ((m = known[at + stride]) >= 0) { weight += 1; sum += m; }
    }
    const any = inTime || weight > 0;
    const meanBeside = meanOf(sum, weight);
    const activity = any ? 1 + ACTIVITY_OF[inTime ? meanInTime : meanBeside] : 0;
    return activity * BESIDES + BESIDE_OF[meanBeside];
  }
}

/** In sixteenths. @param {number} sum @param {number} weight */
function meanOf(sum, weight) {
  return weight ? Math.min(Math.floor((16 * sum) / weight), MOST_MEAN) : 0;
}

/**
 * Real and imaginary symbols of [rows, frames], interleaved; zero where nothing was coded.
 * @param {import("./range_decoder.js").RangeDecoder} decoder @param {number} rows @param {number} frames
 * @param {Uint8Array | null} coded which cells are; null: all
 */
export function decodeStftSymbols(decoder, rows, frames, coded) {
  const { zeros, real, imag } = codingTable("stft");
  const zeroTable = new AdaptiveTable(binaryCounts(zeros), 2);
  const realTable = new AdaptiveTable(real.flat(), MAGNITUDE_CLASSES);
  const imagTable = new AdaptiveTable(imag.flat(), MAGNITUDE_CLASSES);
  const around = new Neighbourhood(rows, frames);
  const { known } = around;
  const all = rows * frames;
  const places = new Int32Array(all);
  const classes = new Uint8Array(2 * all);
  const [cells, spots] = [new Int32Array(all), new Int32Array(all)];
  const [contexts, shifted] = [new Uint16Array(all), new Uint16Array(all)];
  const [zero, re, im] = [new Uint8Array(all), new Uint8Array(all), new Uint8Array(all)];
  let found = 0;
  for (const pass of stftPasses()) {
    let count = 0;
    for (let row = pass.b; row < rows; row += 2) {
      for (let frame = pass.f; frame < frames; frame += pass.d) {
        const cell = row * frames + frame;
        if (coded && !coded[cell]) continue;
        cells[count] = cell;
        spots[count] = around.place(row, frame);
        contexts[count] = around.context(pass, spots[count]);
        shifted[count] = pass.stage * ACTIVITIES * BESIDES + contexts[count];
        count++;
      }
    }
    zeroTable.decode(decoder, shifted, count, zero);
    let chosen = 0;
    for (let i = 0; i < count; i++) {
      known[spots[i]] = 0;
      if (!zero[i]) continue;
      cells[chosen] = cells[i];
      spots[chosen] = spots[i];
      contexts[chosen++] = (contexts[i] / BESIDES) | 0;
    }
    realTable.decode(decoder, contexts, chosen, re);
    for (let i = 0; i < chosen; i++) shifted[i] = 4 * contexts[i] + Math.min(re[i], 3);
    imagTable.decode(decoder, shifted, chosen, im);
    for (let i = 0; i < chosen; i++) {
      if (!re[i] && !im[i]) throw new FormatError("coded part: a cell told to be non-zero is zero");
      known[spots[i]] = Math.min(CLASS_FLOORS[re[i]] + CLASS_FLOORS[im[i]], LARGEST_NEIGHBOUR);
      places[found] = cells[i];
      classes[2 * found] = re[i];
      classes[2 * found + 1] = im[i];
      found++;
    }
  }
  const values = decodeExtras(decoder, classes, 2 * found);
  const q = new Int32Array(2 * all);
  for (let i = 0; i < found; i++) {
    q[2 * places[i]] = values[2 * i];
    q[2 * places[i] + 1] = values[2 * i + 1];
  }
  return q;
}
