/** The inverse STFT (docs/format.md, "Transform"). */

import { FormatError } from "../errors.js";
import { fftOf } from "./fft.js";
import { toSamples } from "./synthesis.js";

const LEAST_ENERGY = 1e-3;

/**
 * The window h, scaled. Raises `FormatError` where the transform cannot be inverted.
 * @param {string} window @param {number} nFft @param {number} hop
 */
export function stftWindow(window, nFft, hop) {
  const w = new Float64Array(nFft);
  for (let n = 0; n < nFft; n++) {
    w[n] = window === "hann" ? 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / nFft) : Math.sin((Math.PI * (n + 0.5)) / nFft);
  }
  const energy = new Float64Array(hop);
  let sum = 0;
  for (let n = 0; n < nFft; n++) {
    energy[n % hop] += w[n] ** 2;
    sum += w[n] ** 2;
  }
  if (energy.reduce((a, b) => Math.min(a, b)) < LEAST_ENERGY * energy.reduce((a, b) => Math.max(a, b))) {
    throw new FormatError(`invalid field hop ${hop}: too large for a window of ${nFft}`);
  }
  const scale = Math.sqrt(hop / (nFft * sum));
  return w.map((value) => value * scale);
}

/** Takes frames, from `firstFrame` of the file on, and gives samples. */
export class StftSynthesis {
  /** @param {import("../container/header.js").Header} header @param {number} firstFrame */
  constructor(header, firstFrame) {
    const { nFft, hop, channels } = header;
    this.nFft = nFft;
    this.hop = hop;
    this.window = stftWindow(header.window, nFft, hop);
    this.overlap = Array.from({ length: channels }, () => new Float64Array(nFft));
    this.squares = new Float64Array(nFft);
    this.position = firstFrame * hop - nFft / 2;
    /** The first sample that comes out. */
    this.start = firstFrame === 0 ? 0 : firstFrame * hop + nFft / 2;
    this.re = new Float64Array(nFft);
    this.im = new Float64Array(nFft);
  }

  /** Finished samples of each channel. @param {import("./synthesis.js").FrameRun} run @returns {Float32Array[]} */
  push({ frames, value, imaginary }) {
    const { hop, overlap } = this;
    const out = overlap.map(() => new Float64Array(frames * hop));
    for (let l = 0; l < frames; l++) {
      for (let c = 0; c < overlap.length; c += 2) {
        this.frame(value, /** @type {Float32Array} */ (imaginary), frames, l, c);
      }
      for (let n = 0; n < this.nFft; n++) this.squares[n] += this.window[n] ** 2;
      this.shift(out, l * hop);
    }
    return this.emit(out);
  }

  /**
   * Channels c and c + 1 of a frame, in one transform.
   * @param {Float32Array} re @param {Float32Array} im @param {number} frames @param {number} l @param {number} c
   */
  frame(re, im, frames, l, c) {
    const { nFft, window, overlap } = this;
    const bins = nFft / 2 + 1;
    const second = c + 1 < overlap.length ? bins * frames : 0;
    // the inverse as a transform of conjugates; the second channel rides on the imaginary axis
    for (let k = 0, at = c * bins * frames + l; k < bins; k++, at += frames) {
      const ends = k === 0 || k === nFft / 2;
      const r = re[at];
      const m = ends ? 0 : im[at];
      const r2 = second ? re[at + second] : 0;
      const m2 = second && !ends ? im[at + second] : 0;
      this.re[k] = r - m2;
      this.im[k] = -(m + r2);
      if (!ends) {
        this.re[nFft - k] = r + m2;
        this.im[nFft - k] = m - r2;
      }
    }
    fftOf(nFft).transform(this.re, this.im);
    const one = overlap[c];
    for (let n = 0; n < nFft; n++) one[n] += (window[n] * this.re[n]) / nFft;
    if (!second) return;
    const other = overlap[c + 1];
    for (let n = 0; n < nFft; n++) other[n] -= (window[n] * this.im[n]) / nFft;
  }

  /** Moves a hop of samples out. @param {Float64Array[]} out @param {number} at */
  shift(out, at) {
    const { hop, squares, nFft } = this;
    this.overlap.forEach((held, c) => {
      for (let n = 0; n < hop; n++) out[c][at + n] = held[n] / (squares[n] > 0 ? squares[n] : 1);
      held.copyWithin(0, hop);
      held.fill(0, nFft - hop);
    });
    squares.copyWithin(0, hop);
    squares.fill(0, nFft - hop);
  }

  /** @param {Float64Array[]} out */
  emit(out) {
    const skip = Math.min(Math.max(this.start - this.position, 0), out[0].length);
    this.position += out[0].length;
    return out.map((samples) => {
      const done = new Float32Array(samples.length - skip);
      toSamples(samples, skip, done);
      return done;
    });
  }

  /** What is left of a signal of so many samples. @param {number} samples @returns {Float32Array[]} */
  finish(samples) {
    const out = this.overlap.map((held) => held.map((value, n) => value / (this.squares[n] > 0 ? this.squares[n] : 1)));
    const rest = this.emit(out);
    const beyond = Math.max(0, this.position - samples);
    return rest.map((done) => done.subarray(0, Math.max(0, done.length - beyond)));
  }
}
