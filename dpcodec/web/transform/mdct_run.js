/** The MDCT of a run of frames of one channel, both ways, in double precision: docs/format.md, "MDCT". */

import { dctOf, slopeOf } from "./mdct.js";

/** Frames lie one after the other, a frame's coefficients by frequency: [L, K]. Its samples are K more than L K. */
export class MdctRun {
  /** @param {string} window @param {number} hop K @param {Uint8Array} splits of the frames [L] */
  constructor(window, hop, splits) {
    this.hop = hop;
    this.splits = splits;
    this.samples = (splits.length + 1) * hop;
    /** Where blocks meet: the first sample after it, and the slope. @type {{place: number, slope: Float64Array}[]} */
    this.boundaries = [];
    for (let l = 0; l <= splits.length; l++) {
      const [before, after] = [splits[Math.max(l - 1, 0)], splits[Math.min(l, splits.length - 1)]];
      this.meet(hop / 2 + l * hop, window, Math.max(before, after));
      if (l === splits.length) break;
      for (let block = 1; block < 1 << after; block++) this.meet(hop / 2 + l * hop + block * (hop >> after), window, after);
    }
  }

  /** @param {number} place @param {string} window @param {number} split */
  meet(place, window, split) {
    this.boundaries.push({ place, slope: slopeOf(window, this.hop >> split) });
  }

  /** Rotates pairs of samples around every boundary, in place. @param {Float64Array} x @param {number} sign */
  rotate(x, sign) {
    for (const { place, slope } of this.boundaries) {
      const half = slope.length / 2;
      for (let i = 0; i < half; i++) {
        const near = slope[half + i];
        const far = sign * slope[half - 1 - i];
        const right = x[place + i];
        const left = x[place - 1 - i];
        x[place + i] = near * right + far * left;
        x[place - 1 - i] = near * left - far * right;
      }
    }
  }

  /** Calls for every block: its samples in x, where its first coefficient is, and their distance. @param {Float64Array} x */
  *blocks(x) {
    for (let l = 0; l < this.splits.length; l++) {
      const count = 1 << this.splits[l];
      const size = this.hop / count;
      for (let i = 0; i < count; i++) {
        const start = this.hop / 2 + l * this.hop + i * size;
        yield { block: x.subarray(start, start + size), at: l * this.hop + i, stride: count };
      }
    }
  }

  /** Coefficients [L, K] of samples, which are spent. @param {Float64Array} x @param {Float64Array} X */
  forward(x, X) {
    this.rotate(x, 1);
    for (const { block, at, stride } of this.blocks(x)) {
      dctOf(block.length).transform(block);
      for (let j = 0; j < block.length; j++) X[at + j * stride] = block[j];
    }
  }

  /** The samples of coefficients [L, K]; what their ends cut off counts as silence. @param {Float64Array} X @param {Float64Array} x */
  adjoint(X, x) {
    x.fill(0);
    for (const { block, at, stride } of this.blocks(x)) {
      for (let j = 0; j < block.length; j++) block[j] = X[at + j * stride];
      dctOf(block.length).transform(block);
    }
    this.rotate(x, -1);
  }
}
