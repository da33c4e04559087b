/** Changed files, checksums made good again: decoded as far as it goes or refused, never a fault, never NaN. */

import assert from "node:assert/strict";
import test from "node:test";

import { crc32 } from "../../dpcodec/web/container/crc32.js";
import { scan } from "../../dpcodec/web/container/scan.js";
import { DpcError, decode } from "../../dpcodec/web/index.js";
import { REFERENCES, conformanceFile } from "./files.js";

const FILES = 40;
const CHANGES = 15;

/** Numbers 0 .. 1 from a seed. */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A byte of one packet is another, and the packet's checksums are good. */
function changed(bytes, draw) {
  const packets = [...scan(bytes)].filter((event) => event.kind === "packet").map((event) => event.packet);
  const { offset, head } = packets[Math.floor(draw() * packets.length)];
  const copy = bytes.slice();
  const at = draw() < 0.3 ? 4 + Math.floor(draw() * 14) : 22 + Math.floor(draw() * head.length);
  copy[offset + at] ^= 1 << Math.floor(draw() * 8);
  const view = new DataView(copy.buffer);
  const checksum = crc32(copy, offset, offset + 18);
  view.setUint32(offset + 18, checksum, true);
  const end = offset + 22 + view.getUint32(offset + 14, true);
  if (end + 4 <= copy.length) view.setUint32(end, crc32(copy, offset + 22, end, checksum), true);
  return copy;
}

test("changed files", () => {
  const draw = random(17);
  const names = Object.keys(REFERENCES.good);
  let decoded = 0;
  let refused = 0;
  for (let n = 0; n < FILES; n++) {
    const bytes = conformanceFile("good", names[Math.floor(draw() * names.length)]);
    if (bytes.length > 9000) continue;
    for (let i = 0; i < CHANGES; i++) {
      try {
        const { channels } = decode(changed(bytes, draw));
        assert.ok(channels.every((samples) => samples.every(Number.isFinite)));
        decoded++;
      } catch (error) {
        if (!(error instanceof DpcError)) throw error;
        refused++;
      }
    }
  }
  assert.ok(decoded > 100 && refused > 20, `${decoded} ${refused}`);
});

/** An INDEX packet of a later version: flag bit 1 is set. */
function laterIndex() {
  const packet = new Uint8Array(22 + 1 + 4);
  const view = new DataView(packet.buffer);
  packet.set([0xf2, 0x64, 0x70, 0xb1]);
  view.setUint16(4, 0x8005, true);
  view.setUint16(6, 2, true);
  view.setUint32(14, 1, true);
  const checksum = crc32(packet, 0, 18);
  view.setUint32(18, checksum, true);
  view.setUint32(23, crc32(packet, 22, 23, checksum), true);
  return packet;
}

test("parity comes before refusals", () => {
  const [lost, whole] = ["parity-brings-back", "parity"].map((name) => conformanceFile("good", name));
  const last = [...scan(lost)].at(-1).packet;
  const put = (bytes, at) => Uint8Array.from([...bytes.subarray(0, at), ...laterIndex(), ...bytes.subarray(at)]);
  // an index does not come into a mended file, so nothing is left to refuse
  const mended = decode(put(lost, last.offset));
  assert.equal(mended.damaged, false);
  assert.deepEqual(mended.channels, decode(lost).channels);
  const end = [...scan(whole)].at(-1).packet;
  assert.throws(() => decode(put(whole, end.offset)), (error) => error instanceof DpcError && error.code === 8);
});
