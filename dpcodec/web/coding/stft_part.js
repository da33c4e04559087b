/** Parts of STFT files (docs/format.md, modes 0, 1 and 2). */

import { BodyReader } from "./body.js";
import { decodeExact } from "./exact.js";
import { readMask } from "./masks.js";
import { RangeDecoder } from "./range_decoder.js";
import { single } from "./segment.js";
import { decodeStftSymbols } from "./stft_symbols.js";

/** @typedef {import("./part_reader.js").Laying} Laying */

/** The part's cells of a channel in a mask of the segment. @param {Laying} laying @param {number} channel */
export function maskOfPart({ mask, segment, cells }, channel) {
  if (!mask) return null;
  const { bins, frames } = segment;
  const own = new Uint8Array(cells.rows * frames);
  for (let row = 0; row < cells.rows; row++) {
    const from = (channel * bins + cells.row0 + row * cells.rowStride) * frames;
    own.set(mask.subarray(from, from + frames), row * frames);
  }
  return own;
}

/**
 * Lays a part's grid [rows, frames] of a channel into an array of the segment.
 * @param {Laying} laying @param {number} channel @param {Float32Array | Uint8Array} to
 * @param {ArrayLike<number>} from
 */
export function layGrid({ segment, cells }, channel, to, from) {
  const { bins, frames } = segment;
  for (let row = 0; row < cells.rows; row++) {
    const at = (channel * bins + cells.row0 + row * cells.rowStride) * frames + cells.frame0;
    for (let i = 0; i < cells.frames; i++) to[at + i * cells.frameStride] = from[row * cells.frames + i];
  }
}

/**
 * Enters a part into the segment, a channel a step. Raises `FormatError` where its body is none.
 * @param {Laying} laying @returns {Generator<undefined, void, undefined>}
 */
export function* layStftPart(laying) {
  const { header, segment, body, cells } = laying;
  const reader = new BodyReader(body, header.channels, segment.frames);
  const channels = [];
  for (let c = 0; c < header.channels; c++) {
    channels.push(decodeChannel(reader, laying, c));
    yield;
  }
  reader.finish();
  channels.forEach((channel, c) => {
    layGrid(laying, c, segment.kept, channel.kept);
    layGrid(laying, c, segment.value, channel.real);
    layGrid(laying, c, /** @type {Float32Array} */ (segment.imaginary), channel.imaginary);
    const half = new Float32Array(cells.rows * cells.frames);
    for (let i = 0; i < half.length; i++) half[i] = channel.kept[i] ? channel.step / 2 : 0;
    layGrid(laying, c, /** @type {Float32Array} */ (segment.halfwidth), half);
  });
}

/** @param {BodyReader} reader @param {Laying} laying @param {number} c */
function decodeChannel(reader, laying, c) {
  const { header, cells } = laying;
  const size = cells.rows * cells.frames;
  /** @type {Uint8Array | null} */
  let mask = maskOfPart(laying, c);
  const real = new Float32Array(size);
  const imaginary = new Float32Array(size);
  if (reader.silent(header.exact ? 2 : 1)) return { kept: mask ?? new Uint8Array(size), real, imaginary, step: 0 };
  if (header.exact) {
    const { mask: kept, values } = decodeExact(reader.payload(), size, mask, 2);
    let at = 0;
    for (let i = 0; i < size; i++) {
      if (!kept[i]) continue;
      real[i] = values[0][at];
      imaginary[i] = values[1][at++];
    }
    return { kept, real, imaginary, step: 0 };
  }
  const step = reader.step();
  const rows = reader.rows(cells.rows);
  let payload = reader.payload();
  if (header.mask === "custom") {
    const stored = readMask(payload, size);
    mask = stored.mask;
    payload = payload.subarray(stored.end);
  }
  const decoder = new RangeDecoder(payload);
  const q = decodeStftSymbols(decoder, rows, cells.frames, mask && mask.subarray(0, rows * cells.frames));
  decoder.finish();
  const kept = mask ?? new Uint8Array(size);
  for (let i = 0; i < rows * cells.frames; i++) {
    real[i] = single(q[2 * i] * step);
    imaginary[i] = single(q[2 * i + 1] * step);
    if (!mask) kept[i] = q[2 * i] || q[2 * i + 1] ? 1 : 0;
  }
  return { kept, real, imaginary, step };
}
