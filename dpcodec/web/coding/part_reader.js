/** From the packets of a segment to what is known of it: parts that cannot be decoded are left out. */

import { Cursor } from "../bytes.js";
import { FormatError } from "../errors.js";
import { bandOfBins } from "./bands.js";
import { interleaveOffset } from "./body.js";
import { knownMask, maskIsStored } from "./masks.js";
import { layMdctPart } from "./mdct_part.js";
import { layPerceptualPart } from "./perceptual_part.js";
import { Segment } from "./segment.js";
import { layStftPart } from "./stft_part.js";

/** @typedef {import("../container/header.js").Header} Header @typedef {import("./segment.js").Cells} Cells */

/** Reads segments of the files that have this header. */
export class PartReader {
  /** @param {Header} header */
  constructor(header) {
    this.header = header;
    this.bands = bandOfBins(header.bins, header.sampleRate);
    this.angleBands = header.perceptual ? this.bands[header.bins - 1] + 1 : 0;
    this.lay = header.perceptual ? layPerceptualPart : header.transform === "mdct" ? layMdctPart : layStftPart;
  }

  /**
   * What arrived of a segment, in steps of a channel of a part. `frames` is L, null where its parts tell it.
   * @param {import("../container/reader.js").SegmentData} data @param {number | null} frames
   * @returns {Generator<undefined, Segment, undefined>}
   */
  *read(data, frames) {
    const { header } = this;
    const problems = /** @type {string[]} */ ([]);
    const segment = new Segment(header, data.index, frames ?? this.toldFrames(data, problems), this.angleBands);
    segment.problems = problems;
    const mask = maskIsStored(header) || !data.parts.size ? null : knownMask(header, data.index, segment.frames);
    for (const [part, body] of data.parts) {
      const cells = this.cellsOf(part, data.totalParts, segment.frames);
      try {
        if (header.frameParts && part >= segment.frames) throw new FormatError("coded part: too few frames for so many parts");
        yield* this.lay({ header, segment, body, cells, parts: data.totalParts, mask, bands: this.bands });
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        problems.push(`segment ${data.index}: part ${part} cannot be decoded: ${error.message}`);
        continue;
      }
      this.arrive(segment, cells);
    }
    return segment;
  }

  /** @param {number} part @param {number} parts @param {number} frames @returns {Cells} */
  cellsOf(part, parts, frames) {
    const { bins, frameParts } = this.header;
    const count = (/** @type {number} */ n, /** @type {number} */ first) => Math.max(0, Math.ceil((n - first) / parts));
    if (frameParts) {
      return { row0: 0, rowStride: 1, rows: bins, frame0: part, frameStride: parts, frames: count(frames, part) };
    }
    const row0 = interleaveOffset(part, parts);
    return { row0, rowStride: parts, rows: count(bins, row0), frame0: 0, frameStride: 1, frames };
  }

  /** @param {Segment} segment @param {Cells} cells */
  arrive(segment, { row0, rowStride, frame0, frameStride }) {
    for (let row = row0; row < segment.bins; row += rowStride) {
      for (let l = frame0; l < segment.frames; l += frameStride) segment.arrived[row * segment.frames + l] = 1;
    }
    segment.told = true;
  }

  /** @param {import("../container/reader.js").SegmentData} data @param {string[]} problems */
  toldFrames(data, problems) {
    const most = this.header.segmentFrames;
    for (const [part, body] of data.parts) {
      let found;
      try {
        found = new Cursor(body).varint();
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        continue;
      }
      if (found >= 1 && found <= most) return found;
      problems.push(`segment ${data.index}: part ${part} claims ${found} frames`);
      return most;
    }
    return most;
  }
}

/**
 * What a part is laid with.
 * @typedef {object} Laying
 * @property {Header} header
 * @property {Segment} segment
 * @property {Uint8Array} body
 * @property {Cells} cells
 * @property {number} parts that the segment has
 * @property {Uint8Array | null} mask [C, K, L] where the header determines it
 * @property {Uint8Array} bands of the bins
 */
