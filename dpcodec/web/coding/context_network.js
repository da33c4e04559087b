/** Networks of integers that choose contexts (docs/format.md, "Networks"). */

import { codingTable } from "./tables.js";

const HIDDEN = 48;
const LARGEST_HIDDEN = 127;
const ZERO_CLASSES = 48;
const MAGNITUDE_CONTEXTS = 24;
/** @type {Map<string, ContextNetwork[]>} */
const MADE_NETWORKS = new Map();

/** One network; inputs are added one by one to the sums of its hidden units. */
export class ContextNetwork {
  /** @param {import("./tables.js").NetworkNumbers} numbers */
  constructor({ weights, bias, outputs, output_bias: outputBias }) {
    const inputs = weights[0].length;
    this.inputs = inputs;
    /** Of each input, its weights to all hidden units; a row of zeros at the end. */
    this.weights = new Int32Array((inputs + 1) * HIDDEN);
    for (let i = 0; i < inputs; i++) for (let j = 0; j < HIDDEN; j++) this.weights[i * HIDDEN + j] = weights[j][i];
    this.bias = Int32Array.from(bias);
    this.zeroOutputs = Int32Array.from(outputs[0]);
    this.magnitudeOutputs = Int32Array.from(outputs[1]);
    this.outputBias = outputBias;
    this.sums = new Int32Array(HIDDEN);
    this.base = new Int32Array(HIDDEN);
  }

  /**
   * `to` = `from` + an input.
   * @param {Int32Array} from @param {Int32Array} to @param {number} input @param {number} value
   */
  add(from, to, input, value) {
    const { weights } = this;
    const at = input * HIDDEN;
    for (let j = 0; j < HIDDEN; j++) to[j] = from[j] + Math.imul(weights[at + j], value);
  }

  /**
   * The contexts of sums `base` and inputs that are not zero: the class of the magnitude times 64, plus that of zero or
   * not.
   * @param {Int32Array} base @param {Int32Array} which offsets of their weights @param {Int32Array} values @param {number} count
   */
  classes(base, which, values, count) {
    const { weights, sums, zeroOutputs, magnitudeOutputs } = this;
    const none = this.inputs * HIDDEN;
    let from = base;
    for (let i = 0; i < count; i += 4) {
      const w0 = which[i];
      const x0 = values[i];
      const w1 = i + 1 < count ? which[i + 1] : none;
      const x1 = values[i + 1];
      const w2 = i + 2 < count ? which[i + 2] : none;
      const x2 = values[i + 2];
      const w3 = i + 3 < count ? which[i + 3] : none;
      const x3 = values[i + 3];
      for (let j = 0; j < HIDDEN; j++) {
        sums[j] =
          (from[j] + Math.imul(weights[w0 + j], x0) + Math.imul(weights[w1 + j], x1) + Math.imul(weights[w2 + j], x2) +
            Math.imul(weights[w3 + j], x3)) | 0;
      }
      from = sums;
    }
    let zero = this.outputBias[0] | 0;
    let magnitude = this.outputBias[1] | 0;
    for (let j = 0; j < HIDDEN; j++) {
      let h = from[j] >> 5;
      if (h <= 0) continue;
      if (h > LARGEST_HIDDEN) h = LARGEST_HIDDEN;
      zero = (zero + Math.imul(zeroOutputs[j], h)) | 0;
      magnitude = (magnitude + Math.imul(magnitudeOutputs[j], h)) | 0;
    }
    zero = Math.min(Math.max(zero >> 10, 0), ZERO_CLASSES - 1);
    magnitude = Math.min(Math.max(magnitude >> 10, 0), MAGNITUDE_CONTEXTS - 1);
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
