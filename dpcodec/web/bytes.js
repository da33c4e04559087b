/** Integers in bytes: little-endian, and varints. */

import { FormatError } from "./errors.js";

const LARGEST_VARINT_BYTES = 9;

/** Reads fields one after the other. Raises `FormatError` where the bytes end. */
export class Cursor {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Bytes that are left. */
  get left() {
    return this.bytes.length - this.at;
  }

  /** @param {number} length @returns {Uint8Array} */
  take(length) {
    if (length > this.left) throw new FormatError("invalid field: the data ends within it");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  u8() {
    return this.take(1)[0];
  }

  u16() {
    return readU16(this.take(2), 0);
  }

  u32() {
    return readU32(this.take(4), 0);
  }

  /** In the shortest coding; above 2^53 rounded, which only passes limits. @returns {number} */
  varint() {
    let value = 0;
    let unit = 1;
    for (let i = 0; i < LARGEST_VARINT_BYTES; i++) {
      const byte = this.u8();
      value += (byte & 127) * unit;
      unit *= 128;
      if (byte < 128) {
        if (byte === 0 && i > 0) throw new FormatError("invalid field: a varint longer than it need be");
        return value;
      }
    }
    throw new FormatError("invalid field: a varint of more than 63 bits");
  }
}

/** @param {Uint8Array} bytes @param {number} at */
export function readU16(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8);
}

/** @param {Uint8Array} bytes @param {number} at */
export function readU32(bytes, at) {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function sameBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Pieces one after the other. @param {Uint8Array[]} pieces */
export function joinBytes(pieces) {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
