/** What looks for the sound in holes: its transforms, and what it finds of two tones. */

import assert from "node:assert/strict";
import test from "node:test";

import { Concealer } from "../../dpcodec/web/coding/concealment.js";
import { estimateLost, searchWindow } from "../../dpcodec/web/coding/hole_search.js";
import { lastOf } from "../../dpcodec/web/decoder.js";
import { MdctSynthesis } from "../../dpcodec/web/transform/mdct.js";
import { MdctRun } from "../../dpcodec/web/transform/mdct_run.js";
import { SineStft } from "../../dpcodec/web/transform/sine_stft.js";
import { REFERENCES } from "./files.js";

const [HOP, FRAMES] = [64, 40];
const SPLITS = Uint8Array.from({ length: FRAMES }, (_, l) => (l === 11 ? 2 : l === 12 ? 3 : 0));

/** Numbers -0.5 .. 0.5 that know nothing of each other. */
function scattered(length) {
  return Float64Array.from({ length }, (_, n) => ((n * 7919 + (n * n) % 613) % 1009) / 1009 - 0.5);
}

function dot(a, b) {
  return a.reduce((sum, value, n) => sum + value * b[n], 0);
}

function close(found, wanted, most) {
  assert.equal(found.length, wanted.length);
  found.forEach((value, n) => assert.ok(Math.abs(value - wanted[n]) <= most, `${n}: ${value}, not ${wanted[n]}`));
}

function tones(run) {
  const x = Float64Array.from({ length: run.samples }, (_, n) => Math.sin(0.31 * n) + 0.5 * Math.sin(1.1 * n + 1));
  const X = new Float64Array(FRAMES * HOP);
  run.forward(x.slice(), X);
  return X;
}

/** Which cells are lost: every third frame, and every fourth row of one. */
function holes() {
  return Uint8Array.from({ length: FRAMES * HOP }, (_, at) => {
    const [l, k] = [Math.floor(at / HOP), at % HOP];
    return l % 3 === 1 || (l === 20 && k % 4 === 0) ? 1 : 0;
  });
}

test("the samples of a run are those of the synthesis, and its coefficients come back", () => {
  const run = new MdctRun("kbd", HOP, SPLITS);
  const X = scattered(FRAMES * HOP);
  const x = new Float64Array(run.samples);
  run.adjoint(X, x);
  const synthesis = new MdctSynthesis({ hop: HOP, window: "kbd", channels: 1 }, 0);
  const value = Float32Array.from(X, (_, at) => X[(at % FRAMES) * HOP + Math.floor(at / FRAMES)]);
  const [samples] = synthesis.push({ frames: FRAMES, value, blockSplits: SPLITS, imaginary: null });
  close([...x.slice(HOP, HOP + samples.length)], [...samples], 1e-6);
  const y = scattered(run.samples);
  const Y = new Float64Array(X.length);
  run.forward(y.slice(), Y);
  assert.ok(Math.abs(dot(Y, X) - dot(y, x)) < 1e-9);
  run.forward(x, Y);
  close([...Y], [...X], 1e-12);
});

test("powers are those of a slow transform, and of weights of one nothing changes", () => {
  for (const samples of [64, 90, 131]) {
    const stft = new SineStft(32, samples);
    const x = scattered(samples);
    const powers = new Float64Array(stft.frames * stft.bins);
    stft.powers(x, powers);
    for (let l = 0; l < stft.frames; l++) {
      for (let k = 0; k < stft.bins; k++) {
        let [re, im] = [0, 0];
        for (let n = 0; n < 32; n++) {
          const sample = (x[l * 16 - 16 + n] ?? 0) * Math.sin((Math.PI * (n + 0.5)) / 32) / Math.sqrt(32);
          re += sample * Math.cos((2 * Math.PI * k * n) / 32);
          im -= sample * Math.sin((2 * Math.PI * k * n) / 32);
        }
        assert.ok(Math.abs(powers[l * stft.bins + k] - re ** 2 - im ** 2) < 1e-12);
      }
    }
    const same = new Float64Array(samples);
    stft.weighted(x, new Float64Array(powers.length).fill(1), same);
    close([...same], [...x], 1e-12);
    // <x, S* W S x> = sum c w |S x|^2, with c = 1 at both ends of the spectrum and 2 between
    const weights = scattered(powers.length).map((value) => value + 0.5);
    const wanted = powers.reduce((sum, power, at) => sum + (at % stft.bins % 16 ? 2 : 1) * weights[at] * power, 0);
    stft.weighted(x, weights, same);
    assert.ok(Math.abs(dot(x, same) - wanted) < 1e-9);
  }
});

test("lost cells of tones are what Python's search makes of them", () => {
  const X = tones(new MdctRun("kbd", HOP, SPLITS));
  const lost = holes();
  const known = X.map((value, at) => (lost[at] ? 0 : value));
  const found = lastOf(estimateLost(known, lost, SPLITS, "kbd", 512));
  assert.ok(found.every((value, at) => lost[at] || value === 0));
  for (const { row, frame, value, found: wanted } of REFERENCES.lost) {
    assert.ok(Math.abs(X[frame * HOP + row] - value) < 1e-6);
    assert.ok(Math.abs(found[frame * HOP + row] - wanted) < 1e-3, `${row} ${frame}: ${found[frame * HOP + row]}, not ${wanted}`);
  }
  const energy = (of) => X.reduce((sum, value, at) => sum + (lost[at] ? (value - of(at)) ** 2 : 0), 0);
  assert.ok(energy((at) => found[at]) < 0.1 * energy(() => 0));
});

test("the window is four times the MDCT's, as far as notes stay", () => {
  assert.deepEqual([[2048, 44100], [2048, 8000], [16384, 192000], [32768, 192000], [65536, 192000]].map(([n, rate]) => searchWindow(n, rate)), [8192, 4096, 65536, 65536, 0]);
});

const HEADER = { channels: 1, bins: HOP, sampleRate: 16000, hop: HOP, nFft: 128, window: "kbd", transform: "mdct", perceptual: true };

/** Segments of tones, of which some frames are lost. */
function segments() {
  const X = tones(new MdctRun("kbd", HOP, new Uint8Array(FRAMES)));
  return [0, 1, 2, 3].map((index) => {
    const value = new Float32Array(10 * HOP);
    const arrived = new Uint8Array(10 * HOP).fill(1);
    for (let at = 0; at < value.length; at++) {
      const [k, l] = [Math.floor(at / 10), at % 10];
      if (l === 4 || l === 7) arrived[at] = 0;
      else value[at] = X[(10 * index + l) * HOP + k];
    }
    return { index, channels: 1, bins: HOP, frames: 10, imaginary: null, value, arrived, blockSplits: new Uint8Array(10) };
  });
}

test("a hole waits for as many frames as its window reaches over", () => {
  const concealer = new Concealer(HEADER);
  assert.equal(concealer.halo, 8);
  const given = segments().map((segment) => lastOf(concealer.push(segment)).map(({ index }) => index));
  assert.deepEqual(given, [[], [0], [1], [2]]);
  assert.deepEqual(lastOf(concealer.flush()).map(({ index }) => index), [3]);
});

test("where somebody listens a slow machine stops to search", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => (now += 1000));
  const filled = (hurry) => {
    const concealer = new Concealer(HEADER, hurry);
    return [...segments().flatMap((segment) => lastOf(concealer.push(segment))), ...lastOf(concealer.flush())].map(({ value }) => [...value]);
  };
  const [patient, hurried] = [filled(false), filled(true)];
  assert.deepEqual(hurried[0], patient[0]);
  assert.notDeepEqual(hurried[2], patient[2]);
});
