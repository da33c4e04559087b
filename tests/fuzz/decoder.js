/**
 * The decoder in JavaScript for `javascript.py`: files come through a pipe, each behind its length in four bytes. Answers are a
 * line of JSON and the samples, channel after channel.
 */

import { readSync, writeSync } from "node:fs";

import { DpcError, decode, loadTables } from "../../dpcodec/web/index.js";

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

/** @param {Uint8Array} bytes */
function answer(bytes) {
  try {
    const { sampleRate, channels, damaged, damage } = decode(bytes, { noise: false });
    const line = { code: damaged ? 5 : 0, sampleRate, channels: channels.length, samples: channels[0].length, damage };
    tell(line);
    for (const samples of channels) give(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  } catch (error) {
    const line = error instanceof DpcError ? { code: error.code } : { fault: String(error), stack: String(error.stack) };
    tell({ ...line, damage: [String(error)] });
  }
}

await loadTables();
for (let length = taken(4); length.length === 4; length = taken(4)) {
  answer(taken(new DataView(length.buffer).getUint32(0, true)));
}
