/** Symbols of an MDCT's channel, and its block splits (docs/format.md, "Payload of mode 3"). */

import { FormatError } from "../errors.js";
import { AdaptiveTable, binaryCounts } from "./adaptive_table.js";
import { CLASS_FLOORS, decodeExtras } from "./magnitudes.js";
import { MARGIN, PlainContexts, SILENT_LOG } from "./mdct_contexts.js";
import { vectorContexts } from "./mdct_contexts_vector.js";
import { mdctPasses } from "./mdct_passes.js";
import { codingTable } from "./tables.js";

/**
 * @typedef {import("./range_decoder.js").RangeDecoder} RangeDecoder @typedef {import("./mdct_contexts.js").ChannelContext} ChannelContext
 */

const LARGEST_FLOOR = 1023;
const LOG_MAGNITUDES = logMagnitudes();

/** 16 log2(2 m + 1), rounded, by m; of zero, silence. */
function logMagnitudes() {
  const logs = new Int16Array(LARGEST_FLOOR + 1);
  logs[0] = SILENT_LOG;
  for (let m = 1; m <= LARGEST_FLOOR; m++) logs[m] = ((2n * BigInt(m) + 1n) ** 32n).toString(2).length >> 1;
  return logs;
}

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
    this.finder = vectorContexts(channel) ?? new PlainContexts(channel);
    this.logs = this.finder.logs;
    const { nonzero, magnitudes } = codingTable(channel.table);
    this.zeroTable = new AdaptiveTable(binaryCounts(nonzero.flat()), 2);
    this.magnitudeTable = new AdaptiveTable(magnitudes.flat(), 22);
    const cells = channel.rows * channel.frames;
    this.zeroContexts = new Uint16Array(cells);
    this.symbols = new Uint8Array(cells);
  }

  /** Symbols [rows, frames]. @param {RangeDecoder} decoder */
  decode(decoder) {
    const { channel, zeroContexts, symbols } = this;
    const { contexts } = this.finder;
    const { rows, frames, coded } = channel;
    const places = new Int32Array(rows * frames);
    const classes = new Uint8Array(rows * frames);
    let found = 0;
    for (const pass of mdctPasses(frames, channel.apart)) {
      this.finder.find(pass);
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
    const row = (place / frames) | 0;
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
  return { q, logs: walk.finder.finish() };
}
