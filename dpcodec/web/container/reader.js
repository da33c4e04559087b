/** Reading a file that is all there: the header, the tags, the parts of each segment, and what is damaged. */

import { sameBytes } from "../bytes.js";
import { DpcError, FormatError, LimitError, VersionError } from "../errors.js";
import { Catalogue } from "./catalogue.js";
import { DamageLog } from "./damage.js";
import { coefficientCount, frameCount, largestBody } from "./header.js";
import {
  FLAG_COMPRESSED, FREE_COEFFICIENTS, MAGIC, MAX_EXPANSION, MAX_PACKETS, MAX_PARTS, PLAUSIBLE_BYTES,
  PLAUSIBLE_SEGMENTS, TYPE_DATA,
} from "./limits.js";
import { mendFile } from "./mend.js";
import { addDigest, checkKnown, loadPacket, packetDigest, parseHead } from "./packets.js";
import { hasMagic, scan } from "./scan.js";
import { decompress } from "./zstd.js";

/** @typedef {import("./header.js").Header} Header @typedef {import("./packets.js").Packet} Packet */
/**
 * @typedef {object} SegmentData
 * @property {number} index
 * @property {Map<number, Uint8Array>} parts bodies that arrived, by part
 * @property {number} totalParts how many there should be
 */

/**
 * Reads a `.dpc` file from its bytes. Raises `FormatError` if no header can be found or a field of it is invalid,
 * `VersionError` if the file needs a newer reader, `LimitError` if it claims more than it can hold.
 */
export class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    /** Packets that parity brought back. */
    this.rebuilt = 0;
    this.bytes = bytes;
    this.log = new DamageLog();
    this.catalogue = new Catalogue(this.log);
    /** @type {Map<number, number[]>} offsets of the packets of each segment */
    this.places = new Map();
    this.sum = new Uint8Array(16);
    this.hashPassed = false;
    /** S, as far as the file tells it. */
    this.segments = 0;
    try {
      this.open(bytes);
    } catch (error) {
      // what cannot be read as it is may be whole by its parity, which may stand farther on
      if (!(error instanceof FormatError || error instanceof VersionError) || !this.mend(bytes)) throw error;
      return;
    }
    if (this.catalogue.hasParity) this.mend(bytes);
  }

  /** @param {Uint8Array} bytes */
  mend(bytes) {
    const mended = mendFile(bytes);
    if (!mended) return false;
    this.rebuilt = mended.rebuilt;
    this.open(mended.bytes);
    return true;
  }

  /** @param {Uint8Array} bytes */
  open(bytes) {
    this.bytes = bytes;
    this.log = new DamageLog();
    this.catalogue = new Catalogue(this.log);
    this.places = new Map();
    if (!hasMagic(bytes)) this.log.add("magic", "the file does not start with the mark of a .dpc file");
    const anyPacket = this.collect();
    if (!this.catalogue.end) this.log.add("end", "the end of the file is missing");
    const header = this.catalogue.header;
    if (!header) throw new FormatError(anyPacket ? "no copy of the header survives" : "not a .dpc file");
    const total = this.catalogue.totalSegments;
    this.segments = total ?? [...this.places.keys()].reduce((most, s) => Math.max(most, s + 1), 0);
    checkPlausible(header, this.segments, bytes.length);
    const beyond = [...this.places.keys()].filter((segment) => segment >= this.segments);
    if (beyond.length) this.log.add("place", `${beyond.length} segments lie beyond the end of the audio`);
    this.checkIndex();
  }

  /** Walks over the file; whether there was any packet. */
  collect() {
    let packets = 0;
    let data = 0;
    for (const event of scan(this.bytes)) {
      if (event.kind === "gap") {
        this.log.add("junk", `bytes at ${event.offset} belong to no packet`);
      } else if (event.kind === "trailer") {
        this.catalogue.warnings.add(`what follows the end of the file, at byte ${event.offset}, is left out`);
      } else {
        packets++;
        if (event.packet.head.type !== TYPE_DATA) this.take(event.packet);
        else if (this.place(event.packet) && ++data > MAX_PACKETS) throw new LimitError("the file has too many packets");
      }
    }
    return packets > 0;
  }

  /** @param {Packet} packet */
  take(packet) {
    if (packet.body) this.catalogue.add(packet, packet.body);
    else this.log.add("packet", `packet of type ${packet.head.type}: ${packet.fault}`);
  }

  /** @param {Packet} packet */
  place({ offset, head }) {
    checkKnown(head);
    if (head.part >= head.parts || head.parts > MAX_PARTS) {
      this.log.add("place", `a packet says part ${head.part} of ${head.parts}`, head.segment);
      return false;
    }
    const offsets = this.places.get(head.segment);
    if (offsets) offsets.push(offset);
    else this.places.set(head.segment, [offset]);
    return true;
  }

  checkIndex() {
    const { index } = this.catalogue;
    if (!index || this.log.entries.length) return;
    const found = [...this.places].sort((a, b) => a[0] - b[0]).map(([, offsets]) => Math.min(...offsets));
    if (found.length !== index.length || found.some((offset, i) => offset !== index[i])) {
      this.catalogue.warnings.add("the index does not match the packets");
    }
  }

  /** @returns {Header} */
  get header() {
    return /** @type {Header} */ (this.catalogue.header);
  }

  /** The frames of a segment, null where only its parts tell them. @param {number} segment */
  framesOf(segment) {
    const { samples, segmentFrames } = this.header;
    if (samples === null) return segment + 1 < this.segments ? segmentFrames : null;
    return Math.min(segmentFrames, frameCount(this.header, samples) - segment * segmentFrames);
  }

  /** What arrived of a segment; what did not is noted. @param {number} index @returns {SegmentData} */
  segment(index) {
    const gathered = this.gather(index);
    const parts = new Map();
    for (const [part, packet] of [...gathered.packets].sort((a, b) => a[0] - b[0])) {
      const body = /** @type {Uint8Array} */ (packet.body);
      addDigest(this.sum, packetDigest(packet.head, body));
      const content = this.content(packet, body);
      if (content) parts.set(part, content);
    }
    return { index, parts, totalParts: gathered.total };
  }

  /** All segments in order; reading them to the end settles `hashPassed`. @returns {Generator<SegmentData>} */
  *all() {
    this.sum.fill(0);
    for (let index = 0; index < this.segments; index++) yield this.segment(index);
    const { end } = this.catalogue;
    this.hashPassed = end !== null && sameBytes(end.digest, this.sum);
    if (!this.log.entries.length && !this.hashPassed) this.log.add("hash", "the end hash does not match");
  }

  /** @param {number} offset */
  headAt(offset) {
    return /** @type {import("./packets.js").Head} */ (parseHead(this.bytes, offset));
  }

  /** Packets of one segment by part, the first of each place. @param {number} index */
  gather(index) {
    /** @type {Map<number, Packet>} */
    const packets = new Map();
    const damaged = new Set();
    let total = 0;
    const heads = (this.places.get(index) ?? []).map((offset) => ({ offset, head: this.headAt(offset) }));
    for (const { offset, head } of heads.sort((a, b) => a.head.part - b.head.part)) {
      const packet = loadPacket(this.bytes, offset, head);
      const held = packets.get(head.part);
      if (!packet.body) {
        damaged.add(head.part);
        this.log.add("packet", packet.fault, index);
      } else if (head.parts > this.header.parts || (total && head.parts !== total)) {
        this.log.add("place", `a packet says part ${head.part} of ${head.parts}`, index);
      } else if (!held) {
        total = head.parts;
        packets.set(head.part, packet);
      } else if (!sameBytes(/** @type {Uint8Array} */ (held.body), packet.body) || held.head.flags !== head.flags) {
        this.log.add("duplicate", "two intact packets disagree, the first is used", index);
      }
    }
    total = total || this.header.parts;
    if (!packets.size) this.log.add("segment", "missing", index);
    for (let part = 0; packets.size && part < total; part++) {
      if (!packets.has(part) && !damaged.has(part)) this.log.add("part", `part ${part} is missing`, index);
    }
    return { total, packets };
  }

  /** The body of a packet; null where it cannot be decompressed. @param {Packet} packet @param {Uint8Array} body */
  content(packet, body) {
    if (!(packet.head.flags & FLAG_COMPRESSED)) return body;
    try {
      return decompress(body, largestBody(this.header, packet.head.parts));
    } catch (error) {
      if (!(error instanceof DpcError) || error instanceof LimitError) throw error;
      this.log.add("packet", error.message, packet.head.segment);
      return null;
    }
  }
}

/**
 * Raises `LimitError` if so many segments are far more audio than so many bytes can hold.
 * @param {Header} header @param {number} segments @param {number} bytes
 */
export function checkPlausible(header, segments, bytes) {
  if (segments > PLAUSIBLE_SEGMENTS + Math.floor(bytes / PLAUSIBLE_BYTES)) {
    throw new LimitError(`the file claims ${segments} segments, ${bytes} bytes cannot hold them`);
  }
  const claimed = coefficientCount(header, segments);
  if (claimed > FREE_COEFFICIENTS + MAX_EXPANSION * bytes) {
    throw new LimitError(`the file claims ${claimed} coefficients, ${bytes} bytes cannot hold them`);
  }
}

/** Whether bytes can be the start of a `.dpc` file. @param {Uint8Array} bytes */
export function looksLikeDpc(bytes) {
  return bytes.length >= MAGIC.length && hasMagic(bytes);
}
