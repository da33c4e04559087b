/** Contexts by vectors of WebAssembly are those of plain numbers, and plain numbers are enough. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";

import { LogMagnitudes, MARGIN, PlainContexts } from "../../dpcodec/web/coding/mdct_contexts.js";
import { VECTOR_USE, vectorContexts } from "../../dpcodec/web/coding/mdct_contexts_vector.js";
import { mdctPasses } from "../../dpcodec/web/coding/mdct_passes.js";
import { signedLeb } from "../../dpcodec/web/wasm/assembler.js";
import { HASHES, REFERENCES, conformanceFile, l1Hash } from "./files.js";

/** The generator of Park and Miller: whole numbers below a limit. */
function dice(seed) {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

/** A channel of any size, shaped by scale factors or not. */
function randomChannel(roll, frames, paired) {
  const rows = 1 + roll(40);
  const bands = Uint8Array.from({ length: rows }, (_, row) => row >> 2);
  const count = bands[rows - 1] + 1;
  const groupFrames = 1 + roll(16);
  const random = (length, limit) => Uint8Array.from({ length }, () => roll(limit));
  const shaped = roll(3) > 0;
  return {
    rows, frames, bands, groupFrames, paired, coded: null,
    parts: 1 + roll(32),
    apart: roll(2) ? null : 1 + roll(8),
    blockSplits: random(frames, 8),
    scaleFactors: shaped ? random(count * frames, 64) : null,
    noise: shaped ? random(count * Math.ceil(frames / groupFrames), 16) : null,
    table: ["mdct", "perceptual", "frames"][roll(3)],
  };
}

/** What was coded before a pass, in both. */
function reveal(roll, logs, { rows, frames, scaleFactors }) {
  for (let n = roll(rows * frames); n > 0; n--) {
    const at = roll(frames) * (rows + 2 * MARGIN) + MARGIN + roll(rows);
    const value = roll(181) + (scaleFactors ? 8 * roll(64) : 0);
    for (const one of logs) one.values[at] = value;
  }
}

test("every context that vectors find is that of plain numbers", () => {
  const roll = dice(17);
  const seen = new Set();
  for (let round = 0; round < 150; round++) {
    const first = randomChannel(roll, 1 + roll(40), null);
    const logs = new LogMagnitudes(first.rows, first.frames);
    reveal(roll, [logs], first);
    const second = randomChannel(roll, first.frames, round % 3 ? logs : null);
    const plain = new PlainContexts(second);
    const fast = vectorContexts(second);
    for (const pass of mdctPasses(second.frames, second.apart)) {
      plain.find(pass);
      fast.find(pass);
      const across = Math.max(0, Math.ceil((second.frames - pass.frame0) / pass.stride));
      const cells = across * Math.max(0, Math.ceil((second.rows - pass.row0) / pass.rowStride));
      assert.deepEqual(fast.contexts.slice(0, cells), plain.contexts.slice(0, cells));
      fast.contexts.slice(0, cells).forEach((context) => seen.add(context));
      reveal(roll, [plain.logs, fast.logs], second);
    }
    assert.deepEqual(fast.finish(), plain.finish());
  }
  assert.ok(seen.size > 500, `only ${seen.size} contexts`);
});

test("without vectors every file is the same", () => {
  VECTOR_USE.wanted = false;
  for (const [name, { code }] of Object.entries(REFERENCES.good)) {
    if (code === 0) assert.equal(l1Hash(conformanceFile("good", name)).hash, HASHES.good[name].l1, name);
  }
  VECTOR_USE.wanted = true;
});

test("an engine without WebAssembly decodes too", () => {
  const program = `
    import { loadTables } from "./dpcodec/web/index.js";
    import { l1Hash, conformanceFile } from "./tests/web/files.js";
    process.stdout.write(typeof WebAssembly + " " + l1Hash(conformanceFile("good", "frames-2048")).hash);`;
  const cwd = new URL("../../", import.meta.url);
  const told = execFileSync(process.execPath, ["--jitless", "--input-type=module", "-e", program], { cwd, encoding: "utf8" });
  assert.equal(told, `undefined ${HASHES.good["frames-2048"].l1}`);
});

test("a channel that would take much memory is left to plain numbers", () => {
  const channel = { ...randomChannel(dice(3), 1, null), rows: 2048, frames: 2048 };
  assert.equal(vectorContexts(channel), null);
});

test("numbers as WebAssembly writes them", () => {
  // the examples of the DWARF standard, version 5, figure 23
  for (const [value, bytes] of [[2, [2]], [-2, [0x7e]], [127, [0xff, 0]], [-127, [0x81, 0x7f]], [128, [0x80, 1]], [-128, [0x80, 0x7f]]]) {
    assert.deepEqual(signedLeb(value), bytes);
  }
});
