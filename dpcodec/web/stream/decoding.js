/** From a file that is open to samples, from any place on. */

import { SegmentDecoder, segmentBefore } from "../decoder.js";

/**
 * Blocks of samples of each channel from sample `first` on, without gaps; the next segment is read only when the next
 * block is asked for. Every few milliseconds it waits for `goesOn`, and ends where that says no.
 * @param {import("./stream_file.js").StreamFile} file @param {number} first @param {() => Promise<boolean>} [goesOn]
 * @param {boolean} [hurry] whether somebody listens
 * @returns {AsyncGenerator<Float32Array[]>}
 */
export async function* samplesFrom(file, first, goesOn = async () => true, hurry = false) {
  const { header } = file;
  const segment = segmentBefore(header, first);
  const decoder = new SegmentDecoder(header, { first: segment, hurry });
  let position = decoder.position;
  const cut = (/** @type {Float32Array[]} */ blocks) => {
    const skip = Math.min(Math.max(first - position, 0), blocks[0].length);
    position += blocks[0].length;
    return blocks.map((block) => block.subarray(skip));
  };
  for await (const data of file.from(segment)) {
    const frames = file.framesOf(data.index);
    if (frames !== null && frames <= 0) break;
    const done = await walked(decoder.steps(data, frames), goesOn);
    if (!done) return;
    const blocks = cut(done);
    if (blocks[0].length) yield blocks;
  }
  const done = await walked(decoder.lastSteps(), goesOn);
  if (!done) return;
  const rest = cut(done);
  if (rest[0].length) yield rest;
}

/**
 * What steps come to; null where they are given up.
 * @param {Generator<undefined, Float32Array[], undefined>} steps @param {() => Promise<boolean>} goesOn
 */
async function walked(steps, goesOn) {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (!(await goesOn())) return null;
  }
}
