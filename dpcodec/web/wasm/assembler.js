/**
 * Modules of WebAssembly, assembled where they run: an expression is the list of its bytes, what it needs before it.
 * Numbers of instructions are those of the WebAssembly Core Specification, version 2.0, "Index of Instructions".
 */

/** @typedef {number[]} Code */

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SIMD_PREFIX = 0xfd;
const NO_RESULT = 0x40;
/** Types of values. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** LEB128 without sign. @param {number} value @returns {Code} */
export function leb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/** LEB128 with sign. @param {number} value @returns {Code} */
export function signedLeb(value) {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)];
}

/** @param {number} op */
function instruction(op) {
  return (/** @type {Code[]} */ ...needs) => [...needs.flat(), op];
}

/** @param {number} op */
function simdInstruction(op) {
  return (/** @type {Code[]} */ ...needs) => [...needs.flat(), SIMD_PREFIX, ...leb(op)];
}

/** @param {number} op */
function simdLane(op) {
  return (/** @type {Code} */ vector, /** @type {number} */ lane) => [...vector, SIMD_PREFIX, ...leb(op), lane];
}

/** @param {number} op @param {number} align log2 of the bytes */
function simdMemory(op, align) {
  return (/** @type {Code} */ address, /** @type {number} */ offset, /** @type {Code} */ value = []) =>
    [...address, ...value, SIMD_PREFIX, ...leb(op), align, ...leb(offset)];
}

export const i32 = {
  const: (/** @type {number} */ value) => [0x41, ...signedLeb(value)],
  add: instruction(0x6a),
  sub: instruction(0x6b),
  and: instruction(0x71),
  or: instruction(0x72),
  shl: instruction(0x74),
  shrS: instruction(0x75),
  ltS: instruction(0x48),
  geS: instruction(0x4e),
  eqz: instruction(0x45),
  load: (/** @type {Code} */ address, /** @type {number} */ offset) => [...address, 0x28, 2, ...leb(offset)],
  store16: (/** @type {Code} */ address, /** @type {number} */ offset, /** @type {Code} */ value) =>
    [...address, ...value, 0x3b, 1, ...leb(offset)],
};
export const i64 = { eqz: instruction(0x50) };
/** Vectors of 128 bits. */
export const v128 = {
  load: simdMemory(0x00, 4),
  store: simdMemory(0x0b, 4),
  load64: simdMemory(0x5d, 1),
};
export const i16x8 = {
  splat: simdInstruction(0x10),
  const: (/** @type {number} */ value) => [SIMD_PREFIX, 0x0c, ...Array(8).fill([value & 255, value >> 8]).flat()],
  sub: simdInstruction(0x91),
  min: simdInstruction(0x96),
  max: simdInstruction(0x98),
  /** Two vectors of 32 bits made one of 16. */
  narrow: simdInstruction(0x85),
};
export const i32x4 = {
  splat: simdInstruction(0x11),
  lane: simdLane(0x1b),
  shrS: simdInstruction(0xac),
  add: simdInstruction(0xae),
  /** Products of numbers of 16 bits, two and two summed. */
  dot: simdInstruction(0xba),
  /** One lane in all four. @param {Code} vector @param {number} lane */
  spread: (vector, lane) => [
    ...vector, ...vector, SIMD_PREFIX, 0x0d, ...Array(4).fill([0, 1, 2, 3].map((i) => 4 * lane + i)).flat(),
  ],
};
export const i64x2 = { lane: simdLane(0x1d) };

/** @param {number} local */
export function get(local) {
  return [0x20, ...leb(local)];
}

/** @param {number} local @param {Code} value */
export function set(local, value) {
  return [...value, 0x21, ...leb(local)];
}

/** @param {Code} condition @param {Code} then @param {Code} [otherwise] */
export function when(condition, then, otherwise = []) {
  return [...condition, 0x04, NO_RESULT, ...then, ...(otherwise.length ? [0x05, ...otherwise] : []), 0x0b];
}

/** Runs `body` while `condition` holds; no `when` may stand around a condition. @param {Code} condition @param {Code[]} body */
export function loop(condition, ...body) {
  return [0x02, NO_RESULT, 0x03, NO_RESULT, ...i32.eqz(condition), 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b];
}

/**
 * A module of one function, `run`, over a memory, `memory`, of so many pages of 64 KiB at the start.
 * @param {number} parameters all i32, none given back @param {[number, number][]} locals counts and types @param {Code} body
 * @param {number} pages @returns {Uint8Array<ArrayBuffer>}
 */
export function moduleOf(parameters, locals, body, pages) {
  const named = (/** @type {string} */ name) => [name.length, ...Array.from(name, (letter) => letter.charCodeAt(0))];
  const section = (/** @type {number} */ id, /** @type {Code} */ content) => [id, ...leb(content.length), ...content];
  const code = [locals.length, ...locals.flatMap(([count, type]) => [...leb(count), type]), ...body, 0x0b];
  return Uint8Array.from([
    ...WASM_MAGIC,
    ...section(1, [1, 0x60, parameters, ...Array(parameters).fill(I32), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(pages)]),
    ...section(7, [2, ...named("run"), 0, 0, ...named("memory"), 2, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}
