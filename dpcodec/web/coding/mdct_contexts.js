/** The contexts of an MDCT's cells (docs/format.md, "Payload of mode 3"): what the networks see, and what they say. */

import { PAIRS, networksOf } from "./context_network.js";

/** @typedef {import("./mdct_passes.js").MdctPass} MdctPass */

/** Rows of silence below and above a channel's. */
export const MARGIN = 3;
export const SILENT_LOG = -16384;
const LARGEST_INPUT = 255;

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

/** What a pass tells the networks, beside its neighbours. @param {ChannelContext} channel */
export function partsInput({ parts }) {
  return Math.min(64 * (31 - Math.clz32(parts)), LARGEST_INPUT);
}

/** Finds contexts in plain numbers. */
export class PlainContexts {
  /** @param {ChannelContext} channel */
  constructor(channel) {
    this.channel = channel;
    this.networks = networksOf(channel.table);
    this.logs = new LogMagnitudes(channel.rows, channel.frames);
    /** Those of the last pass, row by row. */
    this.contexts = new Uint16Array(channel.rows * channel.frames);
    this.which = new Int32Array(40);
    this.values = new Float64Array(40);
    this.passBase = new Float64Array(PAIRS);
    this.frameBase = new Float64Array(PAIRS);
    this.bandBase = new Float64Array(PAIRS);
  }

  /** What the paired channel sees of this one. */
  finish() {
    return this.logs;
  }

  /** Contexts of the cells of a pass, row by row, into `contexts`. @param {MdctPass} pass */
  find(pass) {
    const { channel } = this;
    const network = this.networks[pass.network];
    const own = pass.around.length;
    network.add(network.bias, this.passBase, own + 3, channel.paired ? 64 : 0);
    network.add(this.passBase, this.passBase, own + 7, pass.nearness);
    network.add(this.passBase, this.passBase, own + 8, partsInput(channel));
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
}
