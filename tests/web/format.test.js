/** The vectors of docs/format.md, and slow sums by its formulas. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

import { bandEdges } from "../../dpcodec/web/coding/bands.js";
import { philox, randomMask } from "../../dpcodec/web/coding/philox.js";
import { crc32 } from "../../dpcodec/web/container/crc32.js";
import { unpackIndex } from "../../dpcodec/web/container/packets.js";
import { recoverMembers } from "../../dpcodec/web/container/parity.js";
import { decompress } from "../../dpcodec/web/container/zstd.js";
import { FormatError, LimitError } from "../../dpcodec/web/errors.js";
import { Reader } from "../../dpcodec/web/index.js";
import { fftOf } from "../../dpcodec/web/transform/fft.js";
import { MdctSynthesis } from "../../dpcodec/web/transform/mdct.js";
import { REFERENCES, conformanceFile, hex } from "./files.js";

const TEXT = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");

/** The lines of a block of the document, split at bars and spaces. */
function vectors(name) {
  const block = TEXT.split(`\`\`\`${name}\n`)[1].split("```")[0];
  return block.trim().split("\n").map((line) => line.split("|").map((field) => field.trim().split(/\s+/)));
}

function block(counter, key) {
  const out = new Uint32Array(4);
  philox(...counter, ...key, out);
  return [...out].map((word) => word.toString(16).padStart(8, "0"));
}

function maskHeader(seed, dropQ32) {
  return { seedLow: Number(BigInt(seed) & 0xffffffffn), seedHigh: Number(BigInt(seed) >> 32n), dropQ32: Number(dropQ32) };
}

test("the generator", () => {
  for (const [counter, key, result] of vectors("philox")) {
    const words = (fields) => fields.map((field) => parseInt(field, 16));
    assert.deepEqual(block(words(counter), words(key)), result);
  }
  for (const [[seed, s, c, at], words] of vectors("blocks")) {
    const { seedLow, seedHigh } = maskHeader(seed, 0);
    assert.deepEqual(block([Number(at), Number(s), Number(c), 0x4b53414d], [seedLow, seedHigh]), words);
  }
  for (const [[s, c, k, l], [word]] of vectors("noise").map(([a, b]) => [a.map(Number), b])) {
    assert.equal(block([l >> 2, k, c, s], [0x64706e6f, 0x69736531])[l % 4], word);
  }
});

test("random masks", () => {
  for (const [[seed, drop, s, c, K, L], [cells]] of vectors("masks")) {
    const kept = new Uint8Array(K * L);
    randomMask(maskHeader(seed, drop), Number(s), Number(c), K * L, kept);
    assert.equal(kept.join(""), cells);
  }
  const packed = new Uint8Array(Math.ceil((2 * 1025 * 221) / 8));
  for (const c of [0, 1]) {
    const kept = new Uint8Array(1025 * 221);
    randomMask(maskHeader(7, 2147483648), 2, c, kept.length, kept);
    kept.forEach((bit, i) => {
      const at = c * kept.length + i;
      packed[at >> 3] |= bit << (7 - (at & 7));
    });
  }
  assert.equal(createHash("sha256").update(packed).digest("hex"), vectors("mask-sha256")[0][0][0]);
});

test("bands", () => {
  for (const [[rate, bins], edges] of vectors("bands")) {
    assert.deepEqual(bandEdges(Number(bins), Number(rate)), edges.map(Number));
  }
});

test("the example file", () => {
  const bytes = Uint8Array.from(vectors("dpc").flat(2), (field) => parseInt(field, 16));
  const reader = new Reader(bytes);
  assert.deepEqual(reader.catalogue.tags, [["TITLE", "Hi"]]);
  const text = [...reader.all()].map(({ parts }) => [...parts.values()].map((body) => Buffer.from(body).toString()));
  assert.deepEqual(text, [["first part", "second"]]);
  assert.ok(reader.hashPassed);
});

test("checksums and the index", () => {
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
  assert.deepEqual(unpackIndex(Uint8Array.of(2, 8, 0xac, 2)), [8, 308]);
  assert.throws(() => unpackIndex(Uint8Array.of(1, 0x80, 0)), FormatError);
});

test("parity brings every one of its members back", () => {
  const strings = [Uint8Array.of(1), Uint8Array.of(2)];
  const parities = new Map([[0, Uint8Array.of(1)], [1, Uint8Array.of(0x99)]]);
  const group = { key: "", block: 0, members: 2, length: 1, checksums: [0, 0] };
  for (const lost of [[0], [1], [0, 1]]) {
    const found = recoverMembers(group, (i) => (lost.includes(i) ? null : strings[i]), parities);
    assert.deepEqual([...found], lost.map((i) => [i, strings[i]]));
  }
  const one = recoverMembers(group, (i) => (i ? strings[1] : null), new Map([[1, parities.get(1)]]));
  assert.deepEqual([...one], [[0, strings[0]]]);
});

test("zstandard frames of every kind", () => {
  for (const { frame, sha256, size } of REFERENCES.zstandard) {
    const bytes = new Uint8Array(Buffer.from(frame, "base64"));
    const content = decompress(bytes, size);
    assert.equal(createHash("sha256").update(content).digest("hex"), sha256);
    if (size) assert.throws(() => decompress(bytes, size - 1), LimitError);
    assert.throws(() => decompress(bytes.subarray(0, bytes.length - 1), size), FormatError);
  }
});

test("transforms of any size are the sums that they say", () => {
  for (const size of [1, 2, 8, 33, 50, 500, 512]) {
    const x = Array.from({ length: size }, (_, n) => [Math.sin(n * n), Math.cos(3 * n)]);
    const re = Float64Array.from(x, (value) => value[0]);
    const im = Float64Array.from(x, (value) => value[1]);
    fftOf(size).transform(re, im);
    for (let k = 0; k < size; k += 7) {
      const turn = (n) => (-2 * Math.PI * ((k * n) % size)) / size;
      const real = x.reduce((sum, [a, b], n) => sum + a * Math.cos(turn(n)) - b * Math.sin(turn(n)), 0);
      const imaginary = x.reduce((sum, [a, b], n) => sum + a * Math.sin(turn(n)) + b * Math.cos(turn(n)), 0);
      assert.ok(Math.hypot(re[k] - real, im[k] - imaginary) < 1e-9 * size, `${size} ${k}`);
    }
  }
});

/** sqrt(2 / B) h[t] sum_j Y[j] cos(pi / B (t + 1/2)(j + 1/2)), block by block. */
function slowMdct(X, splits, hop) {
  const out = new Float64Array((splits.length + 1) * hop);
  const blocks = splits.flatMap((s, l) =>
    Array.from({ length: 1 << s }, (_, i) => ({ size: hop >> s, l, i, a: hop / 2 + l * hop + i * (hop >> s) })),
  );
  const rise = (o, n) => Math.sin(((Math.PI / 2) * (n + 0.5)) / o);
  blocks.forEach(({ size: B, l, i, a }, b) => {
    const p = Math.min(B, blocks[b - 1]?.size ?? hop);
    const q = Math.min(B, blocks[b + 1]?.size ?? hop);
    for (let t = -p / 2; t < B + q / 2; t++) {
      const h = t < p / 2 ? rise(p, t + p / 2) : t >= B - q / 2 ? rise(q, B + q / 2 - 1 - t) : 1;
      for (let j = 0; j < B; j++) {
        const Y = X[(j * (hop / B) + i) * splits.length + l];
        out[a + t] += Math.sqrt(2 / B) * h * Y * Math.cos((Math.PI / B) * (t + 0.5) * (j + 0.5));
      }
    }
  });
  return out.subarray(hop);
}

test("the inverse MDCT is its sum, in one run of frames or several", () => {
  const hop = 32;
  const splits = [0, 0, 2, 0, 3, 1, 1, 0];
  const X = Float32Array.from({ length: hop * splits.length }, (_, i) => Math.sin(i * i));
  const wanted = slowMdct(X, splits, hop);
  for (const cuts of [[8], [1, 7], [3, 1, 4]]) {
    const synthesis = new MdctSynthesis({ hop, channels: 1, window: "sine" }, 0);
    const found = [];
    let first = 0;
    for (const frames of cuts) {
      const value = Float32Array.from({ length: hop * frames }, (_, i) => {
        return X[Math.floor(i / frames) * splits.length + first + (i % frames)];
      });
      const blockSplits = Uint8Array.from(splits.slice(first, first + frames));
      found.push(...synthesis.push({ frames, value, imaginary: null, blockSplits })[0]);
      first += frames;
    }
    found.push(...synthesis.finish(7 * hop, found.length)[0]);
    assert.equal(found.length, 7 * hop);
    found.forEach((sample, i) => assert.ok(Math.abs(sample - wanted[i]) < 1e-6, `${cuts}: ${i}`));
  }
});

test("every single byte of a file matters", () => {
  const bytes = conformanceFile("good", "six-segments");
  for (let i = 0; i < bytes.length; i += 11) {
    const changed = bytes.slice();
    changed[i] ^= 0x10;
    const reader = new Reader(changed);
    for (const data of reader.all()) assert.ok(data.index < 6);
    assert.ok(reader.log.entries.length > 0, `byte ${i} of ${hex(bytes.subarray(0, 8))}`);
  }
});
