/** Masks: those that the header determines, and those stored in runs. */

import { Cursor } from "../bytes.js";
import { FormatError } from "../errors.js";
import { randomMask } from "./philox.js";

const LONGEST_RUN_EXPONENT = 31;

/** Whether parts hold the mask. @param {import("../container/header.js").Header} header */
export function maskIsStored(header) {
  return header.mask !== "random" && header.mask !== "columns";
}

/**
 * The mask of a segment that follows from the header, [C, K, L], 1 where kept.
 * @param {import("../container/header.js").Header} header @param {number} segment @param {number} frames
 */
export function knownMask(header, segment, frames) {
  const cells = header.bins * frames;
  const mask = new Uint8Array(header.channels * cells);
  if (header.mask === "random") {
    for (let c = 0; c < header.channels; c++) {
      randomMask(header, segment, c, cells, mask.subarray(c * cells, (c + 1) * cells));
    }
    return mask;
  }
  mask.fill(1);
  const start = segment * header.segmentFrames;
  for (const [first, last] of header.columns) {
    for (let l = Math.max(0, first - start); l <= Math.min(frames - 1, last - start); l++) {
      for (let at = l; at < mask.length; at += frames) mask[at] = 0;
    }
  }
  return mask;
}

/**
 * The mask at the start of a payload, its length before it, and where it ends.
 * @param {Uint8Array} payload @param {number} cells
 */
export function readMask(payload, cells) {
  const cursor = new Cursor(payload);
  const length = cursor.varint();
  if (length > cursor.left) throw new FormatError("stored mask: longer than its payload");
  const end = cursor.at + length;
  return { mask: unpackMask(payload.subarray(cursor.at, end), cells), end };
}

/**
 * A mask in runs. Raises `FormatError` unless they fill cells and bytes exactly.
 * @param {Uint8Array} data @param {number} cells
 */
export function unpackMask(data, cells) {
  const mask = new Uint8Array(cells);
  if (!cells) {
    if (data.length) throw new FormatError("stored mask: bytes for an empty grid");
    return mask;
  }
  const cursor = new Cursor(data);
  const length = cursor.varint();
  const bits = data.subarray(cursor.at);
  if (length > 8 * bits.length) throw new FormatError("stored mask: no possible number of runs");
  const bit = (/** @type {number} */ at) => (bits[at >> 3] >> (7 - (at & 7))) & 1;
  return fillRuns(mask, runExponents(bit, length, cells), bit, length, 8 * bits.length);
}

/** @param {(at: number) => number} bit @param {number} length @param {number} cells */
function runExponents(bit, length, cells) {
  const exponents = [];
  let ones = 0;
  for (let at = 0; at < length; at++) {
    if (bit(at)) {
      if (++ones > LONGEST_RUN_EXPONENT) throw new FormatError("stored mask: a run longer than any grid");
    } else {
      exponents.push(ones);
      ones = 0;
    }
  }
  if (ones || !exponents.length || exponents.length > cells + 1) {
    throw new FormatError("stored mask: no possible number of runs");
  }
  return exponents;
}

/**
 * @param {Uint8Array} mask @param {number[]} exponents @param {(at: number) => number} bit @param {number} at
 * @param {number} end
 */
function fillRuns(mask, exponents, bit, at, end) {
  const needed = exponents.reduce((sum, e) => sum + e, at);
  if (end < needed || end - needed >= 8) throw new FormatError("stored mask: its runs do not fill its bytes");
  for (let i = needed; i < end; i++) {
    if (bit(i)) throw new FormatError("stored mask: its runs do not fill its bytes");
  }
  let cell = 0;
  exponents.forEach((e, i) => {
    let run = 1;
    for (let j = 0; j < e; j++) run = 2 * run + bit(at++);
    run -= i === 0 ? 1 : 0;
    if (cell + run > mask.length) throw new FormatError("stored mask: its runs do not fill the grid");
    mask.fill(i & 1, cell, cell + run);
    cell += run;
  });
  if (cell !== mask.length) throw new FormatError("stored mask: its runs do not fill the grid");
  return mask;
}
