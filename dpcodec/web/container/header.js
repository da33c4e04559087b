/** What a decoder must know before the first coefficient (docs/format.md, "Header"). */

import { Cursor, readU32 } from "../bytes.js";
import { FormatError, LimitError, VersionError } from "../errors.js";
import {
  BODY_BYTES_A_CELL, BODY_FREE_BYTES, MAX_BLOCK_SPLIT, MAX_BODY_BYTES, MAX_FRAME_INDEX, MAX_N_FFT, MAX_PARTS,
  MAX_RATE_HZ, MAX_REDUNDANCY, MAX_SAMPLES, MAX_SEGMENTS, MAX_SEGMENT_FRAMES, MIN_N_FFT,
} from "./limits.js";

const FIXED_BYTES = 45;
const FLAG_EXACT = 1;
const FLAG_EXTENDED = 8;
const FLAG_PERCEPTUAL = 16;
const FLAG_REVISED = 32;
const FLAG_FRAME_PARTS = 64;
const FLAG_CUSTOM = 128;
const UNUSED_HEADER_FLAG = 4;
const WINDOWS = ["hann", "sine", "kbd"];
const MASKS = ["random", "energy", "columns", "significance", "perceptual", "custom"];
const WINDOWS_OF = { stft: ["hann", "sine"], mdct: ["sine", "kbd"] };

/**
 * @typedef {object} Header
 * @property {number} sampleRate Hz
 * @property {number} channels C
 * @property {number | null} samples N a channel; null while it is not known
 * @property {number} seedLow of the random mask, its lower 32 bits
 * @property {number} seedHigh
 * @property {number} nFft
 * @property {number} hop
 * @property {number} dropQ32
 * @property {number} segmentFrames F
 * @property {number} parts G
 * @property {string} window
 * @property {string} mask
 * @property {[number, number][]} columns ranges of dropped frames
 * @property {"stft" | "mdct"} transform
 * @property {number} maxBlockSplit
 * @property {boolean} exact
 * @property {boolean} perceptual
 * @property {boolean} revised
 * @property {boolean} frameParts
 * @property {number} bins K
 * @property {string} identity all fields but N, as text: copies of a header agree in it
 */

/**
 * The header in the body of a HEAD packet. Raises what docs/format.md says under "Header".
 * @param {Uint8Array} body @returns {Header}
 */
export function unpackHeader(body) {
  if (body.length && body[0] > 1) throw new VersionError(`the file needs a reader of format ${body[0]}.x`);
  if (body.length < FIXED_BYTES) throw new FormatError(`invalid field header length ${body.length}`);
  const minor = body[1];
  const flags = body[2];
  if (body[0] !== 1) throw new FormatError(`invalid field version ${body[0]}.${minor}`);
  if (flags & UNUSED_HEADER_FLAG) throw new VersionError(`the header has unknown flags ${flags}`);
  const window = named("window", WINDOWS, body[41]);
  const mask = named("mask", MASKS, body[42]);
  const cursor = new Cursor(body, FIXED_BYTES);
  const columns = unpackColumns(cursor);
  const { transform, maxBlockSplit } = unpackExtension(cursor, flags, minor);
  const since = Math.max(transform === "mdct" ? 1 : 0, { significance: 1, perceptual: 2, custom: 4 }[mask] ?? 0);
  if (Boolean(flags & FLAG_EXTENDED) !== since >= 1) {
    throw new FormatError("invalid field flags: the extension is missing, or nothing needs it");
  }
  const perceptual = mask === "perceptual" && transform === "mdct";
  if (Boolean(flags & FLAG_PERCEPTUAL) !== perceptual) {
    throw new FormatError("invalid field flags: scale factors need mask perceptual, and it needs them");
  }
  if (Boolean(flags & FLAG_CUSTOM) !== (mask === "custom")) {
    throw new FormatError("invalid field flags: bit 7 is for the custom mask, and it needs it");
  }
  const known = readU32(body, 8) !== 0xffffffff || readU32(body, 12) !== 0xffffffff;
  const header = {
    sampleRate: readU32(body, 4),
    channels: body[3],
    samples: known ? readU32(body, 8) + readU32(body, 12) * 2 ** 32 : null,
    seedLow: readU32(body, 16),
    seedHigh: readU32(body, 20),
    nFft: readU32(body, 24),
    hop: readU32(body, 28),
    dropQ32: readU32(body, 32),
    segmentFrames: readU32(body, 36),
    parts: body[40],
    window,
    mask,
    columns,
    transform,
    maxBlockSplit,
    exact: Boolean(flags & FLAG_EXACT),
    perceptual,
    revised: Boolean(flags & FLAG_REVISED),
    frameParts: Boolean(flags & FLAG_FRAME_PARTS),
    bins: 0,
    identity: "",
  };
  header.bins = header.nFft / 2 + (transform === "stft" ? 1 : 0);
  checkHeader(header);
  const least = header.revised ? (header.frameParts ? 4 : 3) : since;
  if (minor < least) throw new FormatError(`invalid field version 1.${minor}: what it uses came with 1.${least}`);
  if (cursor.left && minor <= least) throw new FormatError(`invalid field header length ${body.length}`);
  header.identity = JSON.stringify({ ...header, samples: 0, repaired: flags & 2, origin: originOf(body) });
  return header;
}

/** Ids of the source's container and sample format; those that are not known count as 0. @param {Uint8Array} body */
function originOf(body) {
  return [body[43] < 16 ? body[43] : 0, body[44] < 13 ? body[44] : 0];
}

/** @param {string} field @param {string[]} names @param {number} number */
function named(field, names, number) {
  if (number >= names.length) throw new FormatError(`invalid field ${field} ${number}`);
  return names[number];
}

/** @param {Cursor} cursor @returns {[number, number][]} */
function unpackColumns(cursor) {
  const count = cursor.varint();
  if (count > Math.floor(cursor.left / 2)) throw new FormatError(`invalid field columns: ${count} ranges do not fit`);
  /** @type {[number, number][]} */
  const columns = [];
  let previous = -2;
  for (let i = 0; i < count; i++) {
    const first = previous + 2 + cursor.varint();
    previous = first + cursor.varint();
    columns.push([first, previous]);
  }
  return columns;
}

/** @param {Cursor} cursor @param {number} flags @param {number} minor */
function unpackExtension(cursor, flags, minor) {
  /** @type {"stft" | "mdct"} */
  let transform = "stft";
  let maxBlockSplit = 0;
  if (flags & FLAG_EXTENDED) {
    if (minor < 1) throw new FormatError(`invalid field version 1.${minor}: it has no extension`);
    if (cursor.left < 2) throw new FormatError("invalid field header length: it ends within its extension");
    const number = cursor.u8();
    if (number > 1) throw new VersionError(`the file uses transform ${number}, which is not known here`);
    if (number === 1) transform = "mdct";
    maxBlockSplit = cursor.u8();
  }
  return { transform, maxBlockSplit };
}

/** @param {string} field @param {number} value @param {number} low @param {number} high */
function checkRange(field, value, low, high) {
  if (value < low) throw new FormatError(`invalid field ${field} ${value}: it must be at least ${low}`);
  if (value > high) throw new LimitError(`the file claims ${field} ${value}, over the limit of ${high}`);
}

/** @param {Header} header */
function checkHeader(header) {
  const { nFft, hop } = header;
  checkRange("sample rate", header.sampleRate, 1, MAX_RATE_HZ);
  checkRange("channels", header.channels, 1, 255);
  if (header.samples !== null) checkRange("samples", header.samples, 0, MAX_SAMPLES);
  checkRange("n_fft", nFft, MIN_N_FFT, MAX_N_FFT);
  if (nFft % 2) throw new FormatError(`invalid field n_fft ${nFft}: it must be even`);
  if (hop < 1 || hop > nFft) throw new FormatError(`invalid field hop ${hop}: it must be 1 to n_fft`);
  if (hop * MAX_REDUNDANCY < nFft) throw new LimitError(`the file claims a hop of ${hop} for windows of ${nFft}`);
  checkRange("segment_frames", header.segmentFrames, 1, MAX_SEGMENT_FRAMES);
  checkRange("parts", header.parts, 1, MAX_PARTS);
  checkTransform(header);
  if (header.perceptual && header.exact) throw new FormatError("invalid field mask: perceptual needs a quantised MDCT");
  if (header.mask === "perceptual" && !header.perceptual) throw new FormatError("invalid field mask: it needs an MDCT");
  if (header.mask === "custom" && header.transform !== "stft") throw new FormatError("invalid field mask: it needs an STFT");
  if (header.revised && !header.perceptual) throw new FormatError("invalid field flags: only perceptual files have them");
  if (header.frameParts && !header.revised) throw new FormatError("invalid field flags: bit 6 needs bit 5");
  if (header.samples !== null) checkRange("number of segments", segmentCount(header, header.samples), 0, MAX_SEGMENTS);
  if (header.columns.length && header.mask !== "columns") throw new FormatError("invalid field columns: the mask has none");
  for (const [, last] of header.columns) {
    if (last > MAX_FRAME_INDEX) throw new LimitError(`column ${last} is over the limit`);
  }
}

/** @param {Header} header */
function checkTransform({ transform, window, maxBlockSplit, nFft, hop }) {
  if (!WINDOWS_OF[transform].includes(window)) throw new FormatError(`invalid field window ${window}`);
  if (maxBlockSplit > (transform === "mdct" ? MAX_BLOCK_SPLIT : 0)) {
    throw new FormatError(`invalid field max_block_split ${maxBlockSplit}`);
  }
  if (transform === "mdct" && (hop * 2 !== nFft || nFft % (4 << maxBlockSplit))) {
    throw new FormatError(`invalid field hop ${hop} or max_block_split ${maxBlockSplit}: no MDCT has them`);
  }
}

/** Frames L of N samples. @param {{hop: number}} header @param {number} samples */
export function frameCount(header, samples) {
  return samples ? Math.ceil(samples / header.hop) + 1 : 0;
}

/** Segments S of N samples. @param {{hop: number, segmentFrames: number}} header @param {number} samples */
export function segmentCount(header, samples) {
  return Math.ceil(frameCount(header, samples) / header.segmentFrames);
}

/** Coefficients C K L of so many segments. @param {Header} header @param {number} segments */
export function coefficientCount(header, segments) {
  let frames = segments * header.segmentFrames;
  if (header.samples !== null) frames = Math.min(frames, frameCount(header, header.samples));
  return header.channels * header.bins * frames;
}

/** Bytes that the body of one of so many parts may decompress to. @param {Header} header @param {number} parts */
export function largestBody(header, parts) {
  const [dealt, whole] = header.frameParts ? [header.segmentFrames, header.bins] : [header.bins, header.segmentFrames];
  const cells = header.channels * Math.ceil(dealt / Math.max(parts, 1)) * whole;
  return Math.min(MAX_BODY_BYTES, BODY_FREE_BYTES + BODY_BYTES_A_CELL * cells);
}
