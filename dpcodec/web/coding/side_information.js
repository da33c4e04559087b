/** Scale factors, noise levels and stereo angles (docs/format.md, "Payload of mode 5" to "mode 7"). */

import { AdaptiveTable, closeCounts } from "./adaptive_table.js";
import { codingTable } from "./tables.js";

/** @typedef {import("./range_decoder.js").RangeDecoder} RangeDecoder */

const NOISE_FRAMES = 16;
const FIRST_DISTANCE = 256;
const FIRST_SCALE_FACTOR = 24;
const ROOT_2 = 1.4142135623730951;

/** What scale factors multiply the step by. */
export const STEP_FACTORS = Float64Array.from({ length: 64 }, (_, w) => 2 ** (w >> 1) * (w & 1 ? ROOT_2 : 1));

/** @param {number} value @param {number} most */
function limited(value, most) {
  return Math.min(Math.max(value, -most), most);
}

/** @param {string} name @param {boolean} paired */
function scaleFactorTable(name, paired) {
  const known = codingTable(name)[paired ? "paired" : "differences"];
  const counts = new Float64Array(known.length * 64).fill(1);
  known.forEach((/** @type {number[]} */ row, /** @type {number} */ context) => {
    row.forEach((count, i) => (counts[context * 64 + ((i + 57) & 63)] = count));
  });
  return new AdaptiveTable(counts, 64);
}

/** How near the neighbours of a step are. @param {number} d @param {number | null} apart */
function nearnessStage(d, apart) {
  if (apart === null) return d === 2 ? 2 : d === 4 ? 1 : 0;
  return Math.max(0, 3 - (31 - Math.clz32(d * apart) - 1));
}

/**
 * Scale factors [bands, frames].
 * @param {RangeDecoder} decoder @param {number} bands @param {number} frames @param {string} name of the table
 * @param {{values: Uint8Array, bands: number} | null} first those of the first channel of the pair, where they are followed
 * @param {number | null} apart frames of the file from one of the part to the next; null: as before format 1.4
 */
export function decodeScaleFactors(decoder, bands, frames, name, first, apart) {
  const table = scaleFactorTable(name, first !== null);
  const w = new Uint8Array(bands * frames);
  let below = new Int8Array(frames);
  for (let band = 0; band < bands; band++) {
    const off = new Int8Array(frames);
    const own = w.subarray(band * frames, (band + 1) * frames);
    const under = band ? w.subarray((band - 1) * frames, band * frames) : null;
    const seen = first && rowOf(first, band, frames);
    const seenUnder = first && (band ? rowOf(first, band - 1, frames) : seen);
    for (let d = 2 * FIRST_DISTANCE; d > 1; d /= 2) {
      const isFirst = d > FIRST_DISTANCE;
      const contexts = [];
      /** @type {number[]} */
      const expected = [];
      const places = [];
      for (let l = isFirst ? 0 : d / 2; l < frames; l += isFirst ? FIRST_DISTANCE : d) {
        const u = limited(below[l], 2) + 2;
        const left = isFirst ? 0 : own[l - d / 2];
        const right = isFirst ? 0 : l + d / 2 < frames ? own[l + d / 2] : left;
        let guess = isFirst ? (under ? under[l] : FIRST_SCALE_FACTOR) : (left + right) >> 1;
        const stage = nearnessStage(d, apart);
        if (seen && seenUnder) {
          const before = isFirst ? 0 : seen[l - d / 2];
          const after = isFirst ? 0 : l + d / 2 < frames ? seen[l + d / 2] : before;
          const moved = isFirst ? seen[l] - seenUnder[l] : seen[l] - ((before + after) >> 1);
          if (isFirst && !under) guess = seen[l];
          else guess += moved;
          contexts.push(((isFirst ? 0 : 1 + stage) * 5 + limited(moved, 2) + 2) * 5 + u);
        } else {
          contexts.push(isFirst ? u : (1 + stage * 9 + limited(left - right, 4) + 4) * 5 + u);
        }
        expected.push(guess);
        places.push(l);
      }
      const symbols = new Uint8Array(places.length);
      table.decode(decoder, contexts, places.length, symbols);
      places.forEach((l, i) => {
        own[l] = (expected[i] + symbols[i]) & 63;
        off[l] = symbols[i] > 31 ? symbols[i] - 64 : symbols[i];
      });
    }
    below = off;
  }
  return w;
}

/** @param {{values: Uint8Array, bands: number}} first @param {number} band @param {number} frames */
function rowOf({ values, bands }, band, frames) {
  if (!bands) return new Uint8Array(frames);
  const row = Math.min(band, bands - 1);
  return values.subarray(row * frames, (row + 1) * frames);
}

/** Frames that share a noise level, and how many groups they make. @param {number} frames @param {boolean} even */
export function noiseGroups(frames, even) {
  const groups = Math.ceil(frames / NOISE_FRAMES);
  return { groups, each: even ? Math.max(1, Math.ceil(frames / Math.max(groups, 1))) : NOISE_FRAMES };
}

/**
 * Noise levels [bands, groups].
 * @param {RangeDecoder} decoder @param {number} bands @param {number} groups @param {boolean} inTime
 */
export function decodeNoise(decoder, bands, groups, inTime) {
  const levels = new Uint8Array(bands * groups);
  const counts = closeCounts(16);
  const together = inTime ? Math.min(1, groups) : groups;
  const table = new AdaptiveTable(counts, 16);
  const symbols = new Uint8Array(Math.max(bands, groups));
  for (let band = 0; band < bands; band++) {
    const contexts = Array.from({ length: together }, (_, g) => (band ? levels[(band - 1) * groups + g] : 0));
    table.decode(decoder, contexts, together, symbols);
    for (let g = 0; g < together; g++) levels[band * groups + g] = symbols[g];
  }
  const later = new AdaptiveTable(counts, 16);
  for (let g = together; g < groups; g++) {
    const contexts = Array.from({ length: bands }, (_, band) => levels[band * groups + g - 1]);
    later.decode(decoder, contexts, bands, symbols);
    for (let band = 0; band < bands; band++) levels[band * groups + g] = symbols[band];
  }
  return levels;
}

/** Stereo angles of all bands. @param {RangeDecoder} decoder @param {number} bands */
export function decodeAngles(decoder, bands) {
  const table = new AdaptiveTable(closeCounts(64), 64);
  const angles = new Uint8Array(bands);
  for (let band = 0; band < bands; band++) {
    table.decode(decoder, [band ? angles[band - 1] : 0], 1, angles.subarray(band));
  }
  return angles;
}
