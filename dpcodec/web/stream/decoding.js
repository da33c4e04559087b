/** From a file that is open to samples, from any place on. */

import { SegmentDecoder, segmentBefore } from "../decoder.js";

/**
 * Blocks of samples of each channel from sample `first` on, without gaps; the next segment is read only when the next
 * block is asked for. Every few milliseconds it waits for `goesOn`, and ends where that says no.
 * @param {import("./stream_file.js").StreamFile} file @param {number} first @param {() => Promise<boolean>} [goesOn]
 * @returns {AsyncGenerator<Float32Array[]>}
 */
export async function* samplesFrom(file, first, goesOn = async () => true) {
  const { header } = file;
  const segment = segmentBefore(header, first);
  const decoder = new SegmentDecoder(header, { first: segment });
  let position = decoder.position;
  const cut = (/** @type {Float32Array[]} */ blocks) => {
    const skip = Math.min(Math.max(first - position, 0), blocks[0].length);
    position += blocks[0].length;
    return blocks.map((block) => block.subarray(skip));
  };
  for await (const data of file.from(segment)) {
    const frames = file.framesOf(data.index);
    if (frames !== null && frames <= 0) break;
    const steps = decoder.steps(data, frames);
    let step = steps.next();
    for (; !step.done; step = steps.next()) if (!(await goesOn())) return;
    const blocks = cut(step.value);
    if (blocks[0].length) yield blocks;
  }
  const rest = cut(decoder.finish());
  if (rest[0].length) yield rest;
}
