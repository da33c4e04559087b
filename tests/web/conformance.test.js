/** The whole conformance set: integers bit for bit, samples within 1e-4 of Python's, refusals for the same reason. */

import assert from "node:assert/strict";
import test from "node:test";

import { DpcError, decode } from "../../dpcodec/web/index.js";
import { HASHES, REFERENCES, conformanceFile, fromBase64, l1Hash } from "./files.js";

const CLOSE = 1e-4;
const PLACES = 31;

function checkSamples(channels, text) {
  const all = channels.flatMap((samples) => [...samples]);
  const each = Math.max(1, Math.floor(all.length / PLACES));
  const wanted = fromBase64(text);
  assert.equal(Math.ceil(all.length / each), wanted.length);
  const peak = all.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
  wanted.forEach((sample, i) => {
    const off = Math.abs(all[i * each] - sample);
    assert.ok(off <= CLOSE * peak, `sample ${i * each} is ${all[i * each]}, not ${sample}`);
  });
}

function codeOf(error) {
  if (!(error instanceof DpcError)) throw error;
  return error.code;
}

for (const folder of ["good", "bad", "unsupported"]) {
  for (const [name, wanted] of Object.entries(REFERENCES[folder])) {
    test(`${folder}/${name}`, () => {
      const bytes = conformanceFile(folder, name);
      if (wanted.code !== 0 && wanted.code !== 5) {
        assert.throws(() => decode(bytes), (error) => codeOf(error) === wanted.code);
        return;
      }
      const { hash, problems, reader } = l1Hash(bytes);
      const frozen = HASHES[folder][name];
      assert.equal(hash, folder === "good" ? frozen.l1 : frozen);
      assert.deepEqual([...new Set(reader.log.entries.map((entry) => entry.kind))].sort(), wanted.damage);
      assert.equal(problems, wanted.problems);
      const { channels, damaged } = decode(bytes, { noise: false });
      assert.equal(damaged, wanted.code === 5);
      assert.deepEqual([channels.length, channels[0].length], wanted.shape);
      checkSamples(channels, wanted.none);
      if (wanted.noise) checkSamples(decode(bytes).channels, wanted.noise);
    });
  }
}

test("every file has a reference", () => {
  assert.deepEqual(Object.keys(REFERENCES.good).sort(), Object.keys(HASHES.good).sort());
  assert.deepEqual(Object.keys(REFERENCES.bad).sort(), Object.keys(HASHES.bad).sort());
});
