/** Finding packets in bytes that may be damaged (docs/format.md, "Damage" under "Container"). */

import { LimitError } from "../errors.js";
import { HEAD_BYTES, MAGIC, SYNC, TYPE_DATA, TYPE_END, TYPE_HEAD, WASTE_BYTES, WASTE_FACTOR } from "./limits.js";
import { checkLength, loadPacket, packetBytes, parseHead } from "./packets.js";

/** @typedef {import("./packets.js").Head} Head @typedef {import("./packets.js").Packet} Packet */
/**
 * @typedef {{kind: "packet", packet: Packet} | {kind: "gap", offset: number} | {kind: "trailer", offset: number}} Event
 */

/** Whether the magic stands at an offset. @param {Uint8Array} bytes @param {number} [at] */
export function hasMagic(bytes, at = 0) {
  return at >= 0 && MAGIC.every((byte, i) => bytes[at + i] === byte);
}

/**
 * The first good head at `at` or later.
 * @param {Uint8Array} bytes @param {number} at @returns {{offset: number, head: Head | null}}
 */
export function findHead(bytes, at) {
  for (let offset = at; ; offset++) {
    offset = bytes.indexOf(SYNC[0], offset);
    if (offset < 0) return { offset: bytes.length, head: null };
    const head = parseHead(bytes, offset);
    if (head) return { offset, head };
  }
}

/**
 * Every packet in the order of the file, and what lies between them. DATA packets that another one, or the end,
 * follows in the right place come without their body.
 * @param {Uint8Array} bytes @returns {Generator<Event>}
 */
export function* scan(bytes) {
  let position = hasMagic(bytes) ? MAGIC.length : 0;
  let due = -1;
  let first = true;
  let wasted = 0;
  for (;;) {
    const { offset, head } = findHead(bytes, position);
    const skipped = offset > position && offset !== due;
    if (skipped && head && !first && startsFile(bytes, offset, head)) {
      yield { kind: "trailer", offset: offset - MAGIC.length };
      return;
    }
    if (skipped && (head || offset > due)) yield { kind: "gap", offset: position };
    if (!head) return;
    checkLength(head);
    const packet = packetAt(bytes, offset, head);
    yield { kind: "packet", packet };
    first = false;
    if (packet.fault) wasted += head.length;
    if (wasted > WASTE_FACTOR * bytes.length + WASTE_BYTES) {
      throw new LimitError("the file is a maze of packets inside broken packets: it is forged");
    }
    due = offset + packetBytes(head);
    position = packet.fault ? offset + HEAD_BYTES : due;
    if (head.type === TYPE_END && !packet.fault && !goesOn(bytes, position)) {
      if (position < bytes.length) yield { kind: "trailer", offset: position };
      return;
    }
  }
}

/** @param {Uint8Array} bytes @param {number} offset @param {Head} head @returns {Packet} */
function packetAt(bytes, offset, head) {
  const end = offset + packetBytes(head);
  if (head.type === TYPE_DATA && (end === bytes.length || parseHead(bytes, end))) {
    return { offset, head, body: null, fault: "" };
  }
  return loadPacket(bytes, offset, head);
}

/** Whether packets of the same file stand after its END. @param {Uint8Array} bytes @param {number} at */
function goesOn(bytes, at) {
  const { offset, head } = findHead(bytes.subarray(0, at + (64 << 10)), at);
  return head !== null && !(offset >= at + MAGIC.length && startsFile(bytes, offset, head));
}

/** @param {Uint8Array} bytes @param {number} offset @param {Head} head */
function startsFile(bytes, offset, head) {
  return head.type === TYPE_HEAD && hasMagic(bytes, offset - MAGIC.length);
}
