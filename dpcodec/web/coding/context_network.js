/** Networks of integers that choose contexts (docs/format.md, "Networks"). */

import { codingTable } from "./tables.js";

/** Hidden units, two by two. */
export const PAIRS = 24;
const UPPER = 2 ** 26;
const LOWER = 2 ** -26;
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
    /** Of each input, its weights to all hidden units. */
    this.weights = new Float64Array(inputs * PAIRS);
    this.bias = new Float64Array(PAIRS);
    for (let j = 0; j < PAIRS; j++) {
      for (let i = 0; i < inputs; i++) {
        this.weights[i * PAIRS + j] = weights[2 * j][i] + weights[2 * j + 1][i] * UPPER;
      }
      this.bias[j] = bias[2 * j] + bias[2 * j + 1] * UPPER;
    }
    this.outputs = Float64Array.from(outputs[0], (weight, j) => weight + outputs[1][j] * UPPER);
    this.outputBias = outputBias[0] + outputBias[1] * UPPER;
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
    const { weights, outputs } = this;
    let total = this.outputBias;
    for (let j = 0; j < PAIRS; j += 6) {
      let a = base[j];
      let b = base[j + 1];
      let c = base[j + 2];
      let d = base[j + 3];
      let e = base[j + 4];
      let f = base[j + 5];
      for (let i = 0; i < count; i++) {
        const at = which[i] + j;
        const x = values[i];
        a += weights[at] * x;
        b += weights[at + 1] * x;
        c += weights[at + 2] * x;
        d += weights[at + 3] * x;
        e += weights[at + 4] * x;
        f += weights[at + 5] * x;
      }
      total += outputOf(outputs, j, a) + outputOf(outputs, j + 1, b) + outputOf(outputs, j + 2, c);
      total += outputOf(outputs, j + 3, d) + outputOf(outputs, j + 4, e) + outputOf(outputs, j + 5, f);
    }
    const upper = Math.floor(total * LOWER + 0.5);
    const zero = Math.min(Math.max((total - upper * UPPER) >> 10, 0), ZERO_CLASSES - 1);
    const magnitude = Math.min(Math.max(upper >> 10, 0), MAGNITUDE_CONTEXTS - 1);
    return (magnitude << 6) | zero;
  }
}

/**
 * What two hidden units add to both outputs.
 * @param {Float64Array} outputs @param {number} j @param {number} sum of both
 */
function outputOf(outputs, j, sum) {
  const upper = Math.floor(sum * LOWER + 0.5);
  const one = (sum - upper * UPPER) >> 5;
  const other = upper >> 5;
  let total = 0;
  if (one > 0) total += outputs[2 * j] * (one > LARGEST_HIDDEN ? LARGEST_HIDDEN : one);
  if (other > 0) total += outputs[2 * j + 1] * (other > LARGEST_HIDDEN ? LARGEST_HIDDEN : other);
  return total;
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
