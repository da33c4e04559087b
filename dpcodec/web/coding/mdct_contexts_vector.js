/** The contexts of an MDCT's cells by vectors of WebAssembly, where they can be had: what `PlainContexts` finds, sooner. */

import {
  BIAS_AT, FRAME_SUMS_AT, FREE_AT, HIDDEN_UNITS, OUTPUTS_AT, OUTPUT_BYTES, QUADS_AT, QUAD_BYTES, QUAD_WEIGHTS_AT, contextProgram,
} from "../wasm/context_program.js";
import { LogMagnitudes, MARGIN, SILENT_LOG, partsInput } from "./mdct_contexts.js";
import { mdctPasses } from "./mdct_passes.js";
import { codingTable } from "./tables.js";

/**
 * @typedef {import("./mdct_contexts.js").ChannelContext} ChannelContext @typedef {import("./mdct_passes.js").MdctPass} MdctPass
 * @typedef {{away: number | null, row: number, inputs: number[]}} Quad four neighbours: frames away (null: of the paired
 * channel), the row of the first, the numbers of the inputs (-1: none)
 * @typedef {{at: number, quads: Quad[], sums: Int32Array, weights: number[][], own: number}} LoadedNetwork
 */

/** Memory that the numbers of networks may take, and all together. */
const NETWORK_BYTES = 1 << 17;
const MOST_BYTES = 1 << 24;
const PAGE_BYTES = 1 << 16;

/** Whether vectors are used where they can be; tests turn them off. */
export const VECTOR_USE = { wanted: true };

/** The program and its memory, one a thread. */
class VectorEngine {
  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(contextProgram(NETWORK_BYTES / PAGE_BYTES)));
    this.run = /** @type {(...numbers: number[]) => void} */ (exports.run);
    this.memory = /** @type {WebAssembly.Memory} */ (exports.memory);
    this.free = FREE_AT;
    /** @type {Map<string, LoadedNetwork[]>} */
    this.tables = new Map();
  }

  /** Makes sure of so many bytes; whether there is room for them. @param {number} bytes */
  reserve(bytes) {
    const missing = bytes - this.memory.buffer.byteLength;
    try {
      if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
    return true;
  }

  /** The five networks of a table, in the memory. @param {string} name */
  networks(name) {
    let loaded = this.tables.get(name);
    if (!loaded) {
      const around = mdctPasses(2, 1).map((pass) => pass.around);
      loaded = codingTable(name).networks.map((/** @type {import("./tables.js").NetworkNumbers} */ numbers, /** @type {number} */ i) =>
        this.load(numbers, around[i]),
      );
      this.tables.set(name, /** @type {LoadedNetwork[]} */ (loaded));
    }
    return /** @type {LoadedNetwork[]} */ (loaded);
  }

  /** @param {import("./tables.js").NetworkNumbers} numbers @param {[number, number][]} around @returns {LoadedNetwork} */
  load({ weights, bias, outputs, output_bias: outputBias }, around) {
    const at = this.free;
    const own = around.length;
    const quads = quadsOf(around);
    const numbers = new Int16Array(this.memory.buffer);
    const writePair = (/** @type {number} */ place, /** @type {number[]} */ inputs) =>
      weights.forEach((row, j) => inputs.forEach((input, i) => (numbers[place / 2 + 2 * j + i] = input < 0 ? 0 : row[input])));
    writePair(at, [own + 4, own + 5]);
    outputs.forEach((row, o) => numbers.set(row, (at + OUTPUTS_AT + o * OUTPUT_BYTES) / 2));
    new Int32Array(this.memory.buffer).set(outputBias, (at + BIAS_AT) / 4);
    quads.forEach(({ inputs }, n) => {
      const place = at + QUAD_WEIGHTS_AT + n * QUAD_BYTES;
      writePair(place, inputs.slice(0, 2));
      writePair(place + QUAD_BYTES / 2, inputs.slice(2));
    });
    this.free = at + QUAD_WEIGHTS_AT + quads.length * QUAD_BYTES;
    return { at, quads, weights, own, sums: Int32Array.from(bias) };
  }
}

/**
 * Neighbours, four of one frame together; those of the paired channel last. Of frames that are h away, 1 stands for h.
 * @param {[number, number][]} around @returns {Quad[]}
 */
function quadsOf(around) {
  /** @type {Quad[]} */
  const quads = [];
  for (const away of new Set(around.map((neighbour) => neighbour[1]))) {
    const rows = around.filter((neighbour) => neighbour[1] === away).map((neighbour) => neighbour[0]);
    for (let row = Math.min(...rows); row <= Math.max(...rows); row += 4) {
      const inputs = [0, 1, 2, 3].map((i) => around.findIndex((one) => one[0] === row + i && one[1] === away));
      quads.push({ away, row, inputs });
    }
  }
  const own = around.length;
  return [...quads, { away: null, row: -1, inputs: [own, own + 1, own + 2, -1] }];
}

/** @type {{engine: VectorEngine | null, tried: boolean}} */
const STARTED_ENGINE = { engine: null, tried: false };

/** The thread's engine, null where there can be none: old browsers, pages that forbid programs made by programs. */
export function startedEngine() {
  if (!STARTED_ENGINE.tried) {
    STARTED_ENGINE.tried = true;
    try {
      STARTED_ENGINE.engine = new VectorEngine();
    } catch (error) {
      // no WebAssembly, forbidden (as one engine or another says it), no room
      const expected = [ReferenceError, EvalError, RangeError].some((kind) => error instanceof kind);
      if (!expected && !(error instanceof WebAssembly.CompileError)) throw error;
    }
  }
  return STARTED_ENGINE.engine;
}

/** Finds contexts of one channel; the memory is that of all, so one channel after the other. */
export class VectorContexts {
  /** @param {ChannelContext} channel @param {VectorEngine} engine */
  constructor(channel, engine) {
    const { rows, frames, paired } = channel;
    this.channel = channel;
    this.engine = engine;
    this.networks = engine.networks(channel.table);
    const height = rows + 2 * MARGIN;
    const column = 2 * height;
    this.silentAt = NETWORK_BYTES;
    this.logsAt = this.silentAt + column;
    this.pairedAt = this.logsAt + column * frames;
    this.contextsAt = this.pairedAt + (paired ? column * frames : 0);
    const { buffer } = engine.memory;
    new Int16Array(buffer, this.silentAt, (this.contextsAt - this.silentAt) / 2).fill(SILENT_LOG);
    this.logs = { rows, height, values: new Int16Array(buffer, this.logsAt, height * frames) };
    /** Those of the last pass, row by row. */
    this.contexts = new Uint16Array(buffer, this.contextsAt, rows * frames);
    this.quads = new Int32Array(buffer, QUADS_AT, (FRAME_SUMS_AT - QUADS_AT) / 4);
    this.frameSums = new Int32Array(buffer, FRAME_SUMS_AT, HIDDEN_UNITS);
    this.runs = bandRuns(channel.bands);
    if (paired) this.copyPaired(paired, height);
  }

  /** @param {LogMagnitudes} paired @param {number} height */
  copyPaired(paired, height) {
    const { buffer } = this.engine.memory;
    const some = Math.min(paired.height, height);
    for (let l = 0; l < this.channel.frames; l++) {
      const column = new Int16Array(buffer, this.pairedAt + 2 * height * l, some);
      column.set(paired.values.subarray(paired.height * l, paired.height * l + some));
    }
  }

  /** What the paired channel sees of this one. */
  finish() {
    const logs = new LogMagnitudes(this.channel.rows, this.channel.frames);
    logs.values.set(this.logs.values);
    return logs;
  }

  /** Contexts of the cells of a pass, row by row, into `contexts`. @param {MdctPass} pass */
  find(pass) {
    const { channel, frameSums } = this;
    const { weights, sums, own } = this.networks[pass.network];
    const across = Math.ceil(Math.max(channel.frames - pass.frame0, 0) / pass.stride);
    const told = [channel.paired ? 64 : 0, pass.nearness, partsInput(channel)];
    for (let i = 0; i < across; i++) {
      const frame = pass.frame0 + i * pass.stride;
      const split = 32 * channel.blockSplits[frame];
      for (let j = 0; j < HIDDEN_UNITS; j++) {
        const row = weights[j];
        frameSums[j] = sums[j] + row[own + 3] * told[0] + row[own + 6] * split + row[own + 7] * told[1] + row[own + 8] * told[2];
      }
      this.frameContexts(pass, frame, i, across);
    }
  }

  /**
   * Those of one frame, number `i` of `across` in the pass.
   * @param {MdctPass} pass @param {number} frame @param {number} i @param {number} across
   */
  frameContexts({ network, row0, rowStride, stride }, frame, i, across) {
    const { scaleFactors, noise, groupFrames, frames } = this.channel;
    const { at } = this.networks[network];
    const quadsEnd = QUADS_AT + 4 * this.layQuads(this.networks[network].quads, frame, stride / 2);
    const groups = Math.ceil(frames / groupFrames);
    const group = Math.floor(frame / groupFrames);
    for (const { band, start, end } of this.runs) {
      const number = Math.max(0, Math.ceil((start - row0) / rowStride));
      const row = row0 + number * rowStride;
      if (row >= end) continue;
      const factor = scaleFactors ? 8 * scaleFactors[band * frames + frame] : 0;
      const level = noise ? noise[band * groups + group] : 0;
      const out = this.contextsAt + 2 * (number * across + i);
      this.engine.run(2 * row, 2 * end, 2 * rowStride, factor, out, 2 * across, (16 * level) | ((4 * band) << 16), at, quadsEnd);
    }
  }

  /** Where the quads of a frame stand for row 0; how many they are. @param {Quad[]} quads @param {number} frame @param {number} h */
  layQuads(quads, frame, h) {
    const { frames, paired } = this.channel;
    const column = 2 * this.logs.height;
    let count = 0;
    for (const { away, row } of quads) {
      if (away === null && !paired) break; // those are the last
      const distance = (away ?? 0) * h;
      let there = frame + distance;
      if (there < 0 || there >= frames) there = frame - distance;
      const silent = there < 0 || there >= frames;
      const start = silent ? this.silentAt : (away === null ? this.pairedAt : this.logsAt) + there * column;
      this.quads[count++] = start + 2 * (MARGIN + row);
    }
    return count;
  }
}

/** Bytes of all that a channel needs, with room behind for the last vector. @param {ChannelContext} channel */
function memoryOf({ rows, frames, paired }) {
  const column = 2 * (rows + 2 * MARGIN);
  return NETWORK_BYTES + column * (1 + frames * (paired ? 2 : 1)) + 2 * rows * frames + 16;
}

/** Rows of one band each. @param {Uint8Array} bands of the rows */
function bandRuns(bands) {
  const runs = [];
  for (let start = 0; start < bands.length; ) {
    let end = start + 1;
    while (end < bands.length && bands[end] === bands[start]) end++;
    runs.push({ band: bands[start], start, end });
    start = end;
  }
  return runs;
}

/** What finds the contexts of a channel in vectors, null where it has to be done without. @param {ChannelContext} channel */
export function vectorContexts(channel) {
  const bytes = memoryOf(channel);
  const engine = VECTOR_USE.wanted && bytes <= MOST_BYTES ? startedEngine() : null;
  return engine?.reserve(bytes) ? new VectorContexts(channel, engine) : null;
}
