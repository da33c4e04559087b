/** Networks of integers that choose contexts (docs/format.md, "Networks"). */

import { codingTable } from "./tables.js";

/** Hidden units, two by two. */
export const PAIRS = 24;
const UPPER = 2 ** 26;
const LARGEST_HIDDEN = 127;
const ZERO_CLASSES = 48;
const MAGNITUDE_CONTEXTS = 24;
/** @type {Map<string, ContextNetwork[]>} */
const MADE_NETWORKS = new Map();

/**
 * One network; inputs are added one by one to the sums of its hidden units. No sum passes 2^24, so a number holds two of
 * them exactly: unit 2 j, and unit 2 j + 1 times 2^26. The two outputs are held the same way.
 */
export class ContextNetwork {
  /** @param {import("./tables.js").NetworkNumbers} numbers */
  constructor({ weights, bias, outputs, output_bias: outputBias }) {
    const inputs = weights[0].length;
    this.inputs = inputs;
    /** Of each input, its weights to all hidden units; a row of zeros at the end. */
    this.weights = new Float64Array((inputs + 1) * PAIRS);
    this.bias = new Float64Array(PAIRS);
    for (let j = 0; j < PAIRS; j++) {
      for (let i = 0; i < inputs; i++) {
        this.weights[i * PAIRS + j] = weights[2 * j][i] + weights[2 * j + 1][i] * UPPER;
      }
      this.bias[j] = bias[2 * j] + bias[2 * j + 1] * UPPER;
    }
    this.outputs = Float64Array.from(outputs[0], (weight, j) => weight + outputs[1][j] * UPPER);
    this.outputBias = outputBias[0] + outputBias[1] * UPPER;
    this.sums = new Float64Array(PAIRS);
  }

  /**
   * `to` = `from` + an input.
   * @param {Float64Array} from @param {Float64Array} to @param {number} input @param {number} value
   */
  add(from, to, input, value) {
    const { weights } = this;
    const at = input * PAIRS;
    for (let j = 0; j < PAIRS; j++) to[j] = from[j] + weights[at + j] * value;
  }

  /**
   * The contexts of sums `base` and inputs that are not zero: the class of the magnitude times 64, plus that of zero or
   * not.
   * @param {Float64Array} base @param {Int32Array} which offsets of their weights @param {Float64Array} values
   * @param {number} count
   */
  classes(base, which, values, count) {
    const { weights, sums, outputs } = this;
    const none = this.inputs * PAIRS;
    let from = base;
    for (let i = 0; i < count; i += 4) {
      const w0 = which[i];
      const w1 = i + 1 < count ? which[i + 1] : none;
      const w2 = i + 2 < count ? which[i + 2] : none;
      const w3 = i + 3 < count ? which[i + 3] : none;
      const x0 = values[i];
      const x1 = values[i + 1];
      const x2 = values[i + 2];
      const x3 = values[i + 3];
      for (let j = 0; j < PAIRS; j++) {
        sums[j] = from[j] + weights[w0 + j] * x0 + weights[w1 + j] * x1 + weights[w2 + j] * x2 + weights[w3 + j] * x3;
      }
      from = sums;
    }
    let total = this.outputBias;
    for (let j = 0; j < PAIRS; j++) {
      const upper = Math.floor(from[j] / UPPER + 0.5);
      const one = (from[j] - upper * UPPER) >> 5;
      const other = upper >> 5;
      if (one > 0) total += outputs[2 * j] * (one > LARGEST_HIDDEN ? LARGEST_HIDDEN : one);
      if (other > 0) total += outputs[2 * j + 1] * (other > LARGEST_HIDDEN ? LARGEST_HIDDEN : other);
    }
    const upper = Math.floor(total / UPPER + 0.5);
    const zero = Math.min(Math.max((total - upper * UPPER) >> 10, 0), ZERO_CLASSES - 1);
    const magnitude = Math.min(Math.max(upper >> 10, 0), MAGNITUDE_CONTEXTS - 1);
    return (magnitude << 6) | zero;
  }
}

/** The five networks of a table. @param {string} name @returns {ContextNetwork[]} */
export function networksOf(name) {
  let made = MADE_NETWORKS.get(name);
  if (!made) {
    made = codingTable(name).networks.map((/** @type {import("./tables.js").NetworkNumbers} */ n) => new ContextNetwork(n));
    MADE_NETWORKS.set(name, /** @type {ContextNetwork[]} */ (made));
  }
  return /** @type {ContextNetwork[]} */ (made);
}
