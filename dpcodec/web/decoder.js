/** Decoding: packets of segments in, samples out (docs/format.md, "Decoding"). */

import { Concealer } from "./coding/concealment.js";
import { fillNoise, rotateBack } from "./coding/noise.js";
import { PartReader } from "./coding/part_reader.js";
import { allocated } from "./coding/segment.js";
import { frameCount } from "./container/header.js";
import { Reader } from "./container/reader.js";
import { LimitError } from "./errors.js";
import { MdctSynthesis } from "./transform/mdct.js";
import { StftSynthesis, stftWindow } from "./transform/stft.js";

const MOST_SAMPLES = 2 ** 29;

/**
 * @typedef {import("./container/header.js").Header} Header @typedef {import("./container/reader.js").SegmentData} SegmentData
 */

/** Turns segments, in order from `first` on, into samples. Raises `FormatError` for a transform that there is not. */
export class SegmentDecoder {
  /** @param {Header} header @param {{noise?: boolean, first?: number, hurry?: boolean}} [options] `hurry`: somebody listens */
  constructor(header, { noise = true, first = 0, hurry = false } = {}) {
    this.header = header;
    this.noise = noise;
    this.parts = new PartReader(header);
    if (header.transform === "stft") stftWindow(header.window, header.nFft, header.hop);
    const frame = first * header.segmentFrames;
    this.synthesis = header.transform === "mdct" ? new MdctSynthesis(header, frame) : new StftSynthesis(header, frame);
    this.concealer = noise ? new Concealer(header, hurry) : null;
    /** The next sample that comes out. */
    this.position = this.synthesis.start;
    /** Frames up to the last that came. */
    this.frames = frame;
    /** @type {string[]} */
    this.problems = [];
  }

  /**
   * Finished samples of each channel.
   * @param {SegmentData} data @param {number | null} frames L, null where its parts tell it
   */
  push(data, frames) {
    return lastOf(this.steps(data, frames));
  }

  /**
   * The same in steps of some milliseconds; what was begun may be given up, with the decoder.
   * @param {SegmentData} data @param {number | null} frames @returns {Generator<undefined, Float32Array[], undefined>}
   */
  *steps(data, frames) {
    const segment = yield* this.parts.read(data, frames);
    this.problems.push(...segment.problems);
    this.frames = data.index * this.header.segmentFrames + segment.frames;
    this.rebuild(segment);
    return this.give(this.concealer ? yield* this.concealer.push(segment) : [segment]);
  }

  /** In place, coefficients of the signal's own channels. @param {import("./coding/segment.js").Segment} segment */
  rebuild(segment) {
    if (segment.noise && this.noise) fillNoise(segment.value, segment.noise, segment.index, segment);
    if (segment.noise) rotateBack(segment.value, segment.angles, this.parts.bands, segment);
  }

  /** What is left; N is that of the header, or where nothing tells it, up to the last frame. */
  finish() {
    return lastOf(this.lastSteps());
  }

  /** The same in steps. @returns {Generator<undefined, Float32Array[], undefined>} */
  *lastSteps() {
    const held = this.give(this.concealer ? yield* this.concealer.flush() : []);
    const samples = this.header.samples ?? Math.max(0, this.frames - 1) * this.header.hop;
    const rest = this.cut(this.synthesis.finish(samples, this.position));
    return held.map((block, c) => joined([block, rest[c]], block.length + rest[c].length));
  }

  /** @param {import("./coding/segment.js").Segment[]} segments */
  give(segments) {
    const runs = segments.map((segment) => this.cut(this.synthesis.push(segment)));
    return Array.from({ length: this.header.channels }, (_, c) => {
      const length = runs.reduce((sum, run) => sum + run[c].length, 0);
      return runs.length === 1 ? runs[0][c] : joined(runs.map((run) => run[c]), length);
    });
  }

  /** Without what lies behind the end. @param {Float32Array[]} blocks */
  cut(blocks) {
    const end = this.header.samples ?? Infinity;
    const length = Math.max(0, Math.min(blocks[0].length, end - this.position));
    this.position += length;
    return blocks.map((block) => block.subarray(0, length));
  }
}

/** What a generator returns. @template T @param {Generator<undefined, T, undefined>} steps @returns {T} */
export function lastOf(steps) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Decodes a file that is all there.
 * @param {Uint8Array} bytes @param {{noise?: boolean}} [options]
 * @returns {{sampleRate: number, channels: Float32Array[], damaged: boolean, damage: string[], reader: Reader}}
 */
export function decode(bytes, options = {}) {
  const reader = new Reader(bytes);
  const { header } = reader;
  const decoder = new SegmentDecoder(header, options);
  const claimed = header.samples ?? reader.segments * header.segmentFrames * header.hop;
  if (claimed * header.channels > MOST_SAMPLES) throw new LimitError(`${claimed} samples take too much memory`);
  /** @type {Float32Array[][]} */
  const blocks = [];
  for (const data of reader.all()) {
    const frames = reader.framesOf(data.index);
    if (frames === null || frames > 0) blocks.push(decoder.push(data, frames));
  }
  blocks.push(decoder.finish());
  const samples = header.samples ?? decoder.position;
  const channels = Array.from({ length: header.channels }, (_, c) => joined(blocks.map((block) => block[c]), samples));
  const damage = [...reader.log.entries.map((entry) => entry.what), ...decoder.problems];
  return { sampleRate: header.sampleRate, channels, damaged: damage.length > 0 || !reader.hashPassed, damage, reader };
}

/** Blocks one after the other, the first `samples` of them. @param {Float32Array[]} blocks @param {number} samples */
function joined(blocks, samples) {
  const out = allocated(() => new Float32Array(samples));
  let at = 0;
  for (const block of blocks) {
    out.set(block.subarray(0, Math.max(0, samples - at)), Math.min(at, samples));
    at += block.length;
  }
  return out;
}

/** Length in seconds, null while it is not known. @param {Header} header */
export function durationOf(header) {
  return header.samples === null ? null : header.samples / header.sampleRate;
}

/**
 * The segment whose frames give sample `sample`, with all that comes before it and is needed.
 * @param {Header} header @param {number} sample
 */
export function segmentBefore(header, sample) {
  const reach = header.transform === "mdct" ? 0 : header.nFft / 2;
  const frame = Math.max(0, Math.floor((sample - reach) / header.hop));
  const last = header.samples === null ? frame : Math.max(0, frameCount(header, header.samples) - 1);
  return Math.floor(Math.min(frame, last) / header.segmentFrames);
}
