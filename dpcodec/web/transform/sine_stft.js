/**
 * An STFT with a sine window and frames half a window apart, of samples that are all there: as much energy in its
 * coefficients as in the samples. Two frames go through each complex transform.
 */

import { fftOf } from "./fft.js";

export class SineStft {
  /** @param {number} size of the window @param {number} samples */
  constructor(size, samples) {
    this.size = size;
    this.hop = size / 2;
    this.samples = samples;
    this.frames = Math.ceil(samples / this.hop) + 1;
    this.bins = size / 2 + 1;
    this.window = Float64Array.from({ length: size }, (_, n) => Math.sin((Math.PI * (n + 0.5)) / size) / Math.sqrt(size));
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    /** The samples with silence around them, half a window before. */
    this.padded = new Float64Array((this.frames + 2) * this.hop);
    this.sum = new Float64Array(this.padded.length);
  }

  /** Frames l and l + 1 of what is padded, transformed together. @param {number} l */
  analyse(l) {
    const { re, im, window, hop, padded } = this;
    for (let n = 0, at = l * hop; n < this.size; n++, at++) {
      re[n] = window[n] * padded[at];
      im[n] = window[n] * padded[at + hop];
    }
    fftOf(this.size).transform(re, im);
  }

  /** Squared magnitudes of all coefficients, [frames, bins]. @param {Float64Array} x @param {Float64Array} out */
  powers(x, out) {
    const { re, im, size, bins, frames } = this;
    this.padded.set(x, this.hop);
    for (let l = 0; l < frames; l += 2) {
      this.analyse(l);
      const own = l * bins;
      const next = l + 1 < frames ? own + bins : -1;
      for (let k = 0; k < bins; k++) {
        const j = k ? size - k : 0;
        out[own + k] = ((re[k] + re[j]) ** 2 + (im[k] - im[j]) ** 2) / 4;
        if (next >= 0) out[next + k] = ((re[k] - re[j]) ** 2 + (im[k] + im[j]) ** 2) / 4;
      }
    }
  }

  /**
   * S* W S x, with W [frames, bins] of the coefficients.
   * @param {Float64Array} x @param {Float64Array} weights @param {Float64Array} out
   */
  weighted(x, weights, out) {
    const { re, im, size, bins, frames, hop, window, sum } = this;
    this.padded.set(x, hop);
    sum.fill(0);
    for (let l = 0; l < frames; l += 2) {
      this.analyse(l);
      this.weigh(weights, l * bins, l + 1 < frames ? (l + 1) * bins : l * bins);
      fftOf(size).transform(im, re); // real and imaginary part exchanged: the inverse
      for (let n = 0, at = l * hop; n < size; n++, at++) {
        sum[at] += window[n] * re[n];
        sum[at + hop] += window[n] * im[n];
      }
    }
    out.set(sum.subarray(hop, hop + this.samples));
  }

  /**
   * Two frames' coefficients times their weights, which begin at `own` and `next`.
   * @param {Float64Array} weights @param {number} own @param {number} next
   */
  weigh(weights, own, next) {
    const { re, im, size, bins } = this;
    for (let k = 0; k < bins; k++) {
      const j = k ? size - k : 0;
      const mean = (weights[own + k] + weights[next + k]) / 2;
      const apart = (weights[own + k] - weights[next + k]) / 2;
      const rk = re[k];
      const ik = im[k];
      const rj = re[j];
      const ij = im[j];
      re[k] = mean * rk + apart * rj;
      im[k] = mean * ik - apart * ij;
      re[j] = mean * rj + apart * rk;
      im[j] = mean * ij - apart * ik;
    }
  }
}
