/** Symbols of an MDCT's channel, and its block splits (docs/format.md, "Payload of mode 3"). */

import { FormatError } from "../errors.js";
import { AdaptiveTable, binaryCounts } from "./adaptive_table.js";
import { PAIRS, networksOf } from "./context_network.js";
import { CLASS_FLOORS, decodeExtras } from "./magnitudes.js";
import { mdctPasses } from "./mdct_passes.js";
import { codingTable } from "./tables.js";

/**
 * @typedef {import("./range_decoder.js").RangeDecoder} RangeDecoder @typedef {import("./mdct_passes.js").MdctPass} MdctPass
 */

const MARGIN = 3;
const SILENT_LOG = -16384;
const LARGEST_INPUT = 255;
const LARGEST_FLOOR = 1023;
const LOG_MAGNITUDES = logMagnitudes();

/** 16 log2(2 m + 1), rounded, by m; of zero, silence. */
function logMagnitudes() {
  const logs = new Int16Array(LARGEST_FLOOR + 1);
  logs[0] = SILENT_LOG;
  for (let m = 1; m <= LARGEST_FLOOR; m++) logs[m] = ((2n * BigInt(m) + 1n) ** 32n).toString(2).length >> 1;
  return logs;
}

/** Log magnitudes of a channel, frame by frame, with a margin of silence below and above its rows. */
export class LogMagnitudes {
  /** @param {number} rows @param {number} frames */
  constructor(rows, frames) {
    this.rows = rows;
    this.height = rows + 2 * MARGIN;
    this.values = new Int16Array(this.height * frames).fill(SILENT_LOG);
  }
}

/**
 * What is known of a channel before its symbols.
 * @typedef {object} ChannelContext
 * @property {number} rows that are coded
 * @property {number} frames
 * @property {Uint8Array} bands of the rows
 * @property {number} parts of the segment
 * @property {number | null} apart see `mdctPasses`
 * @property {Uint8Array} blockSplits of the frames
 * @property {LogMagnitudes | null} paired of the first channel of the pair
 * @property {Uint8Array | null} coded which cells [rows, frames] are coded; null: all
 * @property {Uint8Array | null} scaleFactors [bands, frames]
 * @property {Uint8Array | null} noise levels [bands, groups]
 * @property {number} groupFrames frames that share a level
 * @property {string} table
 */

/** Block splits of so many frames. @param {RangeDecoder} decoder @param {number} frames */
export function decodeBlockSplits(decoder, frames) {
  const counts = new Float64Array(512).fill(16);
  for (let a = 0; a < 8; a++) for (let b = 0; b < 8; b++) counts[(8 * a + b) * 8 + a] = counts[(8 * a + b) * 8 + b] = 192;
  const table = new AdaptiveTable(counts, 8);
  const splits = new Uint8Array(frames);
  for (let d = 32; d > 1; d /= 2) {
    const first = d === 32 ? 0 : d / 2;
    const places = [];
    for (let l = first; l < frames; l += d === 32 ? 16 : d) places.push(l);
    const contexts = places.map((l) => {
      if (d === 32) return 0;
      const left = splits[l - d / 2];
      return 8 * left + (l + d / 2 < frames ? splits[l + d / 2] : left);
    });
    const found = new Uint8Array(places.length);
    table.decode(decoder, contexts, places.length, found);
    places.forEach((l, i) => (splits[l] = found[i]));
  }
  return splits;
}

/** Raises `FormatError` where a frame is cut into too many blocks. @param {Uint8Array} splits @param {number} most */
export function checkBlockSplits(splits, most) {
  if (splits.some((split) => split > most)) throw new FormatError(`coded part: a frame split more than 2^${most} times`);
}

/** Walks over the passes of a channel. */
class MdctWalk {
  /** @param {ChannelContext} channel */
  constructor(channel) {
    this.channel = channel;
    this.networks = networksOf(channel.table);
    this.logs = new LogMagnitudes(channel.rows, channel.frames);
    const { nonzero, magnitudes } = codingTable(channel.table);
    this.zeroTable = new AdaptiveTable(binaryCounts(nonzero.flat()), 2);
    this.magnitudeTable = new AdaptiveTable(magnitudes.flat(), 22);
    const cells = channel.rows * channel.frames;
    this.contexts = new Uint16Array(cells);
    this.zeroContexts = new Uint16Array(cells);
    this.symbols = new Uint8Array(cells);
    this.which = new Int32Array(40);
    this.values = new Float64Array(40);
    this.passBase = new Float64Array(PAIRS);
    this.frameBase = new Float64Array(PAIRS);
    this.bandBase = new Float64Array(PAIRS);
  }

  /** Contexts of the cells of a pass, row by row, into `contexts`. @param {MdctPass} pass */
  findContexts(pass) {
    const { channel } = this;
    const network = this.networks[pass.network];
    const own = pass.around.length;
    network.add(network.bias, this.passBase, own + 3, channel.paired ? 64 : 0);
    network.add(this.passBase, this.passBase, own + 7, pass.nearness);
    const parts = Math.min(64 * (31 - Math.clz32(channel.parts)), LARGEST_INPUT);
    network.add(this.passBase, this.passBase, own + 8, parts);
    const across = Math.ceil(Math.max(channel.frames - pass.frame0, 0) / pass.stride);
    for (let i = 0; i < across; i++) this.frameContexts(pass, pass.frame0 + i * pass.stride, i, across);
  }

  /**
   * Those of one frame, number `i` of `across` in the pass.
   * @param {MdctPass} pass @param {number} frame @param {number} i @param {number} across
   */
  frameContexts(pass, frame, i, across) {
    const { channel, logs, which, values, contexts, frameBase, bandBase } = this;
    const network = this.networks[pass.network];
    const { rows, frames, bands, scaleFactors, noise, groupFrames, paired } = channel;
    const neighbours = this.neighbourOffsets(pass, frame);
    const count = neighbours.length;
    const log = logs.values;
    const own = pass.around.length;
    network.add(this.passBase, frameBase, own + 6, 32 * channel.blockSplits[frame]);
    const groups = Math.ceil(frames / groupFrames);
    const group = Math.floor(frame / groupFrames);
    const pairedLog = paired ? paired.values : null;
    const pairedAt = paired ? frame * paired.height + MARGIN : 0;
    const pairedTop = paired ? paired.rows + MARGIN : 0;
    let band = -1;
    let factor = 0;
    let silence = -1;
    for (let row = pass.row0, at = i; row < rows; row += pass.rowStride, at += across) {
      if (bands[row] !== band) {
        band = bands[row];
        silence = -1;
        factor = scaleFactors ? 8 * scaleFactors[band * frames + frame] : 0;
        network.add(frameBase, bandBase, own + 5, 4 * band);
        const level = noise ? noise[band * groups + group] : 0;
        if (level) network.add(bandBase, bandBase, own + 4, 16 * level);
      }
      let used = 0;
      for (let n = 0; n < count; n += 2) {
        const size = log[neighbours[n] + row] - factor;
        if (size > 0) {
          values[used] = size > LARGEST_INPUT ? LARGEST_INPUT : size;
          which[used++] = neighbours[n + 1];
        }
      }
      if (pairedLog && row <= pairedTop) {
        for (let away = -1; away <= 1; away++) {
          const size = pairedLog[pairedAt + row + away] - factor;
          if (size > 0 && row + away < pairedTop) {
            values[used] = size > LARGEST_INPUT ? LARGEST_INPUT : size;
            which[used++] = (own + 1 + away) * PAIRS;
          }
        }
      }
      if (used) {
        contexts[at] = network.classes(bandBase, which, values, used);
      } else {
        if (silence < 0) silence = network.classes(bandBase, which, values, 0);
        contexts[at] = silence;
      }
    }
  }

  /**
   * Of row 0: where a neighbour's log magnitude stands, and the offset of its weights; by turns.
   * @param {MdctPass} pass @param {number} frame
   */
  neighbourOffsets({ around }, frame) {
    const { frames } = this.channel;
    const offsets = [];
    for (let n = 0; n < around.length; n++) {
      const [row, away] = around[n];
      let there = frame + away;
      if (there < 0 || there >= frames) there = frame - away;
      if (there >= 0 && there < frames) offsets.push(there * this.logs.height + MARGIN + row, n * PAIRS);
    }
    return Int32Array.from(offsets);
  }

  /** Symbols [rows, frames]. @param {RangeDecoder} decoder */
  decode(decoder) {
    const { channel, contexts, zeroContexts, symbols } = this;
    const { rows, frames, coded } = channel;
    const places = new Int32Array(rows * frames);
    const classes = new Uint8Array(rows * frames);
    let found = 0;
    for (const pass of mdctPasses(frames, channel.apart)) {
      this.findContexts(pass);
      let count = 0;
      let at = 0;
      const start = found;
      for (let row = pass.row0; row < rows; row += pass.rowStride) {
        for (let frame = pass.frame0; frame < frames; frame += pass.stride, at++) {
          if (coded && !coded[row * frames + frame]) continue;
          zeroContexts[count] = (contexts[at] & 63) + 48 * pass.stage;
          places[start + count] = row * frames + frame;
          contexts[count++] = contexts[at] >> 6;
        }
      }
      this.zeroTable.decode(decoder, zeroContexts, count, symbols);
      for (let i = 0; i < count; i++) {
        if (!symbols[i]) continue;
        places[found] = places[start + i];
        contexts[found - start] = contexts[i];
        found++;
      }
      this.magnitudeTable.decode(decoder, contexts, found - start, symbols);
      for (let i = start; i < found; i++) {
        classes[i] = symbols[i - start] + 1;
        this.reveal(places[i], CLASS_FLOORS[classes[i]]);
      }
    }
    const values = decodeExtras(decoder, classes, found);
    const q = new Int32Array(rows * frames);
    for (let i = 0; i < found; i++) q[places[i]] = values[i];
    return q;
  }

  /** @param {number} place @param {number} floor */
  reveal(place, floor) {
    const { frames, bands, scaleFactors } = this.channel;
    const row = Math.floor(place / frames);
    const frame = place - row * frames;
    const factor = scaleFactors ? 8 * scaleFactors[bands[row] * frames + frame] : 0;
    this.logs.values[frame * this.logs.height + MARGIN + row] = LOG_MAGNITUDES[Math.min(floor, LARGEST_FLOOR)] + factor;
  }
}

/**
 * Symbols int [rows, frames] of a channel, and what the paired one sees of them.
 * @param {RangeDecoder} decoder @param {ChannelContext} channel
 */
export function decodeMdctSymbols(decoder, channel) {
  const walk = new MdctWalk(channel);
  const q = walk.decode(decoder);
  return { q, logs: walk.logs };
}
