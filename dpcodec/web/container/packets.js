/** One packet: a head with its own checksum, a body with its own (docs/format.md, "Packet", "END", "INDEX"). */

import { Cursor, readU16, readU32 } from "../bytes.js";
import { FormatError, LimitError, VersionError } from "../errors.js";
import { Blake2b } from "./blake2b.js";
import { crc32 } from "./crc32.js";
import { segmentCount, unpackHeader } from "./header.js";
import {
  CHECKSUM_BYTES, FLAG_COMPRESSED, HEAD_BYTES, KNOWN_TYPES, MAX_BODY_BYTES, MAX_END_BYTES, MAX_HEADER_BYTES,
  OVERHEAD_BYTES, SYNC, TYPE_ANCILLARY, TYPE_END, TYPE_HEAD, TYPE_RESERVED,
} from "./limits.js";

/**
 * @typedef {object} Head
 * @property {number} type
 * @property {number} flags
 * @property {number} segment
 * @property {number} part
 * @property {number} parts
 * @property {number} length of the body
 * @property {number} checksum of the head; the body's goes on from it
 *
 * @typedef {object} Packet
 * @property {number} offset
 * @property {Head} head
 * @property {Uint8Array | null} body as stored; null where it did not pass, or was not looked at
 * @property {string} fault why it did not pass, or ""
 */

/** The head at an offset, or null. @param {Uint8Array} bytes @param {number} at @returns {Head | null} */
export function parseHead(bytes, at) {
  if (bytes.length - at < HEAD_BYTES) return null;
  for (let i = 0; i < SYNC.length; i++) if (bytes[at + i] !== SYNC[i]) return null;
  const checksum = readU32(bytes, at + 18);
  if (crc32(bytes, at, at + 18) !== checksum) return null;
  return {
    type: readU16(bytes, at + 4),
    flags: readU16(bytes, at + 6),
    segment: readU32(bytes, at + 8),
    part: bytes[at + 12],
    parts: bytes[at + 13],
    length: readU32(bytes, at + 14),
    checksum,
  };
}

/** Of the whole packet. @param {Head} head */
export function packetBytes(head) {
  return OVERHEAD_BYTES + head.length;
}

/** Raises `LimitError` for a head that announces more than its type may have. @param {Head} head */
export function checkLength(head) {
  const limit = head.type === TYPE_HEAD ? MAX_HEADER_BYTES : head.type === TYPE_END ? MAX_END_BYTES : MAX_BODY_BYTES;
  if (head.length > limit) throw new LimitError(`the file claims a packet of ${head.length} bytes, over ${limit}`);
}

/** Raises `VersionError` for an intact packet that must not be ignored and is not known. @param {Head} head */
export function checkKnown(head) {
  if (head.type & TYPE_RESERVED) throw new VersionError(`packet type ${head.type} has the reserved bit set`);
  if (!KNOWN_TYPES.has(head.type)) {
    if (!(head.type & TYPE_ANCILLARY)) throw new VersionError(`packet type ${head.type} is needed to decode`);
    return;
  }
  if (head.flags & ~FLAG_COMPRESSED) throw new VersionError(`a packet has unknown flags ${head.flags}`);
}

/**
 * The packet at an offset, its body checked.
 * @param {Uint8Array} bytes @param {number} offset @param {Head} head @returns {Packet}
 */
export function loadPacket(bytes, offset, head) {
  const start = offset + HEAD_BYTES;
  const stop = start + head.length;
  if (bytes.length < stop + CHECKSUM_BYTES) return { offset, head, body: null, fault: "cut short" };
  if (crc32(bytes, start, stop, head.checksum) !== readU32(bytes, stop)) {
    return { offset, head, body: null, fault: "wrong checksum" };
  }
  return { offset, head, body: bytes.subarray(start, stop), fault: "" };
}

/** What a DATA packet adds to the end hash. @param {Head} head @param {Uint8Array} body */
export function packetDigest(head, body) {
  const place = new Uint8Array(8);
  const view = new DataView(place.buffer);
  view.setUint32(0, head.segment, true);
  place[4] = head.part;
  place[5] = head.parts;
  view.setUint16(6, head.flags, true);
  return new Blake2b().update(place).update(body).digest();
}

/** Adds a digest to a sum modulo 2^128, in place. @param {Uint8Array} sum @param {Uint8Array} digest */
export function addDigest(sum, digest) {
  let carry = 0;
  for (let i = 0; i < sum.length; i++) {
    carry += sum[i] + digest[i];
    sum[i] = carry;
    carry >>= 8;
  }
}

/** The fields of an END body. @param {Uint8Array} body */
export function unpackEnd(body) {
  if (body.length < 20) throw new FormatError(`invalid field end length ${body.length}`);
  const segments = readU32(body, 16);
  const header = unpackHeader(body.subarray(20));
  if (header.samples !== null && segmentCount(header, header.samples) !== segments) {
    throw new FormatError(`invalid field segments ${segments}: not those of ${header.samples} samples`);
  }
  return { digest: body.slice(0, 16), segments, header };
}

/** The offsets in an INDEX body. Raises `FormatError`. @param {Uint8Array} body */
export function unpackIndex(body) {
  const cursor = new Cursor(body);
  const count = cursor.varint();
  if (count > cursor.left) throw new FormatError(`invalid field index: ${count} segments do not fit`);
  const offsets = [];
  let offset = 0;
  for (let i = 0; i < count; i++) offsets.push((offset += cursor.varint()));
  return offsets;
}
