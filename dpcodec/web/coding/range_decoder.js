/**
 * The range coder of docs/format.md. Of its state `point` and `low` only the difference is kept, and `range`: 64 bits
 * each, as two halves that numbers hold exactly.
 */

import { FormatError } from "../errors.js";

const WORD = 2 ** 32;
const PRECISION = 2 ** 24;
const UNITS = 2 ** 20;
/** Far more than what a quotient is off. */
const NEAR_AN_EDGE = 2 ** -16;
const RAW_BITS = 16;

/** @returns {never} */
function noSymbol() {
  throw new FormatError("coded part: the bytes match no symbol");
}

/** Reads symbols. Raises `FormatError` where the bytes cannot be right. */
export class RangeDecoder {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.diffHigh = this.nextWord();
    this.diffLow = this.nextWord();
    this.rangeHigh = WORD - 1;
    this.rangeLow = WORD - 1;
  }

  nextWord() {
    const { bytes, at } = this;
    this.at += 4;
    if (at + 4 <= bytes.length) {
      return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
    }
    let word = 0;
    for (let i = 0; i < 4; i++) word = word * 256 + (bytes[at + i] ?? 0);
    return word;
  }

  /**
   * The symbol of a row of cumulatives.
   * @param {ArrayLike<number>} c @param {number} from where it begins @param {number} size
   */
  symbol(c, from, size) {
    const scale = this.rangeHigh * 256 + (this.rangeLow >>> 24);
    const q = (this.diffHigh * WORD + this.diffLow) / scale;
    let low = 0;
    let high = size;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (c[from + middle] <= q) low = middle;
      else high = middle;
    }
    // q is rounded: where it is next to an edge the symbol may be one off
    if (q - c[from + low] < NEAR_AN_EDGE || c[from + low + 1] - q < NEAR_AN_EDGE) {
      while (low > 0 && !this.reaches(scale, c[from + low])) low--;
      while (low + 1 < size && this.reaches(scale, c[from + low + 1])) low++;
    }
    this.take(scale, c[from + low], c[from + low + 1] - c[from + low]);
    return low;
  }

  /** Whether the difference is `scale * c` or more. @param {number} scale @param {number} c */
  reaches(scale, c) {
    const upper = scale * (c >>> 12);
    const whole = Math.floor(upper / UNITS);
    const lower = (upper - whole * UNITS) * 4096 + scale * (c & 4095);
    const carry = Math.floor(lower / WORD);
    const high = whole + carry;
    return this.diffHigh > high || (this.diffHigh === high && this.diffLow >= lower - carry * WORD);
  }

  /** Moves into the interval of a symbol. @param {number} scale @param {number} c @param {number} width */
  take(scale, c, width) {
    const upper = scale * (c >>> 12);
    const whole = Math.floor(upper / UNITS);
    const lower = (upper - whole * UNITS) * 4096 + scale * (c & 4095);
    const carry = Math.floor(lower / WORD);
    this.diffHigh -= whole + carry;
    this.diffLow -= lower - carry * WORD;
    if (this.diffLow < 0) {
      this.diffLow += WORD;
      this.diffHigh -= 1;
    }
    this.narrow(scale, width);
    if (this.diffHigh > this.rangeHigh) noSymbol();
    if (this.diffHigh === this.rangeHigh && this.diffLow >= this.rangeLow) noSymbol();
    if (this.rangeHigh === 0) this.renormalise();
  }

  /** @param {number} scale @param {number} width */
  narrow(scale, width) {
    const upper = scale * (width >>> 12);
    const whole = Math.floor(upper / UNITS);
    const lower = (upper - whole * UNITS) * 4096 + scale * (width & 4095);
    const carry = Math.floor(lower / WORD);
    this.rangeHigh = whole + carry;
    this.rangeLow = lower - carry * WORD;
  }

  renormalise() {
    this.rangeHigh = this.rangeLow;
    this.rangeLow = 0;
    this.diffHigh = this.diffLow;
    this.diffLow = this.nextWord();
  }

  /**
   * Zero or not, for the first `count` contexts: 1 where the symbol is 1.
   * @param {Uint16Array} contexts @param {number} count @param {ArrayLike<number>} edges c_1 by context @param {Uint8Array} out
   */
  binary(contexts, count, edges, out) {
    let { diffHigh, diffLow, rangeHigh, rangeLow } = this;
    for (let i = 0; i < count; i++) {
      const c = edges[contexts[i]];
      const scale = rangeHigh * 256 + (rangeLow >>> 24);
      // scale * c, 64 bits: remainders by floor, for % of such numbers is slow
      const upper = scale * (c >>> 12);
      const whole = Math.floor(upper / UNITS);
      let low = (upper - whole * UNITS) * 4096 + scale * (c & 4095);
      let high = Math.floor(low / WORD);
      low -= high * WORD;
      high += whole;
      if (diffHigh < high || (diffHigh === high && diffLow < low)) {
        out[i] = 0;
        rangeHigh = high;
        rangeLow = low;
      } else {
        out[i] = 1;
        diffHigh -= high;
        diffLow -= low;
        if (diffLow < 0) {
          diffLow += WORD;
          diffHigh -= 1;
        }
        const width = PRECISION - c;
        const above = scale * (width >>> 12);
        const most = Math.floor(above / UNITS);
        rangeLow = (above - most * UNITS) * 4096 + scale * (width & 4095);
        rangeHigh = Math.floor(rangeLow / WORD);
        rangeLow -= rangeHigh * WORD;
        rangeHigh += most;
        if (diffHigh > rangeHigh || (diffHigh === rangeHigh && diffLow >= rangeLow)) noSymbol();
      }
      if (rangeHigh === 0) {
        rangeHigh = rangeLow;
        rangeLow = 0;
        diffHigh = diffLow;
        diffLow = this.nextWord();
      }
    }
    this.diffHigh = diffHigh;
    this.diffLow = diffLow;
    this.rangeHigh = rangeHigh;
    this.rangeLow = rangeLow;
  }

  /** Equally likely bits, one a byte. @param {number} count */
  bits(count) {
    const out = new Uint8Array(count);
    let at = 0;
    for (; at + RAW_BITS <= count; at += RAW_BITS) {
      const word = this.uniform(256);
      for (let i = 0; i < RAW_BITS; i++) out[at + i] = (word >> (RAW_BITS - 1 - i)) & 1;
    }
    for (; at < count; at++) out[at] = this.uniform(PRECISION / 2);
    return out;
  }

  /** One of 2^24 / width equally likely symbols. @param {number} width */
  uniform(width) {
    const scale = this.rangeHigh * 256 + (this.rangeLow >>> 24);
    const most = PRECISION / width - 1;
    const q = (this.diffHigh * WORD + this.diffLow) / scale;
    let symbol = Math.min(Math.floor(q / width), most);
    if (q - symbol * width < NEAR_AN_EDGE || (symbol + 1) * width - q < NEAR_AN_EDGE) {
      while (symbol > 0 && !this.reaches(scale, symbol * width)) symbol--;
      while (symbol < most && this.reaches(scale, (symbol + 1) * width)) symbol++;
    }
    this.take(scale, symbol * width, width);
    return symbol;
  }

  /** Raises `FormatError` unless the bytes are the shortest code of what was read. */
  finish() {
    const { bytes, at } = this;
    const left = () => new FormatError("coded part: bytes missing or left over after the last symbol");
    if (bytes.length > at || (bytes.length > 0 && bytes[bytes.length - 1] === 0)) throw left();
    let point = 0n;
    for (let i = at - 8; i < at; i++) point = (point << 8n) | BigInt(bytes[i] ?? 0);
    const low = point - ((BigInt(this.diffHigh) << 32n) | BigInt(this.diffLow));
    const range = (BigInt(this.rangeHigh) << 32n) | BigInt(this.rangeLow);
    for (let zeros = 64n; zeros >= 0n; zeros -= 8n) {
      const shortest = -((-low) >> zeros) << zeros;
      if (shortest < low + range) {
        if (shortest !== point) throw left();
        return;
      }
    }
  }
}
