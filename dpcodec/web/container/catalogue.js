/** Everything in a file that is not coefficients: header and its copies, tags, index, end. */

import { readU32, sameBytes } from "../bytes.js";
import { DpcError } from "../errors.js";
import { segmentCount, unpackHeader } from "./header.js";
import {
  FLAG_COMPRESSED, MAGIC, MAX_ATTACHMENTS, MAX_ATTACHMENTS_BYTES, MAX_KIND_BYTES, MAX_TAGS, MAX_TAGS_BYTES,
  TYPE_ATTACHMENT, TYPE_END, TYPE_HEAD, TYPE_INDEX, TYPE_PARITY, TYPE_TAGS,
} from "./limits.js";
import { checkKnown, unpackEnd, unpackIndex } from "./packets.js";
import { unpackParity } from "./parity.js";
import { decompress } from "./zstd.js";

/** @typedef {import("./header.js").Header} Header */
/** @typedef {{kind: string, data: Uint8Array}} Attachment */

/** Takes intact packets as they are found and settles what they say of the whole file. */
export class Catalogue {
  /** @param {import("./damage.js").DamageLog} log */
  constructor(log) {
    this.log = log;
    /** @type {Header | null} */
    this.header = null;
    /** @type {ReturnType<typeof unpackEnd> | null} */
    this.end = null;
    /** @type {[string, string][] | null} */
    this.tags = null;
    /** @type {Attachment[]} */
    this.attachments = [];
    /** @type {number[] | null} */
    this.index = null;
    /** @type {Set<string>} */
    this.warnings = new Set();
    this.hasParity = false;
    this.attachedBytes = 0;
  }

  /** S, null while it is not known. */
  get totalSegments() {
    if (this.header && this.header.samples !== null) return segmentCount(this.header, this.header.samples);
    return this.end ? this.end.segments : null;
  }

  /** @param {import("./packets.js").Packet} packet @param {Uint8Array} body */
  add(packet, body) {
    checkKnown(packet.head);
    const { type } = packet.head;
    if (type === TYPE_HEAD) this.addHeader(unpackHeader(body), packet.offset);
    else if (type === TYPE_END) this.addEnd(unpackEnd(body));
    else if (type === TYPE_TAGS && !this.tags) this.addTags(packet, body);
    else if (type === TYPE_ATTACHMENT) this.addAttachment(packet, body);
    else if (type === TYPE_INDEX) this.addIndex(body);
    else if (type === TYPE_PARITY) this.addParity(body);
  }

  /** @param {Header} header @param {number} offset */
  addHeader(header, offset) {
    if (!this.header) {
      this.header = header;
      if (offset > MAGIC.length) this.log.add("header", "the first header is lost, a copy is used");
      return;
    }
    this.compare(header);
    if (!this.end && header.samples !== null) this.header = { ...this.header, samples: header.samples };
  }

  /** @param {ReturnType<typeof unpackEnd>} end */
  addEnd(end) {
    if (this.end) {
      const same = sameBytes(end.digest, this.end.digest) && end.segments === this.end.segments;
      const alike = end.header.identity === this.end.header.identity && end.header.samples === this.end.header.samples;
      if (!same || !alike) this.log.add("duplicate", "two end packets disagree");
      return;
    }
    this.end = end;
    if (!this.header) {
      this.header = end.header;
      this.log.add("header", "the header is lost, the end's copy is used");
    } else {
      this.compare(end.header);
    }
    const { samples } = end.header;
    if (samples === null) {
      this.log.add("end", "the end of the audio is lost, its length is not known");
      return;
    }
    if (this.header.samples !== null && this.header.samples !== samples) {
      this.warnings.add(`the header promised ${this.header.samples} samples, the file holds ${samples}`);
    }
    this.header = { ...this.header, samples };
  }

  /** @param {Header} header */
  compare(header) {
    if (header.identity !== this.header?.identity) {
      this.log.add("header", "a copy of the header disagrees with the first");
    }
  }

  /** @param {import("./packets.js").Packet} packet @param {Uint8Array} body */
  addTags(packet, body) {
    this.tags = [];
    const text = this.content(packet, body, MAX_TAGS_BYTES, "the tags are");
    if (!text) return;
    if (text.length > MAX_TAGS_BYTES) this.warnings.add("the tags are left out: too long");
    else this.tags = unpackTags(text, this.warnings);
  }

  /** @param {import("./packets.js").Packet} packet @param {Uint8Array} body */
  addAttachment(packet, body) {
    const left = MAX_ATTACHMENTS_BYTES - this.attachedBytes;
    const content = this.content(packet, body, left + 1 + MAX_KIND_BYTES, "an attachment is");
    if (!content) return;
    const length = content[0] ?? 0;
    const kind = String.fromCharCode(...content.subarray(1, 1 + length));
    const data = content.subarray(1 + length);
    if (!length || length > MAX_KIND_BYTES || content.length < 1 + length || !/^[ -~]+$/.test(kind)) {
      this.warnings.add("a malformed attachment is left out");
    } else if (data.length > left || this.attachments.length === MAX_ATTACHMENTS) {
      this.warnings.add("attachments over the limit are left out");
    } else if (!this.attachments.some((one) => one.kind === kind && sameBytes(one.data, data))) {
      this.attachedBytes += data.length;
      this.attachments.push({ kind, data });
    }
  }

  /**
   * @param {import("./packets.js").Packet} packet @param {Uint8Array} body @param {number} limit
   * @param {string} what
   */
  content(packet, body, limit, what) {
    try {
      return packet.head.flags & FLAG_COMPRESSED ? decompress(body, limit) : body;
    } catch (error) {
      if (!(error instanceof DpcError)) throw error;
      this.warnings.add(`${what} left out: ${error.message}`);
      return null;
    }
  }

  /** @param {Uint8Array} body */
  addIndex(body) {
    try {
      this.index = unpackIndex(body);
    } catch (error) {
      if (!(error instanceof DpcError)) throw error;
      this.warnings.add(`the index is left out: ${error.message}`);
    }
  }

  /** @param {Uint8Array} body */
  addParity(body) {
    if (unpackParity(body)) this.hasParity = true;
    else this.warnings.add("malformed parity is left out");
  }
}

/**
 * The pairs in a TAGS body; what breaks the rules is left out.
 * @param {Uint8Array} body @param {Set<string>} warnings
 */
function unpackTags(body, warnings) {
  /** @type {[string, string][]} */
  const tags = [];
  let wrong = 0;
  for (let at = 0; at < body.length; ) {
    if (tags.length === MAX_TAGS || wrong > MAX_TAGS) {
      warnings.add(`tags after the first ${MAX_TAGS} are left out`);
      break;
    }
    const length = body.length - at >= 4 ? readU32(body, at) : body.length;
    const entry = body.subarray(at + 4, at + 4 + length);
    if (entry.length < length) {
      warnings.add("the tags end within an entry");
      break;
    }
    at += 4 + length;
    const text = textOf(entry, warnings);
    const equals = text.indexOf("=");
    if (equals > 0) {
      tags.push([text.slice(0, equals), text.slice(equals + 1)]);
    } else {
      warnings.add("a tag without a key is left out");
      wrong++;
    }
  }
  return tags;
}

/** @param {Uint8Array} bytes @param {Set<string>} warnings */
function textOf(bytes, warnings) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    warnings.add("a tag is not UTF-8 text");
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
}
