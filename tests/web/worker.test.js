/** The decoder's thread without a browser: a jump is heard of while a segment is being decoded. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { openAsBlob } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";

import { Reader, decode } from "../../dpcodec/web/index.js";
import { serveDecoder } from "../../dpcodec/web/player/decoder_worker.js";
import { SegmentDecoder } from "../../dpcodec/web/decoder.js";
import { conformanceFile } from "./files.js";

const NAME = "six-segments";

test("a jump ends what was being decoded, and only what was asked for last is given", async () => {
  const answers = [];
  const scope = { postMessage: (message) => answers.push(message) };
  serveDecoder(scope, Promise.resolve());
  const send = (data) => scope.onmessage({ data });
  const path = fileURLToPath(new URL(`../conformance/good/${NAME}.dpc`, import.meta.url));
  send({ type: "open", file: 1, source: await openAsBlob(path) });
  while (!answers.length) await new Promise((done) => setTimeout(done, 1));
  assert.equal(answers[0].type, "opened", answers[0].message);
  const { header } = new Reader(conformanceFile("good", NAME));
  const place = 4 * header.segmentFrames * header.hop + header.nFft / 2;
  const { port1, port2 } = new MessageChannel();
  send({ type: "connect", file: 1, port: port2 });
  const begun = [];
  const { steps } = SegmentDecoder.prototype;
  SegmentDecoder.prototype.steps = function* (data, frames) {
    begun.push(data.index);
    // in the midst of the first segment somebody jumps; messages come between tasks
    if (begun.length === 1) setImmediate(send, { type: "play", file: 1, id: 2, sample: place, channels: 1 });
    return yield* steps.call(this, data, frames);
  };
  const given = [];
  port1.on("message", (message) => given.push(message));
  port1.postMessage({ id: 1, want: 1e9 });
  send({ type: "play", file: 1, id: 1, sample: 0, channels: 1 });
  while (!begun.length) await new Promise((done) => setTimeout(done, 1));
  port1.postMessage({ id: 2, want: 1e9 });
  while (!given.some((message) => message.end)) await once(port1, "message");
  port1.close();
  SegmentDecoder.prototype.steps = steps;
  const { channels } = decode(conformanceFile("good", NAME));
  assert.ok(given.every((message) => message.id === 2));
  const samples = given.filter((message) => message.block).flatMap((message) => [...message.block[0]]);
  assert.equal(samples.length, channels[0].length - place);
  assert.ok(samples.every((sample, i) => Math.abs(sample - channels[0][place + i]) < 1e-6));
  // of what was asked for first, no further segment
  assert.deepEqual(begun, [0, 4, 5]);
});
