/** The body of a part: one framing for every kind of file (docs/format.md, "Body" and "Interleave"). */

import { Cursor } from "../bytes.js";
import { FormatError } from "../errors.js";

/** @param {number} a @param {number} b @returns {number} */
function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

/** The first row that a part holds; the others follow at `parts`. @param {number} part @param {number} parts */
export function interleaveOffset(part, parts) {
  let stride = Math.ceil(parts / 3);
  while (divisor(stride, parts) !== 1) stride++;
  return (part * stride) % parts;
}

/** Reads a body field by field. Raises `FormatError` for what no encoder wrote. */
export class BodyReader {
  /** @param {Uint8Array} body @param {number} channels @param {number} frames of the segment */
  constructor(body, channels, frames) {
    this.cursor = new Cursor(body);
    this.channels = channels;
    const found = this.cursor.varint();
    if (found !== frames) throw new FormatError(`coded part: made for ${found} frames, not ${frames}`);
  }

  /** Whether the next channel is silent; else it has the mode that this kind of file has. @param {number} allowed */
  silent(allowed) {
    const mode = this.cursor.u8();
    if (mode !== 0 && mode !== allowed) throw new FormatError(`coded part: channel mode ${mode} is unknown here`);
    this.channels--;
    return mode === 0;
  }

  /** A quantiser step. */
  step() {
    const bytes = this.cursor.take(4);
    const step = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
    if (!(step >= 2 ** -126 && step <= 2 ** 127)) throw new FormatError(`coded part: step ${step} is no positive number`);
    return step;
  }

  /** Of magnitude 1 and of larger ones, in 32nds of a step. */
  bias() {
    const byte = this.cursor.u8();
    return { one: ((byte >> 4) ^ 8) - 8, more: ((byte & 15) ^ 8) - 8 };
  }

  /** How many rows are coded, of at most so many. @param {number} most */
  rows(most) {
    const rows = this.cursor.varint();
    if (rows > most) throw new FormatError(`coded part: ${rows} rows coded of ${most}`);
    return rows;
  }

  /** The payload of the channel. */
  payload() {
    return this.cursor.take(this.channels ? this.cursor.varint() : this.cursor.left);
  }

  /** Raises `FormatError` where something follows the last channel. */
  finish() {
    if (this.cursor.left) throw new FormatError("coded part: bytes left over after the last channel");
  }
}
