/**
 * A file read piece by piece: segments in order from any one on, without the rest of the file. Where something is
 * wrong, or packets stand in another order, the whole file is read, so that its parity counts.
 */

import { Catalogue } from "../container/catalogue.js";
import { DamageLog } from "../container/damage.js";
import { frameCount, largestBody, segmentCount } from "../container/header.js";
import { FLAG_COMPRESSED, HEAD_BYTES, MAGIC, TYPE_DATA, TYPE_END } from "../container/limits.js";
import { checkKnown, checkLength, loadPacket, packetBytes, parseHead } from "../container/packets.js";
import { Reader, checkPlausible } from "../container/reader.js";
import { findHead, hasMagic } from "../container/scan.js";
import { decompress } from "../container/zstd.js";
import { FormatError, LimitError } from "../errors.js";

/**
 * @typedef {import("./sources.js").Source} Source @typedef {import("../container/reader.js").SegmentData} SegmentData
 */
/** @typedef {import("../container/packets.js").Head} Head */

const CHUNK_BYTES = 1 << 16;
const WHOLE_BYTES = 64 << 20;
const MOST_PROBES = 24;

/** Keeps the chunk that was read last. */
class ReadWindow {
  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    this.offset = 0;
    /** @type {Uint8Array} */
    this.bytes = new Uint8Array(0);
  }

  /** Bytes from an offset on, fewer only at the end. @param {number} offset @param {number} length */
  async at(offset, length) {
    const inside = offset - this.offset;
    if (inside < 0 || inside + length > this.bytes.length) {
      const ended = inside >= 0 && this.offset + this.bytes.length >= this.source.size;
      if (!ended) {
        this.bytes = await this.source.read(offset, Math.max(length, CHUNK_BYTES));
        this.offset = offset;
      }
    }
    return this.bytes.subarray(offset - this.offset, offset - this.offset + length);
  }
}

/** A file that is open. */
export class StreamFile {
  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    this.window = new ReadWindow(source);
    this.catalogue = new Catalogue(new DamageLog());
    /** @type {Reader | null} */
    this.whole = null;
    /** @type {Map<number, number>} offsets of first packets, by segment */
    this.marks = new Map();
    this.dataOffset = 0;
  }

  /** Raises what `Reader` raises, and what the source does. @param {Source} source */
  static async open(source) {
    const file = new StreamFile(source);
    const ordinary = await file.readStart();
    if (!ordinary || file.header.samples === null) await file.readAll();
    else checkPlausible(file.header, file.segments, source.size);
    return file;
  }

  get header() {
    const header = this.whole ? this.whole.header : this.catalogue.header;
    if (!header) throw new FormatError("no header was found");
    return header;
  }

  /** S. */
  get segments() {
    if (this.whole) return this.whole.segments;
    return segmentCount(this.header, this.header.samples ?? 0);
  }

  /** @returns {[string, string][]} */
  get tags() {
    return (this.whole ? this.whole.catalogue : this.catalogue).tags ?? [];
  }

  /** Packets up to the first DATA; whether all was well. */
  async readStart() {
    if (!hasMagic(await this.window.at(0, MAGIC.length))) return false;
    for (let offset = MAGIC.length; ; ) {
      const head = await this.headAt(offset);
      if (!head) return false;
      if (head.type === TYPE_DATA || head.type === TYPE_END) {
        this.dataOffset = offset;
        if (head.type === TYPE_DATA) this.marks.set(head.segment, offset);
        return this.catalogue.header !== null;
      }
      const packet = loadPacket(await this.window.at(offset, packetBytes(head)), 0, head);
      if (!packet.body) return false;
      this.catalogue.add({ ...packet, offset }, packet.body);
      offset += packetBytes(head);
    }
  }

  /** @param {number} offset @returns {Promise<Head | null>} */
  async headAt(offset) {
    const head = parseHead(await this.window.at(offset, HEAD_BYTES), 0);
    if (head) checkLength(head);
    return head;
  }

  /** Raises `LimitError` where the file is too long to be held. */
  async readAll() {
    if (this.source.size > WHOLE_BYTES && this.source.size !== Infinity) throw new LimitError("a damaged file of this size");
    const bytes = await this.source.read(0, WHOLE_BYTES + 1);
    if (bytes.length > WHOLE_BYTES) throw new LimitError("a damaged file of this size");
    this.whole = new Reader(bytes);
  }

  /** The frames of a segment, null where only its parts tell them. @param {number} index */
  framesOf(index) {
    if (this.whole) return this.whole.framesOf(index);
    return Math.min(this.header.segmentFrames, frameCount(this.header, this.header.samples ?? 0) - index * this.header.segmentFrames);
  }

  /** Segments from `first` on. @param {number} first @returns {AsyncGenerator<SegmentData>} */
  async *from(first) {
    let next = first;
    if (!this.whole) {
      for await (const data of this.inOrder(first)) {
        if (data.index !== next || !data.parts.size || data.parts.size < data.totalParts) break;
        yield data;
        next++;
      }
      if (next === this.segments) return;
      await this.readAll();
    }
    for (; next < this.segments; next++) yield /** @type {Reader} */ (this.whole).segment(next);
  }

  /**
   * Segments as their packets come, each once all its parts did or another one begins.
   * @param {number} first @returns {AsyncGenerator<SegmentData>}
   */
  async *inOrder(first) {
    let offset = await this.find(first);
    /** @type {SegmentData} */
    let data = { index: first, parts: new Map(), totalParts: 0 };
    for (;;) {
      const head = await this.headAt(offset);
      if (!head || head.type === TYPE_END) break;
      if (!(await this.isKnown(offset, head))) break;
      if (head.type === TYPE_DATA && head.segment >= first) {
        if (head.segment !== data.index) {
          yield data;
          data = { index: head.segment, parts: new Map(), totalParts: 0 };
        }
        if (!data.parts.size) this.marks.set(head.segment, offset);
        const body = await this.bodyAt(offset, head);
        if (!body || data.parts.has(head.part) || (data.totalParts && data.totalParts !== head.parts)) break;
        data.totalParts = head.parts;
        data.parts.set(head.part, body);
        if (data.parts.size === data.totalParts) {
          yield data;
          first = data.index + 1;
          data = { index: first, parts: new Map(), totalParts: 0 };
        }
      }
      offset += packetBytes(head);
    }
    if (data.parts.size) yield { ...data, totalParts: data.totalParts + 1 };
  }

  /**
   * False for a damaged packet of a type that there is not; raises `VersionError` where it is intact.
   * @param {number} offset @param {Head} head
   */
  async isKnown(offset, head) {
    try {
      checkKnown(head);
    } catch (error) {
      const intact = () => this.window.at(offset, packetBytes(head)).then((bytes) => loadPacket(bytes, 0, head).body);
      if (head.type === TYPE_DATA || (await intact())) throw error;
      return false;
    }
    return true;
  }

  /** The body of a packet, null where it did not pass. @param {number} offset @param {Head} head */
  async bodyAt(offset, head) {
    const { body } = loadPacket(await this.window.at(offset, packetBytes(head)), 0, head);
    if (!body || head.part >= head.parts || head.parts > this.header.parts) return null;
    if (!(head.flags & FLAG_COMPRESSED)) return body.slice();
    try {
      return decompress(body, largestBody(this.header, head.parts));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return null;
    }
  }

  /** Where to read on for a segment: at its first packet or a little before it. @param {number} segment */
  async find(segment) {
    let low = { segment: 0, offset: this.dataOffset };
    let high = { segment: this.segments, offset: this.source.size };
    for (const [known, offset] of this.marks) {
      if (known <= segment && known >= low.segment) low = { segment: known, offset };
      if (known > segment && known < high.segment) high = { segment: known, offset };
    }
    for (let probe = 0; probe < MOST_PROBES && low.segment < segment && high.offset - low.offset > CHUNK_BYTES; probe++) {
      const share = (segment - low.segment - 0.5) / (high.segment - low.segment);
      const guess = Math.floor(low.offset + share * (high.offset - low.offset) - CHUNK_BYTES / 4);
      const found = await this.nextStart(Math.max(low.offset + 1, guess), high.offset);
      if (!found) high = { segment: high.segment, offset: Math.max(low.offset + 1, guess) };
      else if (found.segment > segment) high = found;
      else low = found;
      if (found) this.marks.set(found.segment, found.offset);
    }
    return low.offset;
  }

  /**
   * The first packet of a segment that begins behind an offset and before another one.
   * @param {number} from @param {number} to
   */
  async nextStart(from, to) {
    let offset = from;
    let last = -1;
    while (offset < to) {
      const bytes = await this.window.at(offset, CHUNK_BYTES);
      const inside = findHead(bytes, 0);
      if (!inside.head) {
        if (last >= 0 || bytes.length < CHUNK_BYTES) return null;
        offset += bytes.length - HEAD_BYTES;
        continue;
      }
      offset += inside.offset;
      const { type, segment } = inside.head;
      if (type === TYPE_DATA && offset < to) {
        if (last >= 0 && segment !== last) return { segment, offset };
        last = segment;
      }
      offset += packetBytes(inside.head);
    }
    return null;
  }
}
