/** Frames of zstandard that state their content size (RFC 8878), without a dictionary. */

import { readU16, readU32 } from "../bytes.js";
import { FormatError, LimitError } from "../errors.js";
import { xxh64Low } from "./xxh64.js";
import {
  BackwardBits, FseState, decodeHuffman, fseTable, readFseTable, readHuffman, requireZstd, singleTable,
} from "./zstd_bits.js";

const ZSTD_MAGIC = 0xfd2fb528;
const MAX_BLOCK_BYTES = 128 << 10;
const LITERAL_LENGTH_BASE = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024,
  2048, 4096, 8192, 16384, 32768, 65536,
];
const LITERAL_LENGTH_BITS = [
  ...Array(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];
const MATCH_LENGTH_BASE = [
  ...Array.from({ length: 32 }, (_, i) => i + 3), 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051,
  4099, 8195, 16387, 32771, 65539,
];
const MATCH_LENGTH_BITS = [...Array(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const DEFAULT_TABLES = [
  fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6,
  ),
  fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
  fseTable(
    [1, 4, 3, 2, 2, 2, 2, 2, 2, ...Array(37).fill(1), -1, -1, -1, -1, -1, -1, -1], 6,
  ),
];
const TABLE_LIMITS = [[9, 36], [8, 32], [9, 53]];

/**
 * The content of a frame. Its stated size is checked before anything is allocated: `LimitError` over the limit,
 * `FormatError` where it is missing or wrong, or the frame is broken or not all there is.
 * @param {Uint8Array} bytes @param {number} limit
 */
export function decompress(bytes, limit) {
  const frame = readFrameHeader(bytes);
  if (frame.size === null) throw new FormatError("invalid field: a compressed body does not state its size");
  if (frame.size > limit) throw new LimitError(`the file claims a body of ${frame.size} bytes, over ${limit}`);
  const out = new Uint8Array(frame.size);
  /** @type {Blocks} */
  const state = { out, at: 0, offsets: [1, 4, 8], huffman: null, tables: [null, null, null] };
  let at = frame.length;
  for (let last = false; !last; ) {
    requireZstd(bytes.length >= at + 3);
    const head = readU16(bytes, at) | (bytes[at + 2] << 16);
    const length = head >> 3;
    last = (head & 1) === 1;
    at = readBlock(state, bytes, at + 3, (head >> 1) & 3, length);
  }
  requireZstd(state.at === out.length);
  if (frame.checksum) {
    requireZstd(bytes.length >= at + 4 && readU32(bytes, at) === xxh64Low(out));
    at += 4;
  }
  requireZstd(at === bytes.length);
  return out;
}

/** @param {Uint8Array} bytes */
function readFrameHeader(bytes) {
  requireZstd(bytes.length >= 5 && readU32(bytes, 0) === ZSTD_MAGIC);
  const flags = bytes[4];
  const single = (flags & 32) !== 0;
  requireZstd((flags & 8) === 0);
  const dictionary = [0, 1, 2, 4][flags & 3];
  const wide = [single ? 1 : 0, 2, 4, 8][flags >> 6];
  const at = 5 + (single ? 0 : 1) + dictionary;
  requireZstd(bytes.length >= at + wide && bytes.subarray(at - dictionary, at).every((byte) => byte === 0));
  let size = null;
  if (wide === 1) size = bytes[at];
  else if (wide === 2) size = readU16(bytes, at) + 256;
  else if (wide === 4) size = readU32(bytes, at);
  else if (wide === 8) size = readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
  return { size, length: at + wide, checksum: (flags & 4) !== 0 };
}

/**
 * @typedef {import("./zstd_bits.js").FseTable} FseTable
 * @typedef {object} Blocks
 * @property {Uint8Array} out
 * @property {number} at
 * @property {number[]} offsets the last three
 * @property {import("./zstd_bits.js").Huffman | null} huffman
 * @property {(FseTable | null)[]} tables of literal lengths, offsets and match lengths
 */

/**
 * Where the block ends.
 * @param {Blocks} state @param {Uint8Array} bytes @param {number} at @param {number} kind @param {number} length
 */
function readBlock(state, bytes, at, kind, length) {
  requireZstd(kind !== 3 && (kind === 1 || length <= MAX_BLOCK_BYTES));
  const stored = kind === 1 ? 1 : length;
  requireZstd(bytes.length >= at + stored);
  if (kind === 2) {
    readCompressed(state, bytes.subarray(at, at + length));
  } else {
    requireZstd(state.at + length <= state.out.length);
    if (kind === 0) state.out.set(bytes.subarray(at, at + length), state.at);
    else state.out.fill(bytes[at], state.at, state.at + length);
    state.at += length;
  }
  return at + stored;
}

/** @param {Blocks} state @param {Uint8Array} bytes */
function readCompressed(state, bytes) {
  const { literals, length } = readLiterals(state, bytes);
  const sequences = readSequences(state, bytes.subarray(length));
  let from = 0;
  for (const [literalLength, matchLength, offset] of sequences) {
    copyOut(state, literals, from, literalLength);
    from += literalLength;
    requireZstd(offset <= state.at && state.at + matchLength <= state.out.length);
    for (let i = 0; i < matchLength; i++, state.at++) state.out[state.at] = state.out[state.at - offset];
  }
  copyOut(state, literals, from, literals.length - from);
}

/** @param {Blocks} state @param {Uint8Array} literals @param {number} from @param {number} length */
function copyOut(state, literals, from, length) {
  requireZstd(from + length <= literals.length && state.at + length <= state.out.length);
  state.out.set(literals.subarray(from, from + length), state.at);
  state.at += length;
}

/** The literals section (3.1.1.3.1), and its length. @param {Blocks} state @param {Uint8Array} bytes */
function readLiterals(state, bytes) {
  requireZstd(bytes.length > 0);
  const kind = bytes[0] & 3;
  const format = (bytes[0] >> 2) & 3;
  if (kind < 2) {
    const wide = [1, 2, 1, 3][format];
    requireZstd(bytes.length >= wide);
    const size = (bytes[0] | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16)) & (2 ** (8 * wide) - 1);
    const count = wide === 1 ? size >> 3 : size >> 4;
    requireZstd(count <= MAX_BLOCK_BYTES && bytes.length >= wide + (kind ? 1 : count));
    if (kind === 1) return { literals: new Uint8Array(count).fill(bytes[wide]), length: wide + 1 };
    return { literals: bytes.subarray(wide, wide + count), length: wide + count };
  }
  const wide = [3, 3, 4, 5][format];
  const width = [10, 10, 14, 18][format];
  requireZstd(bytes.length >= wide);
  let head = 0;
  for (let i = wide - 1; i >= 0; i--) head = head * 256 + bytes[i];
  const count = Math.floor(head / 16) % 2 ** width;
  const stored = Math.floor(head / 2 ** (4 + width));
  requireZstd(count <= MAX_BLOCK_BYTES && bytes.length >= wide + stored);
  let body = bytes.subarray(wide, wide + stored);
  if (kind === 2) {
    const { huffman, length } = readHuffman(body);
    state.huffman = huffman;
    body = body.subarray(length);
  }
  return { literals: decodeLiterals(state, body, count, format === 0), length: wide + stored };
}

/** @param {Blocks} state @param {Uint8Array} body @param {number} count @param {boolean} single */
function decodeLiterals({ huffman }, body, count, single) {
  if (!huffman) throw new FormatError("invalid field: a body cannot be decompressed");
  const literals = new Uint8Array(count);
  if (single) {
    decodeHuffman(huffman, body, literals);
    return literals;
  }
  requireZstd(body.length >= 6);
  const each = (count + 3) >> 2;
  let at = 6;
  for (let i = 0; i < 4; i++) {
    const stop = i < 3 ? at + readU16(body, 2 * i) : body.length;
    requireZstd(stop <= body.length && i * each <= count);
    decodeHuffman(huffman, body.subarray(at, stop), literals.subarray(i * each, i < 3 ? (i + 1) * each : count));
    at = stop;
  }
  return literals;
}

/** [literal length, match length, offset] of each (3.1.1.3.2). @param {Blocks} state @param {Uint8Array} bytes */
function readSequences(state, bytes) {
  requireZstd(bytes.length > 0);
  let count = bytes[0];
  let at = 1;
  if (count >= 128) {
    const more = count === 255 ? 2 : 1;
    requireZstd(bytes.length > more);
    count = more === 2 ? readU16(bytes, 1) + 0x7f00 : ((count - 128) << 8) + bytes[1];
    at += more;
  }
  /** @type {[number, number, number][]} */
  const found = [];
  if (!count) {
    requireZstd(bytes.length === at);
    return found;
  }
  requireZstd(bytes.length > at);
  const modes = bytes[at++];
  requireZstd((modes & 3) === 0);
  for (let i = 0; i < 3; i++) at += readTable(state, i, (modes >> (6 - 2 * i)) & 3, bytes.subarray(at));
  const input = new BackwardBits(bytes.subarray(at));
  const states = state.tables.map((table) => new FseState(/** @type {FseTable} */ (table), input));
  for (let i = 0; i < count; i++) {
    const [literal, offset, match] = states.map((one) => one.symbol);
    requireZstd(literal < 36 && match < 53 && offset < 32);
    const value = 2 ** offset + input.read(offset);
    const matchLength = MATCH_LENGTH_BASE[match] + input.read(MATCH_LENGTH_BITS[match]);
    const literalLength = LITERAL_LENGTH_BASE[literal] + input.read(LITERAL_LENGTH_BITS[literal]);
    found.push([literalLength, matchLength, offsetOf(state, value, literalLength)]);
    if (i + 1 < count) for (const one of [states[0], states[2], states[1]]) one.advance(input);
    requireZstd(input.position >= 0);
  }
  requireZstd(input.position === 0);
  return found;
}

/**
 * Sets a table; the bytes that its description takes.
 * @param {Blocks} state @param {number} which @param {number} mode @param {Uint8Array} bytes
 */
function readTable(state, which, mode, bytes) {
  if (mode === 0) {
    state.tables[which] = DEFAULT_TABLES[which];
  } else if (mode === 1) {
    requireZstd(bytes.length > 0);
    state.tables[which] = singleTable(bytes[0]);
    return 1;
  } else if (mode === 2) {
    const { table, length } = readFseTable(bytes, TABLE_LIMITS[which][0], TABLE_LIMITS[which][1]);
    state.tables[which] = table;
    return length;
  }
  requireZstd(state.tables[which] !== null);
  return 0;
}

/**
 * An offset, which may be one of the last three (3.1.1.5).
 * @param {Blocks} state @param {number} value @param {number} literalLength
 */
function offsetOf({ offsets }, value, literalLength) {
  if (value > 3) {
    offsets.unshift(value - 3);
    offsets.pop();
    return offsets[0];
  }
  const which = value - 1 + (literalLength === 0 ? 1 : 0);
  const offset = which === 3 ? offsets[0] - 1 : offsets[which];
  requireZstd(offset > 0);
  if (which > 0) {
    offsets.splice(Math.min(which, 2), 1);
    offsets.unshift(offset);
  }
  return offset;
}
