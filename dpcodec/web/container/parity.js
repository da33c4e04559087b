/** PARITY packets, and the erasure code that brings lost packets back (docs/format.md, "PARITY"). */

import { readU16, readU32 } from "../bytes.js";
import { MAX_GROUP_BYTES, MAX_PARITY_GROUPS, MAX_STRINGS, OVERHEAD_BYTES } from "./limits.js";

export const PARITY_FIXED_BYTES = 14;
const FIELD_POLYNOMIAL = 0x11d;
const { exponentials: EXP, logarithms: LOG } = makeField();

/**
 * @typedef {object} Group what all parities of a group agree on
 * @property {string} key
 * @property {number} block
 * @property {number} number of the group
 * @property {number} groups D
 * @property {number} members K
 * @property {number} parities M
 * @property {number} flags
 * @property {number} start S
 * @property {number} startParities
 * @property {number} length bytes of a parity
 * @property {number[]} checksums of the members
 */

/** Powers of the generator 2 and their logarithms. */
function makeField() {
  const exponentials = new Uint8Array(512);
  const logarithms = new Uint8Array(256);
  for (let i = 0, x = 1; i < 255; i++) {
    exponentials[i] = exponentials[i + 255] = x;
    logarithms[x] = i;
    x <<= 1;
    if (x & 256) x ^= FIELD_POLYNOMIAL;
  }
  return { exponentials, logarithms };
}

/**
 * What a body says; null where it breaks a rule.
 * @param {Uint8Array} body @returns {{group: Group, index: number, string: Uint8Array} | null}
 */
export function unpackParity(body) {
  if (body.length < PARITY_FIXED_BYTES) return null;
  const [number, groups, members, parities, index, flags] = body.subarray(4, 10);
  const listed = PARITY_FIXED_BYTES + 4 * members;
  const length = body.length - listed;
  const lawful =
    number < groups && groups <= MAX_PARITY_GROUPS && members > 0 && members <= MAX_STRINGS - parities &&
    index < parities && !(flags & ~7) && length >= OVERHEAD_BYTES && length * members <= MAX_GROUP_BYTES;
  if (!lawful) return null;
  const checksums = Array.from({ length: members }, (_, i) => readU32(body, PARITY_FIXED_BYTES + 4 * i));
  const told = [...body.subarray(4, 8), flags, readU16(body, 10), body[12], body[13], length];
  const block = readU32(body, 0);
  const [start, startParities] = [body[12], body[13]];
  const key = [block, ...told, ...checksums].join();
  const group = { key, block, number, groups, members, parities, flags, start, startParities, length, checksums };
  return { group, index, string: body.subarray(listed) };
}

/** 1 / (member xor (255 - parity)). @param {number} parity @param {number} member */
function coefficient(parity, member) {
  return EXP[255 - LOG[member ^ (255 - parity)]];
}

/**
 * Adds a string times a factor to a total, in place.
 * @param {Uint8Array} total @param {Uint8Array} string @param {number} factor
 */
function addTimes(total, string, factor) {
  const table = new Uint8Array(256);
  for (let x = 1; factor && x < 256; x++) table[x] = EXP[LOG[x] + LOG[factor]];
  for (let i = 0; i < string.length; i++) total[i] ^= table[string[i]];
}

/**
 * The members that `fetch` has not, by number, each with its zeros; none where more are missing than there are
 * parities.
 * @param {Group} group @param {(index: number) => Uint8Array | null} fetch @param {Map<number, Uint8Array>} parities
 */
export function recoverMembers(group, fetch, parities) {
  /** @type {Map<number, Uint8Array>} */
  const found = new Map();
  /** @type {number[]} */
  const missing = [];
  for (let i = 0; i < group.members; i++) if (!fetch(i)) missing.push(i);
  if (!missing.length || missing.length > parities.size) return found;
  const used = [...parities.keys()].sort((a, b) => a - b).slice(0, missing.length);
  const sums = used.map((j) => Uint8Array.from(/** @type {Uint8Array} */ (parities.get(j))));
  for (let i = 0; i < group.members; i++) {
    const member = fetch(i);
    if (member) used.forEach((j, row) => addTimes(sums[row], member, coefficient(j, i)));
  }
  const inverse = invertField(used.map((j) => missing.map((i) => coefficient(j, i))));
  missing.forEach((i, row) => {
    const total = new Uint8Array(group.length);
    inverse[row].forEach((factor, column) => addTimes(total, sums[column], factor));
    found.set(i, total);
  });
  return found;
}

/** The inverse of a matrix that has one, by Gauss and Jordan. @param {number[][]} matrix */
function invertField(matrix) {
  const size = matrix.length;
  const times = (/** @type {number} */ a, /** @type {number} */ b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    const pivot = work.findIndex((row, i) => i >= column && row[column] !== 0);
    [work[column], work[pivot]] = [work[pivot], work[column]];
    const inverse = EXP[255 - LOG[work[column][column]]];
    work[column] = work[column].map((value) => times(inverse, value));
    for (let row = 0; row < size; row++) {
      const factor = work[row][column];
      if (row !== column && factor) work[row] = work[row].map((value, i) => value ^ times(factor, work[column][i]));
    }
  }
  return work.map((row) => row.slice(size));
}
