/** What the tests share: the conformance files, and the hash of all that decoding yields before it estimates. */

import { readFileSync } from "node:fs";

import { PartReader } from "../../dpcodec/web/coding/part_reader.js";
import { Blake2b } from "../../dpcodec/web/container/blake2b.js";
import { Reader } from "../../dpcodec/web/container/reader.js";
import { lastOf } from "../../dpcodec/web/decoder.js";
import { loadTables } from "../../dpcodec/web/index.js";

await loadTables();

export const REFERENCES = json("references.json");
export const HASHES = json("../conformance/hashes.json");

function json(name) {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

export function conformanceFile(folder, name) {
  return new Uint8Array(readFileSync(new URL(`../conformance/${folder}/${name}.dpc`, import.meta.url)));
}

export function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

function packed(bits) {
  const out = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (out[i >> 3] |= bit << (7 - (i & 7))));
  return out;
}

function floats(values) {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** Signs of zeros as tests/conformance/README.md hashes them. */
function complexZeros(re, im) {
  const negative = im < 0 || Object.is(im, -0);
  return [re === 0 && !negative ? 0 : re, im === 0 ? 0 : im];
}

function addSegment(hash, segment) {
  hash.update(new Uint8Array(Uint32Array.of(segment.index, segment.frames).buffer)).update(packed(segment.kept));
  const kept = [];
  segment.kept.forEach((is, i) => is && kept.push(i));
  const { imaginary, halfwidth } = segment;
  if (imaginary) {
    hash.update(floats(kept.flatMap((i) => complexZeros(segment.value[i], imaginary[i])))).update(floats(kept.map((i) => halfwidth[i])));
    return;
  }
  hash.update(floats(kept.map((i) => segment.value[i]))).update(segment.blockSplits);
  if (segment.noise) hash.update(floats(segment.noise)).update(segment.angles);
}

/** The L1 hash of tests/conformance/README.md, and what was found wrong. */
export function l1Hash(bytes) {
  const reader = new Reader(bytes);
  const { header } = reader;
  const parts = new PartReader(header);
  const hash = new Blake2b();
  const start = new Uint8Array(5);
  new DataView(start.buffer).setUint32(0, header.sampleRate, true);
  start[4] = header.channels;
  hash.update(start);
  let problems = 0;
  for (const data of reader.all()) {
    const frames = reader.framesOf(data.index);
    if (frames !== null && frames <= 0) continue;
    const segment = lastOf(parts.read(data, frames));
    problems += segment.problems.length;
    addSegment(hash, segment);
  }
  const end = new Uint8Array(8).fill(255);
  if (header.samples !== null) new DataView(end.buffer).setBigUint64(0, BigInt(header.samples), true);
  return { hash: hex(hash.update(end).digest()), problems, reader };
}

/** Float32 from base64. */
export function fromBase64(text) {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
