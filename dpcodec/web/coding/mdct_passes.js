/** The order of an MDCT's cells, and what their networks see (docs/format.md, "Payload of mode 3" and "mode 7"). */

const COARSEST = 16;
const BESIDE_ROWS = [-1, 1, -3, 3];

/**
 * @typedef {object} MdctPass
 * @property {number} row0 first row; the others follow at `rowStride`
 * @property {number} rowStride
 * @property {number} frame0
 * @property {number} stride d
 * @property {number} stage
 * @property {number} network
 * @property {[number, number][]} around rows and frames away of the neighbours
 * @property {number} nearness what the network is told of h
 */

/** @param {number} h @param {boolean} odd @returns {[number, number][]} */
function betweenNeighbours(h, odd) {
  /** @type {[number, number][]} */
  const around = [];
  for (const frame of [-h, h]) for (let row = -3; row <= 3; row++) around.push([row, frame]);
  for (const frame of [-3 * h, 3 * h]) for (let row = -1; row <= 1; row++) around.push([row, frame]);
  if (odd) for (const row of BESIDE_ROWS) around.push([row, 0]);
  return around;
}

/**
 * The passes of a part of so many frames.
 * @param {number} frames @param {number | null} apart frames of the file from one of the part to the next; null: coded
 * as before format 1.4
 * @returns {MdctPass[]}
 */
export function mdctPasses(frames, apart) {
  const coarsest = apart === null ? COARSEST : 1 << (32 - Math.clz32(Math.max(0, frames - 1)));
  const first = { frame0: 0, stride: coarsest, nearness: 0 };
  /** @type {MdctPass[]} */
  const passes = [
    { ...first, row0: 0, rowStride: 4, stage: 0, network: 0, around: [] },
    { ...first, row0: 2, rowStride: 4, stage: 0, network: 1, around: [[-2, 0], [2, 0]] },
    { ...first, row0: 1, rowStride: 2, stage: 1, network: 2, around: BESIDE_ROWS.map((row) => [row, 0]) },
  ];
  for (let d = coarsest; d > 1; d /= 2) {
    const h = d / 2;
    const nearness = apart === null ? 64 * Math.log2(COARSEST / d) : Math.max(0, 252 - 36 * (31 - Math.clz32(h * apart)));
    for (const b of [0, 1]) {
      passes.push({
        row0: b, rowStride: 2, frame0: h, stride: d, stage: 2 + b + (d === 2 ? 2 : 0), network: 3 + b,
        around: betweenNeighbours(h, b === 1), nearness,
      });
    }
  }
  return passes;
}
