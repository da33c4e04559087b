/** Bit strings, FSE tables and Huffman codes of zstandard (RFC 8878, sections 4.1 and 4.2). */

import { FormatError } from "../errors.js";

/** Raises `FormatError` unless a claim holds. @param {boolean} claim */
export function requireZstd(claim) {
  if (!claim) throw new FormatError("invalid field: a body cannot be decompressed");
}

/** Reads bits from the end of bytes to their start, the highest one set being the mark where they begin. */
export class BackwardBits {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    requireZstd(bytes.length > 0 && bytes[bytes.length - 1] > 0);
    this.bytes = bytes;
    this.position = 8 * (bytes.length - 1) + 31 - Math.clz32(bytes[bytes.length - 1]);
  }

  /** `count` bits, 0 .. 32; zeros before the start. @param {number} count */
  read(count) {
    this.position -= count;
    return this.at(this.position, count);
  }

  /** The next bits without taking them. @param {number} count */
  peek(count) {
    return this.at(this.position - count, count);
  }

  /** @param {number} position @param {number} count */
  at(position, count) {
    let value = 0;
    for (let done = 0; done < count; ) {
      const bit = position + done;
      if (bit < 0) {
        done = Math.min(count, done - bit);
        continue;
      }
      const inside = bit & 7;
      const some = Math.min(8 - inside, count - done);
      const byte = this.bytes[bit >> 3] ?? 0;
      value += ((byte >> inside) & ((1 << some) - 1)) * 2 ** done;
      done += some;
    }
    return value;
  }
}

/**
 * @typedef {object} FseTable
 * @property {number} log
 * @property {Uint8Array} symbols
 * @property {Uint8Array} bits
 * @property {Uint16Array} base
 */

/**
 * A decoding table from probabilities (-1: less than one).
 * @param {ArrayLike<number>} probabilities @param {number} log @returns {FseTable}
 */
export function fseTable(probabilities, log) {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size - 1;
  for (let s = 0; s < probabilities.length; s++) {
    if (probabilities[s] === -1) symbols[high--] = s;
    next[s] = Math.abs(probabilities[s]);
  }
  let at = 0;
  for (let s = 0; s < probabilities.length; s++) {
    for (let i = 0; i < probabilities[s]; i++) {
      symbols[at] = s;
      do at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
      while (at > high);
    }
  }
  for (let i = 0; i < size; i++) {
    const state = next[symbols[i]]++;
    bits[i] = log - (31 - Math.clz32(state));
    base[i] = (state << bits[i]) - size;
  }
  return { log, symbols, bits, base };
}

/** A table with one symbol. @param {number} symbol @returns {FseTable} */
export function singleTable(symbol) {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), base: new Uint16Array(1) };
}

/**
 * Reads the description of a table (4.1.1): the table, and the bytes that it takes.
 * @param {Uint8Array} bytes @param {number} mostLog @param {number} mostSymbols
 */
export function readFseTable(bytes, mostLog, mostSymbols) {
  let bit = 0;
  const take = (/** @type {number} */ count) => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) value |= (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) << i;
    return value;
  };
  const log = take(4) + 5;
  requireZstd(log <= mostLog);
  /** @type {number[]} */
  const probabilities = [];
  let left = (1 << log) + 1;
  while (left > 1 && probabilities.length < mostSymbols) {
    const width = 32 - Math.clz32(left);
    const low = (1 << width) - 1 - left;
    let value = take(width - 1);
    if (value >= low) {
      value += take(1) << (width - 1);
      if (value >= 1 << (width - 1)) value -= low;
    }
    probabilities.push(value - 1);
    left -= Math.abs(value - 1);
    while (value === 1) {
      const more = take(2);
      for (let i = 0; i < more; i++) probabilities.push(0);
      if (more < 3) break;
    }
  }
  requireZstd(left === 1 && probabilities.length <= mostSymbols && bit <= 8 * bytes.length);
  return { table: fseTable(probabilities, log), length: (bit + 7) >> 3 };
}

/** One state of an FSE decoder. */
export class FseState {
  /** @param {FseTable} table @param {BackwardBits} input */
  constructor(table, input) {
    this.table = table;
    this.state = input.read(table.log);
  }

  get symbol() {
    return this.table.symbols[this.state];
  }

  /** @param {BackwardBits} input */
  advance(input) {
    this.state = this.table.base[this.state] + input.read(this.table.bits[this.state]);
  }
}

/** @typedef {{most: number, symbols: Uint8Array, lengths: Uint8Array}} Huffman */

/** Reads a Huffman description (4.2.1): the code, and the bytes that it takes. @param {Uint8Array} bytes */
export function readHuffman(bytes) {
  requireZstd(bytes.length > 0);
  const head = bytes[0];
  /** @type {number[]} */
  const weights = [];
  let length = 1;
  if (head >= 128) {
    const count = head - 127;
    length += (count + 1) >> 1;
    requireZstd(bytes.length >= length);
    for (let i = 0; i < count; i++) weights.push((bytes[1 + (i >> 1)] >> (i & 1 ? 0 : 4)) & 15);
  } else {
    length += head;
    requireZstd(bytes.length >= length);
    readWeights(bytes.subarray(1, length), weights);
  }
  return { huffman: huffmanOf(weights), length };
}

/** Two FSE states take turns until the bits are used up. @param {Uint8Array} bytes @param {number[]} weights */
function readWeights(bytes, weights) {
  const { table, length } = readFseTable(bytes, 6, 13);
  const input = new BackwardBits(bytes.subarray(length));
  let [one, other] = [new FseState(table, input), new FseState(table, input)];
  for (;;) {
    weights.push(one.symbol);
    requireZstd(weights.length <= 254);
    one.advance(input);
    if (input.position < 0) {
      weights.push(other.symbol);
      return;
    }
    [one, other] = [other, one];
  }
}

/** @param {number[]} weights of all symbols but the last @returns {Huffman} */
function huffmanOf(weights) {
  const sum = weights.reduce((total, w) => total + (w ? 1 << (w - 1) : 0), 0);
  requireZstd(sum > 0 && weights.length < 256);
  const most = 32 - Math.clz32(sum);
  const left = (1 << most) - sum;
  requireZstd(most <= 11 && (left & (left - 1)) === 0);
  const all = [...weights, 32 - Math.clz32(left)];
  const symbols = new Uint8Array(1 << most);
  const lengths = new Uint8Array(1 << most);
  let at = 0;
  for (let w = 1; w <= most; w++) {
    all.forEach((weight, symbol) => {
      if (weight !== w) return;
      symbols.fill(symbol, at, at + (1 << (w - 1)));
      lengths.fill(most + 1 - w, at, at + (1 << (w - 1)));
      at += 1 << (w - 1);
    });
  }
  return { most, symbols, lengths };
}

/**
 * Decodes one stream into `out`, all of it.
 * @param {Huffman} huffman @param {Uint8Array} bytes @param {Uint8Array} out
 */
export function decodeHuffman({ most, symbols, lengths }, bytes, out) {
  const input = new BackwardBits(bytes);
  for (let i = 0; i < out.length; i++) {
    const code = input.peek(most);
    out[i] = symbols[code];
    input.position -= lengths[code];
  }
  requireZstd(input.position === 0);
}
