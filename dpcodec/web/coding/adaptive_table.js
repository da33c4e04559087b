/** Counts of symbols in contexts, and the cumulatives that the coder uses (docs/format.md, "Tables"). */

const GAIN = 32;
/** Counts of a context of zero or not at the start. */
export const TOTAL_COUNT = 4096;

/** Counts that learn after every step. */
export class AdaptiveTable {
  /** @param {ArrayLike<number>} counts of all contexts one after the other @param {number} alphabet */
  constructor(counts, alphabet) {
    this.alphabet = alphabet;
    this.counts = Float64Array.from(counts);
    this.contexts = counts.length / alphabet;
    this.cumulatives = new Float64Array(this.contexts * (alphabet + 1));
    this.made = new Uint8Array(this.contexts);
  }

  /** Where the cumulatives of a context begin. @param {number} context */
  row(context) {
    const { alphabet, counts, cumulatives } = this;
    const start = context * (alphabet + 1);
    if (this.made[context]) return start;
    this.made[context] = 1;
    let sum = 0;
    for (let i = 0; i < alphabet; i++) sum += counts[context * alphabet + i];
    let before = 0;
    for (let i = 0; i <= alphabet; i++) {
      const frequency = Math.floor((before * (65536 - alphabet)) / sum) + i;
      cumulatives[start + i] = Math.floor((frequency * (16777216 - alphabet)) / 65536) + i;
      before += counts[context * alphabet + i];
    }
    return start;
  }

  /** c_1 of every context of an alphabet of two. */
  edges() {
    const edges = new Uint32Array(this.contexts);
    for (let context = 0; context < this.contexts; context++) edges[context] = this.cumulatives[this.row(context) + 1];
    return edges;
  }

  /**
   * One step: symbols under the first `count` contexts, which the table then learns.
   * @param {import("./range_decoder.js").RangeDecoder} decoder @param {ArrayLike<number>} contexts @param {number} count
   * @param {Uint8Array} out
   */
  decode(decoder, contexts, count, out) {
    if (this.alphabet === 2) {
      decoder.binary(/** @type {Uint16Array} */ (contexts), count, this.edges(), out);
    } else {
      for (let i = 0; i < count; i++) out[i] = decoder.symbol(this.cumulatives, this.row(contexts[i]), this.alphabet);
    }
    for (let i = 0; i < count; i++) {
      this.counts[contexts[i] * this.alphabet + out[i]] += GAIN;
      this.made[contexts[i]] = 0;
    }
  }
}

/** Counts that fall with the distance from the context. @param {number} size */
export function closeCounts(size) {
  const counts = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) counts[i * size + j] = Math.max(256 >> Math.min(Math.abs(i - j), 31), 4);
  }
  return counts;
}

/** Counts of (zero, not zero) from those of not zero. @param {number[]} nonzero */
export function binaryCounts(nonzero) {
  return nonzero.flatMap((count) => [TOTAL_COUNT - count, count]);
}
