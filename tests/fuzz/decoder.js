/**
 * The decoder in JavaScript for `javascript.py`: files come through a pipe, each behind its length in four bytes. Answers are a
 * line of JSON and the samples, channel after channel.
 */

import { readSync, writeSync } from "node:fs";

import { DpcError, decode, loadTables } from "../../dpcodec/web/index.js";
import { samplesFrom } from "../../dpcodec/web/stream/decoding.js";
import { bytesSource } from "../../dpcodec/web/stream/sources.js";
import { StreamFile } from "../../dpcodec/web/stream/stream_file.js";

const STREAMED_ONE_IN = 3;
const FREED_BYTES = 1 << 26;

/** So many bytes, fewer only at the end. @param {number} length */
function taken(length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const some = readSync(0, bytes, at, length - at, null);
    if (!some) break;
    at += some;
  }
  return bytes.subarray(0, at);
}

/** @param {{[name: string]: any}} line */
function tell(line) {
  const { rss, arrayBuffers } = process.memoryUsage();
  if (arrayBuffers > FREED_BYTES) globalThis.gc();
  give(new TextEncoder().encode(`${JSON.stringify({ ...line, rss })}\n`));
}

/** @param {Uint8Array} bytes */
function give(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

/**
 * What the same bytes, read piece by piece, do not give that decoding them at once does; empty where they agree.
 * @param {Uint8Array} bytes
 */
async function streamed(bytes) {
  const whole = decode(bytes);
  const file = await StreamFile.open(bytesSource(bytes));
  // of a length that only the end corrects, a reader of pieces hears too late
  if (whole.reader.header.samples !== file.header.samples) return "";
  let at = 0;
  for await (const blocks of samplesFrom(file, 0)) {
    for (const [c, block] of blocks.entries()) {
      if (block.some((sample, i) => sample !== whole.channels[c][at + i])) return `other samples in pieces after ${at}`;
    }
    at += blocks[0].length;
  }
  return at === whole.channels[0].length ? "" : `${at} samples in pieces, not ${whole.channels[0].length}`;
}

/** @param {Uint8Array} bytes */
async function answer(bytes) {
  try {
    const { sampleRate, channels, damaged, damage } = decode(bytes, { noise: false });
    const pieces = bytes.length % STREAMED_ONE_IN === 0 ? await streamed(bytes) : "";
    const line = { code: damaged ? 5 : 0, sampleRate, channels: channels.length, samples: channels[0].length, damage, pieces };
    tell(line);
    for (const samples of channels) give(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  } catch (error) {
    const line = error instanceof DpcError ? { code: error.code } : { fault: String(error), stack: String(error.stack) };
    tell({ ...line, damage: [String(error)] });
  }
}

await loadTables();
for (let length = taken(4); length.length === 4; length = taken(4)) {
  await answer(taken(new DataView(length.buffer).getUint32(0, true)));
}
