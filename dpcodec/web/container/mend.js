/** A file made whole again from its parity before it is read. */

import { joinBytes, readU32 } from "../bytes.js";
import {
  MAGIC, MAX_MENDED_FACTOR, MENDED_FREE_BYTES, TYPE_ATTACHMENT, TYPE_DATA, TYPE_END, TYPE_HEAD, TYPE_INDEX, TYPE_PARITY,
  TYPE_RESERVED, TYPE_TAGS,
} from "./limits.js";
import { loadPacket, packetBytes, parseHead } from "./packets.js";
import { recoverMembers, unpackParity } from "./parity.js";
import { hasMagic, scan } from "./scan.js";
import { asWritten } from "./written.js";

/** @typedef {import("./parity.js").Group} Group */
/**
 * @typedef {{type: number, bytes: Uint8Array, offset: number}} Whole a packet as it stands in the file; -1 where it came
 * back
 */

/** What was found. */
export class Survey {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    /** By body checksum, null where several have it. @type {Map<number, Whole | null>} */
    this.packets = new Map();
    /** @type {Whole[]} */
    this.order = [];
    /**
     * Parities by group, and where they stand.
     * @type {Map<string, {group: Group, parities: Map<number, Uint8Array>, places: Map<number, Whole>}>}
     */
    this.groups = new Map();
    /** Members that came back, by group and number. @type {Map<string, Whole>} */
    this.rebuilt = new Map();
    /** Whether anything is wrong. */
    this.hurt = !hasMagic(bytes);
    /** Where the file ends. */
    this.stop = bytes.length;
    for (const event of scan(bytes)) {
      if (event.kind === "gap") this.hurt = true;
      if (event.kind === "trailer") this.stop = event.offset;
      if (event.kind !== "packet") continue;
      const { offset, head } = event.packet;
      const { body } = loadPacket(bytes, offset, head);
      if (body) this.add({ type: head.type, bytes: bytes.subarray(offset, offset + packetBytes(head)), offset }, body);
      else this.hurt = true;
    }
    this.markRepeated();
  }

  /** A packet that several members may be tells of none of them that it is there. */
  markRepeated() {
    /** @type {Set<number>} */
    const listed = new Set();
    for (const checksum of [...this.groups.values()].flatMap(({ group }) => group.checksums)) {
      if (listed.has(checksum) && this.packets.get(checksum)?.type === TYPE_DATA) this.packets.set(checksum, null);
      listed.add(checksum);
    }
  }

  /** A member of a group, null where it is lost or cannot be told from another. @param {Group} group @param {number} index */
  member(group, index) {
    const whole = this.rebuilt.get(`${group.key} ${index}`) ?? this.packets.get(group.checksums[index]);
    return whole && whole.bytes.length <= group.length ? whole : null;
  }

  /** @param {Whole} whole @param {Uint8Array} body */
  add(whole, body) {
    this.order.push(whole);
    if (whole.type !== TYPE_PARITY) {
      const checksum = checksumOf(whole.bytes);
      const other = this.packets.get(checksum);
      const same = other && headsAgree(other.bytes, whole.bytes);
      if (other === undefined) this.packets.set(checksum, whole);
      else if (!same) this.packets.set(checksum, null);
      return;
    }
    const parity = unpackParity(body);
    if (!parity) return;
    const entry = this.groups.get(parity.group.key) ?? { group: parity.group, parities: new Map(), places: new Map() };
    if (!entry.parities.has(parity.index)) {
      entry.parities.set(parity.index, parity.string);
      entry.places.set(parity.index, whole);
    }
    this.groups.set(parity.group.key, entry);
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function headsAgree(a, b) {
  return readU32(a, 18) === readU32(b, 18);
}

/** Of a whole packet, its body checksum. @param {Uint8Array} bytes */
function checksumOf(bytes) {
  return readU32(bytes, bytes.length - 4);
}

/**
 * The file as it was written, where its parity tells that; else with what its parity brings back: packets that passed and
 * those that came back, a header first and the end last. Null where nothing is wrong with it or nothing came back.
 * @param {Uint8Array} bytes @returns {{bytes: Uint8Array, rebuilt: number} | null}
 */
export function mendFile(bytes) {
  const survey = new Survey(bytes);
  const rebuilt = rebuildAll(survey);
  const written = asWritten(survey);
  if (written?.unchanged) return null;
  const most = MAX_MENDED_FACTOR * bytes.length + MENDED_FREE_BYTES;
  if (written) {
    const pieces = written.pieces.map((whole) => whole.bytes);
    return written.size <= most ? { bytes: joinBytes([MAGIC, ...pieces]), rebuilt: rebuilt.length } : null;
  }
  if (!rebuilt.length) return null;
  const ranks = new Map([[TYPE_HEAD, 0], [TYPE_TAGS, 1], [TYPE_ATTACHMENT, 1], [TYPE_END, 3]]);
  const rank = (/** @type {number} */ type) => ranks.get(type) ?? 2;
  const order = [...survey.order, ...rebuilt].filter((whole) => whole.type !== TYPE_INDEX);
  order.sort((a, b) => rank(a.type) - rank(b.type));
  const size = order.reduce((sum, whole) => sum + whole.bytes.length, 0);
  return size <= most ? { bytes: joinBytes([MAGIC, ...order.map((whole) => whole.bytes)]), rebuilt: rebuilt.length } : null;
}

/** Brings back what the groups can. @param {Survey} survey @returns {Whole[]} */
function rebuildAll(survey) {
  const listed = new Set([...survey.groups.values()].flatMap(({ group }) => group.checksums));
  const isMetadata = (/** @type {number} */ type) => type === TYPE_TAGS || type === TYPE_ATTACHMENT;
  const changed = [...survey.packets].some(([sum, whole]) => whole && isMetadata(whole.type) && !listed.has(sum));
  const rebuilt = [];
  for (const { group, parities } of [...survey.groups.values()].sort((a, b) => a.group.block - b.group.block)) {
    const fetch = (/** @type {number} */ i) => survey.member(group, i)?.bytes ?? null;
    for (const [index, string] of recoverMembers(group, fetch, parities)) {
      const whole = rebuiltPacket(string, group.checksums[index]);
      if (!whole || (changed && isMetadata(whole.type))) continue;
      if (!survey.packets.has(group.checksums[index])) survey.packets.set(group.checksums[index], whole);
      else survey.rebuilt.set(`${group.key} ${index}`, whole);
      rebuilt.push(whole);
    }
  }
  return rebuilt;
}

/**
 * What came out of the erasure code, if it is the packet that was meant.
 * @param {Uint8Array} string @param {number} checksum @returns {Whole | null}
 */
function rebuiltPacket(string, checksum) {
  const head = parseHead(string, 0);
  if (!head || packetBytes(head) > string.length) return null;
  if (head.type === TYPE_PARITY || head.type & TYPE_RESERVED) return null;
  const bytes = string.subarray(0, packetBytes(head));
  if (string.subarray(bytes.length).some((byte) => byte !== 0)) return null;
  if (!loadPacket(bytes, 0, head).body) return null;
  return checksumOf(bytes) === checksum ? { type: head.type, bytes, offset: -1 } : null;
}
