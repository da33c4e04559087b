/**
 * The networks of docs/format.md ("Networks") for a run of rows of one frame, in vectors of WebAssembly: 48 hidden units
 * in twelve vectors of four, two inputs at a time.
 */

import { I32, V128, get, i16x8, i32, i32x4, i64, i64x2, loop, moduleOf, set, v128, when } from "./assembler.js";

export const HIDDEN_UNITS = 48;
/** Bytes of the weights of two inputs, by turns, for all hidden units: 16 bits each. */
export const PAIR_BYTES = 4 * HIDDEN_UNITS;
/** Bytes of the weights of one of the outputs. */
export const OUTPUT_BYTES = 2 * HIDDEN_UNITS;
export const MOST_QUADS = 12;
/** Where in the memory: an address for each quad; the hidden units' sums of a frame; those of a band. */
export const QUADS_AT = 0;
export const FRAME_SUMS_AT = 64;
const BAND_SUMS_AT = FRAME_SUMS_AT + 4 * HIDDEN_UNITS;
/** What else is in the memory begins here. */
export const FREE_AT = BAND_SUMS_AT + 4 * HIDDEN_UNITS;
/** What of a network's numbers stands where: weights of noise level and band, of both outputs, their bias, those of quads. */
export const OUTPUTS_AT = PAIR_BYTES;
export const BIAS_AT = OUTPUTS_AT + 2 * OUTPUT_BYTES;
export const QUAD_WEIGHTS_AT = BIAS_AT + 16;
/** Bytes of the weights of a quad: four neighbours of one column. */
export const QUAD_BYTES = 2 * PAIR_BYTES;
const VECTORS = HIDDEN_UNITS / 4;
const ALL_VECTORS = Array.from({ length: VECTORS }, (_, j) => j);
/** Parameters and variables, by number. */
const PARAMETERS = { row: 0, end: 1, step: 2, factor: 3, out: 4, outStep: 5, sides: 6, network: 7, quads: 8 };
const INTEGERS = { silence: 9, any: 10, quad: 11, weights: 12, context: 13, number: 14 };
const LOCALS = { ...PARAMETERS, ...INTEGERS, factors: 15, sizes: 16, two: 17, output: 18, sums: 19 };

/** The sums of a band: those of the frame and what its noise level and its number add. */
function bandSums() {
  return [
    ...set(LOCALS.two, i32x4.splat(get(LOCALS.sides))),
    ...ALL_VECTORS.flatMap((j) => {
      const added = i32x4.dot(get(LOCALS.two), v128.load(get(LOCALS.network), 16 * j));
      return v128.store(i32.const(0), BAND_SUMS_AT + 16 * j, i32x4.add(v128.load(i32.const(0), FRAME_SUMS_AT + 16 * j), added));
    }),
  ];
}

/** Adds what four neighbours say, where one of them is not zero. */
function addQuad() {
  const column = i32.add(i32.load(get(LOCALS.quad), 0), get(LOCALS.row));
  const sizes = i16x8.min(i16x8.max(i16x8.sub(v128.load64(column, 0), get(LOCALS.factors)), i16x8.const(0)), i16x8.const(255));
  const addPair = (/** @type {number} */ pair) => [
    ...set(LOCALS.two, i32x4.spread(get(LOCALS.sizes), pair)),
    ...ALL_VECTORS.flatMap((j) => {
      const added = i32x4.dot(get(LOCALS.two), v128.load(get(LOCALS.weights), PAIR_BYTES * pair + 16 * j));
      return set(LOCALS.sums + j, i32x4.add(get(LOCALS.sums + j), added));
    }),
  ];
  return [
    ...set(LOCALS.sizes, sizes),
    ...when(i32.eqz(i64.eqz(i64x2.lane(get(LOCALS.sizes), 0))), [...set(LOCALS.any, i32.const(1)), ...addPair(0), ...addPair(1)]),
  ];
}

/** Sums to the context: the class of the magnitude times 64, plus that of zero or not. */
function finishContext() {
  const hidden = ALL_VECTORS.slice(0, VECTORS / 2).flatMap((k) => {
    const shifted = [2 * k, 2 * k + 1].map((j) => i32x4.shrS(get(LOCALS.sums + j), i32.const(5)));
    return set(LOCALS.sums + k, i16x8.min(i16x8.max(i16x8.narrow(shifted[0], shifted[1]), i16x8.const(0)), i16x8.const(127)));
  });
  const classOf = (/** @type {number} */ o, /** @type {number} */ most) => {
    const products = ALL_VECTORS.slice(0, VECTORS / 2).map((k) =>
      i32x4.dot(get(LOCALS.sums + k), v128.load(get(LOCALS.network), OUTPUTS_AT + OUTPUT_BYTES * o + 16 * k)),
    );
    const lanes = [0, 1, 2, 3].map((lane) => i32x4.lane(get(LOCALS.output), lane));
    const total = lanes.reduce((a, b) => i32.add(a, b), i32.load(get(LOCALS.network), BIAS_AT + 4 * o));
    return [
      ...set(LOCALS.output, products.reduce((a, b) => i32x4.add(a, b))),
      ...set(LOCALS.number, i32.shrS(total, i32.const(10))),
      ...when(i32.ltS(get(LOCALS.number), i32.const(0)), set(LOCALS.number, i32.const(0))),
      ...when(i32.geS(get(LOCALS.number), i32.const(most)), set(LOCALS.number, i32.const(most))),
    ];
  };
  return [
    ...hidden,
    ...classOf(1, 23),
    ...set(LOCALS.context, i32.shl(get(LOCALS.number), i32.const(6))),
    ...classOf(0, 47),
    ...set(LOCALS.context, i32.or(get(LOCALS.context), get(LOCALS.number))),
  ];
}

/** One row; what is the same for all rows without a neighbour that is not zero is computed once. */
function oneRow() {
  return [
    ...set(LOCALS.any, i32.const(0)),
    ...ALL_VECTORS.flatMap((j) => set(LOCALS.sums + j, v128.load(i32.const(0), BAND_SUMS_AT + 16 * j))),
    ...set(LOCALS.quad, i32.const(QUADS_AT)),
    ...set(LOCALS.weights, i32.add(get(LOCALS.network), i32.const(QUAD_WEIGHTS_AT))),
    ...loop(
      i32.ltS(get(LOCALS.quad), get(LOCALS.quads)),
      addQuad(),
      set(LOCALS.quad, i32.add(get(LOCALS.quad), i32.const(4))),
      set(LOCALS.weights, i32.add(get(LOCALS.weights), i32.const(QUAD_BYTES))),
    ),
    ...set(LOCALS.context, get(LOCALS.silence)),
    ...when(i32.or(get(LOCALS.any), i32.ltS(get(LOCALS.silence), i32.const(0))), finishContext()),
    ...when(i32.eqz(get(LOCALS.any)), set(LOCALS.silence, get(LOCALS.context))),
    ...i32.store16(get(LOCALS.out), 0, get(LOCALS.context)),
    ...set(LOCALS.out, i32.add(get(LOCALS.out), get(LOCALS.outStep))),
    ...set(LOCALS.row, i32.add(get(LOCALS.row), get(LOCALS.step))),
  ];
}

/**
 * The module. `run(row, end, step, factor, out, outStep, sides, network, quads)`: rows, steps and addresses in bytes;
 * `sides` the inputs of noise level and band, 16 bits each; `network` where its numbers stand; `quads` where the addresses
 * of quads end.
 * @param {number} pages of 64 KiB at the start
 */
export function contextProgram(pages) {
  const body = [
    ...bandSums(),
    ...set(LOCALS.factors, i16x8.splat(get(LOCALS.factor))),
    ...set(LOCALS.silence, i32.const(-1)),
    ...loop(i32.ltS(get(LOCALS.row), get(LOCALS.end)), oneRow()),
  ];
  const counts = [Object.keys(PARAMETERS).length, Object.keys(INTEGERS).length, LOCALS.sums - LOCALS.factors + VECTORS];
  return moduleOf(counts[0], [[counts[1], I32], [counts[2], V128]], body, pages);
}
