/** Philox4x32-10 (docs/format.md, "The generator"), and the random mask made with it. */

const MASK_WORD = 0x4b53414d;

/** The upper 32 bits of a product. @param {number} a @param {number} b */
function highProduct(a, b) {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + ((al * bl) >>> 16);
  const other = al * bh + (middle & 0xffff);
  return (ah * bh + Math.floor(middle / 65536) + Math.floor(other / 65536)) >>> 0;
}

/**
 * The block of a counter and a key, into `out`.
 * @param {number} c0 @param {number} c1 @param {number} c2 @param {number} c3 @param {number} k0 @param {number} k1
 * @param {Uint32Array} out
 */
export function philox(c0, c1, c2, c3, k0, k1, out) {
  for (let round = 0; round < 10; round++) {
    const highP = highProduct(0xd2511f53, c0);
    const lowP = Math.imul(0xd2511f53, c0);
    const highQ = highProduct(0xcd9e8d57, c2);
    const lowQ = Math.imul(0xcd9e8d57, c2);
    c0 = (highQ ^ c1 ^ k0) >>> 0;
    c1 = lowQ >>> 0;
    c2 = (highP ^ c3 ^ k1) >>> 0;
    c3 = lowP >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Cells dropped of n. @param {number} dropQ32 @param {number} n */
export function droppedCount(dropQ32, n) {
  return Number((BigInt(dropQ32) * BigInt(n) + (1n << 31n)) >> 32n);
}

/**
 * The random mask of one channel of a segment, 1 where kept: the cells with the smallest values are dropped, of equal
 * ones the first.
 * @param {import("../container/header.js").Header} header @param {number} segment @param {number} channel
 * @param {number} cells K L @param {Uint8Array} kept
 */
export function randomMask(header, segment, channel, cells, kept) {
  const values = new Uint32Array(4 * Math.ceil(cells / 4));
  for (let i = 0; i < cells; i += 4) {
    philox(i / 4, segment, channel, MASK_WORD, header.seedLow, header.seedHigh, values.subarray(i, i + 4));
  }
  const dropped = droppedCount(header.dropQ32, cells);
  kept.fill(1);
  if (!dropped) return;
  const sorted = values.slice(0, cells).sort();
  const edge = sorted[dropped - 1];
  let equal = dropped;
  for (let i = 0; i < dropped && sorted[i] < edge; i++) equal--;
  for (let i = 0; i < cells; i++) {
    if (values[i] < edge || (values[i] === edge && equal-- > 0)) kept[i] = 0;
  }
}
