/** Magnitude classes and what they leave open (docs/format.md, "Magnitude classes"). */

import { FormatError } from "../errors.js";

export const MAGNITUDE_CLASSES = 23;
export const MAX_SYMBOL = 2 ** 24 - 1;
const ESCAPE_CLASS = 22;
const ESCAPE_EXPONENT = 10;
/** The smallest magnitude of each class. */
export const CLASS_FLOORS = new Int32Array(MAGNITUDE_CLASSES);
const CLASS_WIDTHS = new Uint8Array(MAGNITUDE_CLASSES);
for (let i = 0; i < MAGNITUDE_CLASSES; i++) {
  const e = 3 + ((i - 8) >> 1);
  CLASS_FLOORS[i] = i < 8 ? i : i < ESCAPE_CLASS ? (2 + (i & 1)) << (e - 1) : 1024;
  CLASS_WIDTHS[i] = i < 8 || i === ESCAPE_CLASS ? 0 : e - 1;
}

/**
 * Signed numbers from their classes: widths of escapes, extra bits, signs.
 * @param {import("./range_decoder.js").RangeDecoder} decoder @param {Uint8Array} classes @param {number} count
 */
export function decodeExtras(decoder, classes, count) {
  const values = new Int32Array(count);
  const widths = new Uint8Array(count);
  let escapes = 0;
  for (let i = 0; i < count; i++) if (classes[i] === ESCAPE_CLASS) escapes++;
  const escaped = decoder.bits(4 * escapes);
  let at = 0;
  let extra = 0;
  for (let i = 0; i < count; i++) {
    widths[i] = CLASS_WIDTHS[classes[i]];
    values[i] = CLASS_FLOORS[classes[i]];
    if (classes[i] === ESCAPE_CLASS) {
      widths[i] = ESCAPE_EXPONENT + 8 * escaped[at] + 4 * escaped[at + 1] + 2 * escaped[at + 2] + escaped[at + 3];
      values[i] = 1 << widths[i];
      at += 4;
    }
    extra += widths[i];
  }
  const bits = decoder.bits(extra);
  at = 0;
  let signs = 0;
  for (let i = 0; i < count; i++) {
    let offset = 0;
    for (let bit = 0; bit < widths[i]; bit++) offset = 2 * offset + bits[at++];
    values[i] += offset;
    if (values[i] > MAX_SYMBOL) throw new FormatError(`coded part: a symbol larger than ${MAX_SYMBOL}`);
    if (values[i]) signs++;
  }
  const negative = decoder.bits(signs);
  at = 0;
  for (let i = 0; i < count; i++) if (values[i] && negative[at++]) values[i] = -values[i];
  return values;
}
