/** Payloads of modes 2 and 4: exact values in planes of bytes. */

import { Cursor } from "../bytes.js";
import { FormatError } from "../errors.js";
import { readMask } from "./masks.js";

/**
 * The mask of a grid, and the float32 values of its kept cells, one array a component.
 * @param {Uint8Array} payload @param {number} cells @param {Uint8Array | null} mask null where it is stored
 * @param {number} components
 */
export function decodeExact(payload, cells, mask, components) {
  const cursor = new Cursor(payload);
  if (!mask) {
    const stored = readMask(payload, cells);
    mask = stored.mask;
    cursor.at = stored.end;
  }
  let count = 0;
  for (let i = 0; i < cells; i++) count += mask[i];
  if (cursor.left !== 4 * components * count) {
    throw new FormatError(`coded part: ${cursor.left} bytes for ${count} exact coefficients`);
  }
  const words = new Uint32Array(count);
  const floats = new Float32Array(words.buffer);
  const values = [];
  for (let component = 0; component < components; component++) {
    const planes = cursor.take(4 * count);
    for (let i = 0; i < count; i++) {
      words[i] = (planes[i] << 24) | (planes[count + i] << 16) | (planes[2 * count + i] << 8) | planes[3 * count + i];
    }
    if (!floats.every(Number.isFinite)) throw new FormatError("coded part: an exact coefficient is not a finite number");
    values.push(floats.slice());
  }
  return { mask, values };
}
