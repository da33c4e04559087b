/** Files read piece by piece: the same samples from any place on, few bytes read, and holes filled. */

import assert from "node:assert/strict";
import test from "node:test";

import { bandEdges } from "../../dpcodec/web/coding/bands.js";
import { Concealer } from "../../dpcodec/web/coding/concealment.js";
import { Envelope } from "../../dpcodec/web/coding/envelope.js";
import { crc32 } from "../../dpcodec/web/container/crc32.js";
import { TYPE_DATA, TYPE_END } from "../../dpcodec/web/container/limits.js";
import { packetBytes } from "../../dpcodec/web/container/packets.js";
import { scan } from "../../dpcodec/web/container/scan.js";
import { lastOf } from "../../dpcodec/web/decoder.js";
import { decode } from "../../dpcodec/web/index.js";
import { samplesFrom } from "../../dpcodec/web/stream/decoding.js";
import { bytesSource } from "../../dpcodec/web/stream/sources.js";
import { StreamFile } from "../../dpcodec/web/stream/stream_file.js";
import { REFERENCES, conformanceFile } from "./files.js";

/** A source that counts what is read of it. */
function counted(bytes) {
  const source = { ...bytesSource(bytes), bytes: 0, reads: 0 };
  const { read } = source;
  source.read = async (offset, length) => {
    const found = await read(offset, length);
    source.bytes += found.length;
    source.reads++;
    return found;
  };
  return source;
}

async function streamed(bytes, first = 0) {
  const file = await StreamFile.open(bytesSource(bytes));
  const channels = Array.from({ length: file.header.channels }, () => []);
  for await (const blocks of samplesFrom(file, first)) blocks.forEach((block, c) => channels[c].push(...block));
  return channels;
}

/** The file without the packets that the predicate names. */
function without(bytes, lost) {
  let kept = [];
  let from = 0;
  for (const event of scan(bytes)) {
    if (event.kind !== "packet") continue;
    const { offset, head } = event.packet;
    if (head.type !== TYPE_DATA || !lost(head)) continue;
    kept = [...kept, ...bytes.subarray(from, offset)];
    from = offset + packetBytes(head);
  }
  return Uint8Array.from([...kept, ...bytes.subarray(from)]);
}

for (const [name, { code }] of Object.entries(REFERENCES.good)) {
  test(`${name} in pieces`, async () => {
    assert.equal(code, 0);
    const bytes = conformanceFile("good", name);
    const { channels } = decode(bytes);
    const found = await streamed(bytes);
    assert.deepEqual(found.map((samples) => samples.length), channels.map((samples) => samples.length));
    found.forEach((samples, c) => assert.ok(samples.every((sample, i) => sample === channels[c][i])));
  });
}

test("whatever is odd or damaged sounds the same in pieces", async () => {
  let odd = 0;
  for (const [name, { code }] of Object.entries(REFERENCES.bad)) {
    if (code !== 0 && code !== 5) continue;
    const bytes = conformanceFile("bad", name);
    const { channels, reader } = decode(bytes);
    const file = await StreamFile.open(bytesSource(bytes));
    if (file.header.samples !== reader.header.samples) continue; // only the end tells that, and it comes last
    const found = await streamed(bytes);
    assert.deepEqual(found.map((samples) => samples.length), channels.map((samples) => samples.length), name);
    found.forEach((samples, c) => assert.ok(samples.every((sample, i) => sample === channels[c][i]), name));
    odd++;
  }
  assert.ok(odd > 60, `${odd}`);
});

test("segments in another order come in their own", async () => {
  const bytes = conformanceFile("good", "six-segments");
  const packets = [...scan(bytes)].map(({ packet }) => bytes.subarray(packet.offset, packet.offset + packetBytes(packet.head)));
  const heads = [...scan(bytes)].map(({ packet }) => packet.head);
  const of = (keep) => packets.filter((_, i) => keep(heads[i]));
  const isData = (head) => head.type === TYPE_DATA;
  const order = [5, 0, 3, 4, 1, 2].flatMap((segment) => of((head) => isData(head) && head.segment === segment));
  const start = of((head) => !isData(head) && head.type !== TYPE_END);
  const pieces = [bytes.subarray(0, 8), ...start, ...order, ...of((head) => head.type === TYPE_END)];
  const mixed = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  assert.equal(mixed.length, bytes.length);
  assert.deepEqual(await streamed(mixed), await streamed(bytes));
});

test("a damaged packet of a type that there is not is damage, whatever it says", async () => {
  const bytes = conformanceFile("good", "six-segments");
  const last = [...scan(bytes)].map(({ packet }) => packet).filter(({ head }) => head.type === TYPE_DATA).at(-1);
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint16(last.offset + 4, 0x2002, true);
  view.setUint32(last.offset + 18, crc32(copy, last.offset, last.offset + 18), true);
  const { channels, damaged } = decode(copy); // its body's checksum goes with the old head
  assert.ok(damaged);
  assert.deepEqual(await streamed(copy), channels.map((samples) => [...samples]));
});

test("from any sample on", async () => {
  for (const name of ["frames-length-500", "mdct-impulses", "six-segments", "n-fft-64-hop-1", "shaped-channels-3"]) {
    const bytes = conformanceFile("good", name);
    const { channels } = decode(bytes);
    const samples = channels[0].length;
    for (let first = 0; first < samples; first += 61) {
      const found = await streamed(bytes, first);
      assert.equal(found[0].length, samples - first);
      found.forEach((own, c) => own.forEach((sample, i) => assert.ok(Math.abs(sample - channels[c][first + i]) < 1e-6)));
    }
  }
});

test("what nobody waits for any more ends within a segment", async () => {
  const file = await StreamFile.open(bytesSource(conformanceFile("good", "mdct-impulses")));
  const count = async (most) => {
    let [steps, blocks] = [0, 0];
    for await (const block of samplesFrom(file, 0, async () => ++steps <= most)) blocks += block[0].length > 0 ? 1 : 0;
    return { steps, blocks };
  };
  const { steps, blocks } = await count(Infinity);
  assert.ok(steps >= file.segments * file.header.channels && blocks > 0);
  assert.deepEqual(await count(0), { steps: 1, blocks: 0 });
});

test("a seek reads little of a long file", async () => {
  const bytes = conformanceFile("good", "header-copies");
  const source = counted(bytes);
  const file = await StreamFile.open(source);
  assert.equal(source.reads, 1);
  for (const segment of [file.segments - 1, 3, Math.floor(file.segments / 2), 0]) {
    source.reads = 0;
    const { value } = await file.from(segment).next();
    assert.equal(value.index, segment);
    assert.ok(source.reads <= 6, `${source.reads} reads`);
  }
  assert.equal(file.whole, null);
});

test("parity counts, and so does every other order of packets", async () => {
  for (const name of ["parity-brings-back", "layout-progressive", "from-a-pipe"]) {
    const file = await StreamFile.open(bytesSource(conformanceFile("good", name)));
    const all = [];
    for await (const data of file.from(0)) all.push(data);
    assert.deepEqual(all.map((data) => data.index), [...Array(file.segments).keys()]);
    assert.ok(all.every((data) => data.parts.size === data.totalParts));
    assert.ok(file.whole);
  }
});

function rms(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
}

function steepest(samples) {
  return samples.slice(1).reduce((most, sample, i) => Math.max(most, Math.abs(sample - samples[i])), 0);
}

for (const [name, segment, parts] of [["frames-2048", 1], ["frames-quality-10", 1], ["noise", 1], ["shaped-quality-10", 2], ["mdct-noise", 0], ["frames-quality-10", 1, [0]]]) {
  test(`a lost ${parts ? "part" : "segment"} of ${name} becomes noise, and no click`, async () => {
    const bytes = conformanceFile("good", name);
    const { channels } = decode(bytes);
    const damaged = without(bytes, (head) => head.segment === segment && (!parts || parts.includes(head.part)));
    assert.ok(damaged.length < bytes.length);
    const result = decode(damaged);
    assert.ok(result.damaged);
    const found = await streamed(damaged);
    found.forEach((samples, c) => {
      assert.equal(samples.length, channels[c].length);
      const off = [...samples.keys()].filter((i) => Math.abs(samples[i] - channels[c][i]) > 1e-4);
      assert.ok(off.length > 0);
      const hole = samples.slice(off[0], off[off.length - 1] + 1);
      const loud = rms(channels[c]);
      assert.ok(rms(hole) > 0.3 * loud && rms(hole) < 1.4 * loud, `${rms(hole)} beside ${loud}`);
      assert.ok(steepest(samples) < 1.5 * steepest([...channels[c]]), `${steepest(samples)} ${steepest([...channels[c]])}`);
      assert.ok(samples.every((sample, i) => sample === result.channels[c][i]));
    });
  });
}

test("noise in a hole may be as loud as Python says", () => {
  const [channels, bins, frames] = [2, 128, 60];
  const value = Float32Array.from({ length: channels * bins * frames }, (_, n) => {
    const [k, l] = [Math.floor(n / frames) % bins, n % frames];
    return (((n * 7919) % 1009) / 1009 - 0.5) * 2 ** (-k / 16) * (1 + (l % 7));
  });
  const arrived = Uint8Array.from({ length: bins * frames }, (_, at) => {
    const [k, l] = [Math.floor(at / frames), at % frames];
    return (l >= 20 && l < 45) || (l === 12 && k % 3 === 0) ? 0 : 1;
  });
  const segment = { channels, bins, frames, value, arrived, imaginary: null, blockSplits: new Uint8Array(2 * frames) };
  const envelope = new Envelope(bandEdges(bins, 16000), 40, false);
  for (const { frame, power, alike } of REFERENCES.levels) {
    const [left, right] = [-1, 1].map((way) => envelope.side([segment], 0, frame, way));
    const found = envelope.levels(left, right, () => envelope.before([segment], 0, frame));
    const close = (a, b) => assert.ok(a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= 1e-5 * Math.abs(b[i]) + 1e-9));
    close([...found.power], power);
    close([...found.alike], alike);
  }
});

test("what nothing is known of is silence, and a long hole fades", () => {
  const header = { channels: 1, bins: 64, sampleRate: 8000, hop: 64, nFft: 128, transform: "mdct", perceptual: true };
  const run = (index, arrived) => ({
    index, channels: 1, bins: 64, frames: 100, imaginary: null,
    value: new Float32Array(6400).fill(arrived), arrived: new Uint8Array(6400).fill(arrived),
    blockSplits: new Uint8Array(100).fill(arrived),
  });
  const alone = new Concealer(header);
  const [silent] = [...lastOf(alone.push(run(0, 0))), ...lastOf(alone.flush())];
  assert.ok(silent.value.every((value) => value === 0));
  const concealer = new Concealer(header);
  const all = [run(0, 1), run(1, 0), run(2, 0), run(3, 0), run(4, 0)].flatMap((one) => lastOf(concealer.push(one)));
  all.push(...lastOf(concealer.flush()));
  assert.deepEqual(all.map((one) => one.index), [0, 1, 2, 3, 4]);
  assert.ok(all[1].blockSplits.every((split) => split === 1));
  const loudness = all.map((one) => rms(one.value));
  assert.ok(loudness[1] > 0.3 && loudness[1] < 0.8);
  assert.ok(loudness[2] < 0.7 * loudness[1]);
  assert.ok(loudness[4] < 1e-6);
});
