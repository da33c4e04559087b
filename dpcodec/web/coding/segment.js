/** What arrived of a segment, laid on its grid of [C, K, L], frames fastest. */

import { LimitError } from "../errors.js";

const MOST_CELLS = 2 ** 26;
const LARGEST_FLOAT = 3.4028234663852886e38;

/**
 * What is made of arrays. Raises `LimitError` where the machine has no room for them.
 * @template T @param {() => T} make @returns {T}
 */
export function allocated(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new LimitError("not enough memory");
    throw error;
  }
}

/** As float32, within what that can hold. @param {number} value */
export function single(value) {
  return Math.fround(Math.min(Math.max(value, -LARGEST_FLOAT), LARGEST_FLOAT));
}

/** A run of frames of which nothing is known yet. Raises `LimitError` where it would take too much memory. */
export class Segment {
  /**
   * @param {import("../container/header.js").Header} header @param {number} index @param {number} frames
   * @param {number} bands that have stereo angles
   */
  constructor(header, index, frames, bands) {
    const { channels, bins } = header;
    const cells = channels * bins * frames;
    if (cells > MOST_CELLS) throw new LimitError(`a segment of ${cells} coefficients takes too much memory`);
    const complex = header.transform === "stft";
    this.index = index;
    this.frames = frames;
    this.channels = channels;
    this.bins = bins;
    this.bands = bands;
    const floats = () => allocated(() => new Float32Array(cells));
    this.kept = allocated(() => new Uint8Array(cells));
    this.value = floats();
    this.imaginary = complex ? floats() : null;
    this.halfwidth = complex ? floats() : null;
    this.noise = header.perceptual ? floats() : null;
    this.blockSplits = new Uint8Array(channels * frames);
    this.angles = new Uint8Array((channels >> 1) * bands);
    this.arrived = new Uint8Array(bins * frames);
    this.told = false;
    /** @type {string[]} what is wrong with parts */
    this.problems = [];
  }
}

/**
 * The rows and frames that a part holds: first, distance, number of each.
 * @typedef {{row0: number, rowStride: number, rows: number, frame0: number, frameStride: number, frames: number}} Cells
 */
