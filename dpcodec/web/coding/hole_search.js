/**
 * Lost coefficients of an MDCT, estimated from those that arrived by what a longer window sees (docs/method.md, "Lost packets"):
 * of all that they may be, the ones that make the window's coefficients few. Reweighted least squares as Python's, with one
 * window in place of four, and an eighth of the work.
 */

import { MdctRun } from "../transform/mdct_run.js";
import { SineStft } from "../transform/sine_stft.js";

/** Changes of the weights, and steps of conjugate gradients after each. */
const ROUNDS = 4;
const STEPS = 3;
/** e, relative to the largest power, in the first round and the last. */
const FIRST_E = 1e-2;
const LAST_E = 1e-5;
/** Notes stay about so long. */
const LONGEST_SECONDS = 0.37;
const LONGEST_WINDOW = 65536;
const TINY = 1e-30;

/** Length of the window: four times the MDCT's, or twice; 0 where that is too long. @param {number} nFft @param {number} sampleRate */
export function searchWindow(nFft, sampleRate) {
  const fits = (/** @type {number} */ size) => size <= LONGEST_WINDOW;
  if (fits(4 * nFft) && 2.8 * nFft < LONGEST_SECONDS * sampleRate) return 4 * nFft;
  return fits(2 * nFft) ? 2 * nFft : 0;
}

/**
 * The lost cells of one channel, [L, K], zero elsewhere, in steps of some milliseconds.
 * @param {Float64Array} known [L, K], what arrived, zero where lost @param {Uint8Array} lost [L, K] @param {Uint8Array} splits [L]
 * @param {string} window of the MDCT @param {number} size of the longer window
 * @returns {Generator<undefined, Float64Array, undefined>}
 */
export function* estimateLost(known, lost, splits, window, size) {
  const run = new MdctRun(window, known.length / splits.length, splits);
  const search = new Search(run, new SineStft(size, run.samples), known, lost);
  for (let round = 0; round < ROUNDS; round++) {
    search.weigh(FIRST_E * (LAST_E / FIRST_E) ** (round / (ROUNDS - 1)));
    yield;
    yield* search.descend();
  }
  return search.z;
}

/** The nearest whole number, of two the even one. @param {number} place */
function nearest(place) {
  const above = Math.round(place);
  return above - place === 0.5 && above % 2 ? above - 1 : above;
}

/** What one channel's search holds. */
class Search {
  /** @param {MdctRun} run @param {SineStft} stft @param {Float64Array} known @param {Uint8Array} lost */
  constructor(run, stft, known, lost) {
    this.run = run;
    this.stft = stft;
    this.lost = lost;
    this.base = new Float64Array(run.samples);
    run.adjoint(known, this.base);
    this.z = new Float64Array(known.length);
    this.r = new Float64Array(known.length);
    this.d = new Float64Array(known.length);
    this.Hd = new Float64Array(known.length);
    this.weights = new Float64Array(stft.frames * stft.bins);
    this.diagonal = new Float64Array(known.length);
    this.x = new Float64Array(run.samples);
    this.total = new Float64Array(run.samples);
  }

  /** The weights e / (|S x|^2 + e) of the signal as it is estimated, with e relative to the largest power. @param {number} e */
  weigh(e) {
    const { run, stft, x, base, weights } = this;
    run.adjoint(this.z, x);
    for (let n = 0; n < x.length; n++) x[n] += base[n];
    stft.powers(x, weights);
    let most = 0;
    for (let at = 0; at < weights.length; at++) if (weights[at] > most) most = weights[at];
    const floor = Math.max(e * most, TINY);
    for (let at = 0; at < weights.length; at++) weights[at] = floor / (weights[at] + floor);
    this.findDiagonal();
  }

  /** About what the weights come to at each cell: the mean of those around it. */
  findDiagonal() {
    const { stft, weights, diagonal } = this;
    const { hop, splits } = this.run;
    const rows = stft.size / (2 * hop);
    for (let l = 0; l < splits.length; l++) {
      const frame = Math.min(nearest(((l + 1) * hop) / stft.hop), stft.frames - 1);
      for (let k = 0, row = frame * stft.bins; k < hop; k++) {
        let sum = 0;
        for (let n = 0; n < rows; n++) sum += weights[row++];
        diagonal[l * hop + k] = sum / rows;
      }
    }
  }

  /** T S* W S x on the lost cells. @param {Float64Array} x @param {Float64Array} out */
  slope(x, out) {
    const { lost, total } = this;
    this.stft.weighted(x, this.weights, total);
    this.run.forward(total, out);
    for (let at = 0; at < out.length; at++) if (!lost[at]) out[at] = 0;
  }

  /** Steps of conjugate gradients on the quadratic of these weights, from the signal that they were made of. */
  *descend() {
    const { z, r, d, Hd, x, diagonal } = this;
    this.slope(x, r);
    let ru = 0;
    for (let at = 0; at < r.length; at++) {
      r[at] = -r[at];
      d[at] = r[at] / diagonal[at];
      ru += r[at] * d[at];
    }
    for (let step = 0; step < STEPS; step++) {
      this.run.adjoint(d, x);
      this.slope(x, Hd);
      yield;
      let curvature = 0;
      for (let at = 0; at < d.length; at++) curvature += d[at] * Hd[at];
      if (!(curvature > 0 && ru > 0)) return;
      const length = ru / curvature;
      const before = ru;
      ru = 0;
      for (let at = 0; at < d.length; at++) {
        z[at] += length * d[at];
        r[at] -= length * Hd[at];
        ru += r[at] ** 2 / diagonal[at];
      }
      for (let at = 0; at < d.length; at++) d[at] = r[at] / diagonal[at] + (ru / before) * d[at];
    }
  }
}
