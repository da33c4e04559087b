/** Filling with noise, and the inverse stereo rotation (docs/format.md, "Filling with noise"). */

import { philox } from "./philox.js";
import { single } from "./segment.js";

const NOISE_KEY_0 = 0x64706e6f;
const NOISE_KEY_1 = 0x69736531;
const ROOT_3 = Math.sqrt(3);
const ANGLE_UNIT = Math.PI / 64;

/** Uniform noise of variance 1 from a word. @param {number} word */
export function uniformNoise(word) {
  return Math.fround((word + 0.5) * (ROOT_3 / 2 ** 31) - ROOT_3);
}

/**
 * Adds noise of levels [C, K, L] to values [C, K, L] of a segment, in place.
 * @param {Float32Array} value @param {Float32Array} levels @param {number} segment its number
 * @param {{channels: number, bins: number, frames: number}} size
 */
export function fillNoise(value, levels, segment, { channels, bins, frames }) {
  const block = new Uint32Array(4);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < bins; k++) {
      for (let l = 0; l < frames; l += 4) {
        const stop = at + Math.min(4, frames - l);
        let any = false;
        for (let i = at; i < stop; i++) any ||= levels[i] > 0;
        if (any) {
          philox(l >> 2, k, c, segment, NOISE_KEY_0, NOISE_KEY_1, block);
          for (let i = at; i < stop; i++) {
            if (levels[i]) value[i] = single(value[i] + single(levels[i] * uniformNoise(block[i - at])));
          }
        }
        at = stop;
      }
    }
  }
}

/**
 * Undoes the stereo rotation of pairs, in place.
 * @param {Float32Array} value [C, K, L] @param {Uint8Array} angles [C // 2, bands] @param {Uint8Array} bands of the bins
 * @param {{bins: number, frames: number}} size
 */
export function rotateBack(value, angles, bands, { bins, frames }) {
  const count = bins ? bands[bins - 1] + 1 : 0;
  for (let pair = 0; count && pair < angles.length / count; pair++) {
    for (let k = 0; k < bins; k++) {
      const angle = angles[pair * count + bands[k]];
      if (!angle) continue;
      const cosine = Math.cos(angle * ANGLE_UNIT);
      const sine = Math.sin(angle * ANGLE_UNIT);
      const first = (2 * pair * bins + k) * frames;
      const second = first + bins * frames;
      for (let l = 0; l < frames; l++) {
        const x = value[first + l];
        const y = value[second + l];
        value[first + l] = x * cosine - y * sine;
        value[second + l] = y * cosine + x * sine;
      }
    }
  }
}
