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

/** Magnitudes of the cells coded so far, -1 where unknown. */
class Neighbourhood {
  /** @param {number} rows @param {number} frames */
  constructor(rows, frames) {
    this.rows = rows;
    this.frames = frames;
    this.known = new Int16Array(rows * frames).fill(-1);
    this.weight = 0;
    this.sum = 0;
  }

  /** @param {number} row @param {number} frame @param {number} weight */
  see(row, frame, weight) {
    if (row < 0 || row >= this.rows || frame < 0 || frame >= this.frames) return;
    const magnitude = this.known[row * this.frames + frame];
    if (magnitude < 0) return;
    this.weight += weight;
    this.sum += weight * magnitude;
  }

  /** The mean of what was seen since the last one. */
  mean() {
    const mean = Math.min(Math.floor((16 * this.sum) / Math.max(this.weight, 1)), MOST_MEAN);
    this.weight = this.sum = 0;
    return mean;
  }

  /**
   * Activity and beside class of a cell, as activity * 4 + class.
   * @param {StftPass} pass @param {number} row @param {number} frame
   */
  context({ b, f, d }, row, frame) {
    const h = d / 2;
    if (f) {
      this.see(row, frame - h, 6);
      this.see(row, frame + h, 6);
      this.see(row, frame - 3 * h, 1);
      this.see(row, frame + 3 * h, 1);
    }
    const inTime = this.weight > 0;
    const meanInTime = this.mean();
    if (f) {
      for (const away of [-1, 1]) {
        this.see(row + away, frame - h, 1);
        this.see(row + away, frame + h, 1);
      }
    }
    if (b) {
      this.see(row - 1, frame, 1);
      this.see(row + 1, frame, 1);
    }
    const any = inTime || this.weight > 0;
    const meanBeside = this.mean();
    const activity = any ? 1 + ACTIVITY_OF[inTime ? meanInTime : meanBeside] : 0;
    return activity * BESIDES + BESIDE_OF[meanBeside];
  }
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
  const all = rows * frames;
  const places = new Int32Array(all);
  const classes = new Uint8Array(2 * all);
  let found = 0;
  for (const pass of stftPasses()) {
    /** @type {number[]} */
    const cells = [];
    for (let row = pass.b; row < rows; row += 2) {
      for (let frame = pass.f; frame < frames; frame += pass.d) {
        if (!coded || coded[row * frames + frame]) cells.push(row * frames + frame);
      }
    }
    const contexts = Uint16Array.from(cells, (cell) => around.context(pass, Math.floor(cell / frames), cell % frames));
    const zero = new Uint8Array(cells.length);
    zeroTable.decode(decoder, contexts.map((context) => pass.stage * ACTIVITIES * BESIDES + context), cells.length, zero);
    const chosen = [...cells.keys()].filter((i) => zero[i]);
    const activities = Uint16Array.from(chosen, (i) => Math.floor(contexts[i] / BESIDES));
    const re = new Uint8Array(chosen.length);
    const im = new Uint8Array(chosen.length);
    realTable.decode(decoder, activities, chosen.length, re);
    imagTable.decode(decoder, activities.map((a, i) => 4 * a + Math.min(re[i], 3)), chosen.length, im);
    for (const cell of cells) around.known[cell] = 0;
    chosen.forEach((i, n) => {
      if (!re[n] && !im[n]) throw new FormatError("coded part: a cell told to be non-zero is zero");
      around.known[cells[i]] = Math.min(CLASS_FLOORS[re[n]] + CLASS_FLOORS[im[n]], LARGEST_NEIGHBOUR);
      places[found] = cells[i];
      classes[2 * found] = re[n];
      classes[2 * found + 1] = im[n];
      found++;
    });
  }
  const values = decodeExtras(decoder, classes, 2 * found);
  const q = new Int32Array(2 * all);
  for (let i = 0; i < found; i++) {
    q[2 * places[i]] = values[2 * i];
    q[2 * places[i] + 1] = values[2 * i + 1];
  }
  return q;
}
