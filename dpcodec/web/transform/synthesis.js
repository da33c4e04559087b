/** What both transforms share: samples come out as soon as no later frame can change them. */

const LOUDEST = 3.4028234663852886e38;

/** Rounded to float32 and finite. @param {Float64Array} from @param {number} start @param {Float32Array} to */
export function toSamples(from, start, to) {
  for (let i = 0; i < to.length; i++) to[i] = Math.min(Math.max(from[start + i], -LOUDEST), LOUDEST);
}

/**
 * A run of frames, its coefficients [C, K, L] of the signal's own channels.
 * @typedef {object} FrameRun
 * @property {number} frames
 * @property {Float32Array} value
 * @property {Float32Array | null} imaginary of an STFT
 * @property {Uint8Array} blockSplits [C, L]
 */
