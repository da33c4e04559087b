/** The way to the loudspeaker without a browser: nothing clicks, nothing is lost, no block of before a jump is heard. */

import assert from "node:assert/strict";
import test from "node:test";

import { clockTime, spokenTime } from "../../dpcodec/web/player/clock.js";
import { heardChannels } from "../../dpcodec/web/player/output.js";
import { PcmQueue } from "../../dpcodec/web/player/pcm_queue.js";
import { Speaker } from "../../dpcodec/web/player/speaker.js";

const FADE = 40;

function ones(length, value = 1) {
  return [new Float32Array(length).fill(value), new Float32Array(length).fill(-value)];
}

function read(queue, length, playing = true) {
  const outputs = [new Float32Array(length), new Float32Array(length)];
  queue.read(outputs, playing);
  assert.ok(outputs[0].every((sample, i) => sample === -outputs[1][i]));
  return [...outputs[0]];
}

function steepest(samples) {
  return samples.slice(1).reduce((most, sample, i) => Math.max(most, Math.abs(sample - samples[i])), 0);
}

test("samples come out in order, each once", () => {
  const queue = new PcmQueue(2, 1);
  const all = Float32Array.from({ length: 1000 }, (_, i) => i + 1);
  for (const [from, to] of [[0, 3], [3, 500], [500, 501], [501, 1000]]) {
    queue.push([all.subarray(from, to), all.subarray(from, to).map((sample) => -sample)]);
  }
  const heard = [];
  for (let i = 0; i < 9; i++) heard.push(...read(queue, 128));
  assert.deepEqual(heard.slice(0, 1000), [...all]);
  assert.ok(heard.slice(1000).every((sample) => sample === 0));
  assert.equal(queue.given, 1000);
});

test("it begins, pauses, goes on and jumps without a click", () => {
  const queue = new PcmQueue(2, FADE);
  queue.push(ones(4000));
  const heard = [...read(queue, 300), ...read(queue, 300, false), ...read(queue, 300)];
  assert.equal(heard[299], 1);
  assert.equal(heard[599], 0);
  assert.equal(heard[899], 1);
  assert.equal(queue.given, 300 + FADE + 300);
  queue.clear();
  queue.push(ones(1000, 0.5));
  heard.push(...read(queue, 300));
  assert.equal(heard[1199], 0.5);
  assert.ok(steepest(heard) < 2 / FADE, `${steepest(heard)}`);
  assert.equal(queue.given, 300);
});

function speaking() {
  const sent = [];
  const told = [];
  const port = { postMessage: (message) => sent.push(message), onmessage: null };
  const speaker = new Speaker(new PcmQueue(2, 1), 8000, (message) => told.push(message));
  speaker.command({ port });
  const fill = () => speaker.fill([new Float32Array(400), new Float32Array(400)]);
  return { speaker, port, sent, told, fill, give: (data) => port.onmessage({ data }) };
}

test("the page hears of the first sound at once, of the rest now and then", () => {
  const { speaker, told, give } = speaking();
  const fill = () => speaker.fill([new Float32Array(100), new Float32Array(100)]);
  speaker.command({ id: 1, playing: true });
  fill();
  fill();
  give({ id: 1, block: ones(2000) });
  for (let i = 0; i < 5; i++) fill();
  assert.deepEqual(told.map((message) => message.given), [0, 100, 500]);
});

test("it asks for a few seconds at a time, and drops what was meant for another place", () => {
  const { speaker, sent, told, fill, give } = speaking();
  speaker.command({ id: 1, playing: true });
  assert.deepEqual(sent, [{ id: 1, want: 24000 }]);
  give({ id: 1, block: ones(24000) });
  for (let i = 0; i < 30; i++) fill();
  assert.equal(told[told.length - 1].given, 12000);
  assert.ok(sent.length >= 2 && sent.length <= 4);
  assert.equal(Math.max(...sent.map((message) => message.want)) <= 36000, true);
  speaker.command({ id: 2 });
  give({ id: 1, block: ones(5000) });
  fill();
  assert.deepEqual(told[told.length - 1], { id: 2, given: 0, ended: false, starved: true });
  give({ id: 2, block: ones(500) });
  give({ id: 2, end: true });
  fill();
  fill();
  assert.deepEqual(told[told.length - 1], { id: 2, given: 500, ended: true, starved: false });
});

test("times and channels", () => {
  assert.deepEqual([0, 62.5, 3723, NaN].map(clockTime), ["0:00", "1:02", "1:02:03", "–:––"]);
  assert.deepEqual([5, 65].map(spokenTime), ["5 s", "1 min 5 s"]);
  assert.deepEqual([1, 2, 3, 4, 5, 6, 255].map(heardChannels), [1, 2, 2, 4, 2, 6, 2]);
});
