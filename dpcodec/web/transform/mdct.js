/** The inverse MDCT with block switching (docs/format.md, "MDCT"). */

import { fftOf } from "./fft.js";
import { toSamples } from "./synthesis.js";

/** @type {Map<string, Float64Array>} */
const MADE_SLOPES = new Map();
/** @type {Map<number, DctFour>} */
const MADE_DCTS = new Map();

/** The modified Bessel function of order 0. @param {number} x */
function besselI0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** The rising slope of an overlap. @param {string} window @param {number} overlap */
export function slopeOf(window, overlap) {
  const key = `${window} ${overlap}`;
  let slope = MADE_SLOPES.get(key);
  if (!slope) {
    slope = new Float64Array(overlap);
    if (window === "sine") {
      for (let n = 0; n < overlap; n++) slope[n] = Math.sin(((Math.PI / 2) * (n + 0.5)) / overlap);
    } else {
      const w = Float64Array.from({ length: overlap + 1 }, (_, m) =>
        besselI0(2 * Math.PI * Math.sqrt(Math.max(0, 1 - ((2 * m) / overlap - 1) ** 2))),
      );
      const total = w.reduce((a, b) => a + b);
      let sum = 0;
      for (let n = 0; n < overlap; n++) slope[n] = Math.sqrt((sum += w[n]) / total);
    }
    MADE_SLOPES.set(key, slope);
  }
  return slope;
}

/** sqrt(2 / B) sum_j y_j cos(pi / B (t + 1/2)(j + 1/2)), by a complex transform of half the size. */
class DctFour {
  /** @param {number} size */
  constructor(size) {
    this.size = size;
    const half = size / 2;
    this.fft = fftOf(half);
    this.re = new Float64Array(half);
    this.im = new Float64Array(half);
    this.cosines = new Float64Array(half);
    this.sines = new Float64Array(half);
    for (let n = 0; n < half; n++) {
      const turn = (Math.PI * (8 * n + 1)) / (8 * size);
      this.cosines[n] = Math.cos(turn);
      this.sines[n] = -Math.sin(turn);
    }
    this.scale = Math.sqrt(2 / size);
  }

  /** In place. @param {Float64Array} y */
  transform(y) {
    const { size, re, im, cosines, sines, scale } = this;
    const half = size / 2;
    for (let n = 0; n < half; n++) {
      const a = y[2 * n] * scale;
      const b = y[size - 1 - 2 * n] * scale;
      re[n] = a * cosines[n] - b * sines[n];
      im[n] = a * sines[n] + b * cosines[n];
    }
    this.fft.transform(re, im);
    for (let n = 0; n < half; n++) {
      y[2 * n] = re[n] * cosines[n] - im[n] * sines[n];
      y[size - 1 - 2 * n] = -(re[n] * sines[n] + im[n] * cosines[n]);
    }
  }
}

/** @param {number} size @returns {DctFour} */
export function dctOf(size) {
  let dct = MADE_DCTS.get(size);
  if (!dct) {
    dct = new DctFour(size);
    MADE_DCTS.set(size, dct);
  }
  return dct;
}

/** One channel: adds frames up, from a frame on. */
class MdctChannel {
  /** @param {number} hop @param {string} window */
  constructor(hop, window) {
    this.hop = hop;
    this.window = window;
    this.before = 0;
    /** Samples from a frame's centre less hop to its centre plus hop. */
    this.held = new Float64Array(2 * hop);
    this.blocks = Array.from({ length: 8 }, (_, split) => new Float64Array(hop >> split));
  }

  /**
   * Adds a frame; its samples up to the centre are then final.
   * @param {Float32Array} value @param {number} at of row 0 @param {number} stride @param {number} split
   * @param {number} after
   */
  add(value, at, stride, split, after) {
    const { hop } = this;
    const size = hop >> split;
    const count = 1 << split;
    const y = this.blocks[split];
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < size; j++) y[j] = value[at + (j * count + i) * stride];
      dctOf(size).transform(y);
      const left = i ? size : Math.min(size, hop >> this.before);
      const right = i + 1 < count ? size : Math.min(size, hop >> after);
      this.addBlock(y, hop / 2 + i * size, left, right);
    }
    this.before = split;
  }

  /** @param {Float64Array} y @param {number} a @param {number} p @param {number} q */
  addBlock(y, a, p, q) {
    const { held, window } = this;
    const size = y.length;
    const rise = slopeOf(window, p);
    const fall = slopeOf(window, q);
    for (let t = 0; t < p / 2; t++) {
      held[a - 1 - t] += rise[p / 2 - 1 - t] * y[t];
      held[a + t] += rise[p / 2 + t] * y[t];
    }
    for (let t = p / 2; t < size - q / 2; t++) held[a + t] += y[t];
    for (let t = 0; t < q / 2; t++) {
      held[a + size - 1 - t] += fall[q / 2 + t] * y[size - 1 - t];
      held[a + size + t] -= fall[q / 2 - 1 - t] * y[size - 1 - t];
    }
  }

  /**
   * Writes the samples before the centre of the frame that was added last, unless `at` < 0; where they end.
   * @param {Float32Array} out @param {number} at
   */
  shift(out, at) {
    const { hop, held } = this;
    if (at >= 0) toSamples(held, 0, out.subarray(at, at + hop));
    held.copyWithin(0, hop);
    held.fill(0, hop);
    return at + hop;
  }
}

/** Takes frames, from `firstFrame` of the file on, and gives samples. */
export class MdctSynthesis {
  /** @param {import("../container/header.js").Header} header @param {number} firstFrame */
  constructor(header, firstFrame) {
    this.hop = header.hop;
    this.channels = Array.from({ length: header.channels }, () => new MdctChannel(header.hop, header.window));
    /** The first sample that comes out. */
    this.start = firstFrame * header.hop;
    this.first = true;
    /**
     * The last frame of the run before, which waits for the block split of the next.
     * @type {{value: Float32Array, splits: Uint8Array} | null}
     */
    this.waiting = null;
  }

  /** Finished samples of each channel. @param {import("./synthesis.js").FrameRun} run @returns {Float32Array[]} */
  push({ frames, value, blockSplits }) {
    if (!frames) return this.channels.map(() => new Float32Array(0));
    const { hop } = this;
    const added = frames - 1 + (this.waiting ? 1 : 0);
    const first = this.first && added > 0; // what comes before the centre of the first frame is not known
    const out = this.channels.map(() => new Float32Array((added - (first ? 1 : 0)) * hop));
    this.channels.forEach((channel, c) => {
      let at = first ? -hop : 0;
      if (this.waiting) {
        channel.add(this.waiting.value, c * hop, 1, this.waiting.splits[c], blockSplits[c * frames]);
        at = channel.shift(out[c], at);
      }
      for (let l = 0; l + 1 < frames; l++) {
        const split = c * frames + l;
        channel.add(value, c * hop * frames + l, frames, blockSplits[split], blockSplits[split + 1]);
        at = channel.shift(out[c], at);
      }
    });
    if (first) this.first = false;
    this.waiting = lastFrame(value, blockSplits, frames, hop, this.channels.length);
    return out;
  }

  /**
   * What is left of a signal: the samples before its last frame's centre, of so many at most.
   * @param {number} samples @param {number} given
   */
  finish(samples, given) {
    const { hop, waiting } = this;
    if (!waiting || this.first) return this.channels.map(() => new Float32Array(0));
    return this.channels.map((channel, c) => {
      const out = new Float32Array(hop);
      channel.add(waiting.value, c * hop, 1, waiting.splits[c], 0);
      channel.shift(out, 0);
      return out.subarray(0, Math.max(0, Math.min(hop, samples - given)));
    });
  }
}

/**
 * @param {Float32Array} value @param {Uint8Array} splits @param {number} frames @param {number} bins
 * @param {number} channels
 */
function lastFrame(value, splits, frames, bins, channels) {
  const own = new Float32Array(channels * bins);
  for (let i = 0; i < own.length; i++) own[i] = value[i * frames + frames - 1];
  return { value: own, splits: Uint8Array.from({ length: channels }, (_, c) => splits[c * frames + frames - 1]) };
}
