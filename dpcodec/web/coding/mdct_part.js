/** Parts of MDCT files that are not perceptual (docs/format.md, modes 0, 3 and 4). */

import { sameBytes } from "../bytes.js";
import { FormatError } from "../errors.js";
import { BodyReader } from "./body.js";
import { decodeExact } from "./exact.js";
import { checkBlockSplits, decodeBlockSplits, decodeMdctSymbols } from "./mdct_symbols.js";
import { RangeDecoder } from "./range_decoder.js";
import { single } from "./segment.js";
import { layGrid, maskOfPart } from "./stft_part.js";

/**
 * @typedef {import("./part_reader.js").Laying} Laying @typedef {import("./mdct_contexts.js").LogMagnitudes} LogMagnitudes
 */

/** What a symbol stands for, over its step. @param {number} q @param {{one: number, more: number}} bias */
export function unbiased(q, { one, more }) {
  if (q === 0) return 0;
  const magnitude = Math.abs(q);
  const value = magnitude + (magnitude === 1 ? one : more) / 32;
  return q < 0 ? -value : value;
}

/**
 * Enters a part into the segment, a channel a step. Raises `FormatError` where its body is none, or its block splits are
 * not those of the part before.
 * @param {Laying} laying @returns {Generator<undefined, void, undefined>}
 */
export function* layMdctPart(laying) {
  const { header, segment, body } = laying;
  const reader = new BodyReader(body, header.channels, segment.frames);
  const channels = [];
  /** @type {LogMagnitudes | null} */
  let paired = null;
  for (let c = 0; c < header.channels; c++) {
    const channel = decodeMdctChannel(reader, laying, c, c % 2 ? paired : null);
    paired = channel.logs;
    channels.push(channel);
    yield;
  }
  reader.finish();
  const splits = new Uint8Array(segment.blockSplits.length);
  channels.forEach((channel, c) => splits.set(channel.splits, c * segment.frames));
  if (segment.told && !sameBytes(splits, segment.blockSplits)) {
    throw new FormatError("coded part: its block splits are not those of the part before");
  }
  segment.blockSplits.set(splits);
  channels.forEach((channel, c) => {
    layGrid(laying, c, segment.kept, channel.kept);
    layGrid(laying, c, segment.value, channel.value);
  });
}

/** @param {BodyReader} reader @param {Laying} laying @param {number} c @param {LogMagnitudes | null} paired */
function decodeMdctChannel(reader, laying, c, paired) {
  const { header, cells } = laying;
  const mask = maskOfPart(laying, c);
  const value = new Float32Array(cells.rows * cells.frames);
  /** @type {LogMagnitudes | null} */
  let logs = null;
  if (reader.silent(header.exact ? 4 : 3)) {
    return { kept: mask ?? new Uint8Array(value.length), value, splits: new Uint8Array(cells.frames), logs };
  }
  if (header.exact) {
    const payload = reader.payload();
    if (payload.length < cells.frames) throw new FormatError("coded part: ends within its block splits");
    const splits = payload.subarray(0, cells.frames);
    const { mask: kept, values } = decodeExact(payload.subarray(cells.frames), value.length, mask, 1);
    checkBlockSplits(splits, header.maxBlockSplit);
    for (let i = 0, at = 0; i < value.length; i++) if (kept[i]) value[i] = values[0][at++];
    return { kept, value, splits, logs };
  }
  const step = reader.step();
  const bias = reader.bias();
  const rows = reader.rows(cells.rows);
  const decoder = new RangeDecoder(reader.payload());
  const splits = decodeBlockSplits(decoder, cells.frames);
  const found = decodeMdctSymbols(decoder, {
    rows,
    frames: cells.frames,
    bands: bandsOfPart(laying, rows),
    parts: laying.parts,
    apart: null,
    blockSplits: splits,
    paired,
    coded: mask && mask.subarray(0, rows * cells.frames),
    scaleFactors: null,
    noise: null,
    groupFrames: 16,
    table: "mdct",
  });
  decoder.finish();
  checkBlockSplits(splits, header.maxBlockSplit);
  for (let i = 0; i < found.q.length; i++) value[i] = single(unbiased(found.q[i], bias) * step);
  const kept = mask ?? new Uint8Array(value.length);
  if (!mask) for (let i = 0; i < found.q.length; i++) kept[i] = found.q[i] ? 1 : 0;
  return { kept, value, splits, logs: found.logs };
}

/** The bands of a part's first rows. @param {Laying} laying @param {number} rows */
export function bandsOfPart({ cells, bands }, rows) {
  const own = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) own[row] = bands[cells.row0 + row * cells.rowStride];
  return own;
}
