/**
 * Holes that lost packets left, filled with noise as loud as the sound around (docs/web.md). A segment passes at once
 * unless something of it is missing; then it waits until sound comes after the hole, or too much time has passed.
 */

import { bandEdges, bandOfBins } from "./bands.js";
import { philox } from "./philox.js";
import { uniformNoise } from "./noise.js";

/** @typedef {import("./segment.js").Segment} Segment */
/**
 * Mean squares of a frame: by channel and band, and of the product of paired channels. @typedef {{power:
 * Float64Array, across: Float64Array}} Levels
 */
/** @typedef {{distance: number, power: Float64Array, across: Float64Array} | null} Side */

const NOISE_SHARE = 0.7;
const NEAREST = 3;
const REACH_SECONDS = 2;
const SILENCE = 1e-13;
const HOLE_KEY_0 = 0x6c6f7374;
const HOLE_KEY_1 = 0x686f6c65;

/** Takes rebuilt segments in order and gives them back without holes. */
export class Concealer {
  /** @param {import("../container/header.js").Header} header */
  constructor(header) {
    this.header = header;
    this.edges = bandEdges(header.bins, header.sampleRate);
    this.bands = bandOfBins(header.bins, header.sampleRate);
    this.reach = Math.max(1, Math.round((REACH_SECONDS * header.sampleRate) / header.hop));
    /** @type {Segment[]} */
    this.held = [];
    /** @type {Segment[]} */
    this.before = [];
    /** Frames that were filled so far. */
    this.filled = 0;
  }

  /** What is ready once this segment came. @param {Segment} segment @returns {Segment[]} */
  push(segment) {
    this.held.push(segment);
    const waiting = this.held.reduce((sum, one) => sum + one.frames, 0);
    return this.isTold(segment, segment.frames - 1) || waiting > this.reach ? this.flush() : [];
  }

  /** What is left. @returns {Segment[]} */
  flush() {
    const ready = this.held;
    this.held = [];
    const around = [...this.before, ...ready];
    for (const segment of ready) this.fill(segment, around);
    this.before = ready.length ? lastOnes(around, this.reach) : this.before;
    return ready;
  }

  /** Whether anything of a frame arrived. @param {Segment} segment @param {number} l */
  isTold(segment, l) {
    for (let at = l; at < segment.arrived.length; at += segment.frames) if (segment.arrived[at]) return true;
    return false;
  }

  /** @param {Segment} segment @param {Segment[]} around */
  fill(segment, around) {
    if (!segment.arrived.includes(0)) return;
    /** @type {Map<string, Levels>} */
    const cache = new Map();
    for (let l = 0; l < segment.frames; l++) {
      const told = this.isTold(segment, l);
      const whole = segment.arrived.filter((_, at) => at % segment.frames === l).every((bit) => bit);
      if (whole || (told && segment.imaginary)) continue; // a frame of an STFT that came in part is known well enough
      const place = around.indexOf(segment);
      const levels = this.levelsAt(this.side(around, place, l, -1, cache), this.side(around, place, l, 1, cache));
      if (levels) this.addNoise(segment, l, levels);
      this.filled++;
    }
  }

  /**
   * What lies on one side of a frame, itself included: the nearest frames that tell anything.
   * @param {Segment[]} around @param {number} place @param {number} l @param {number} way @param {Map<string, Levels>} cache
   * @returns {Side}
   */
  side(around, place, l, way, cache) {
    /** @type {Levels[]} */
    const found = [];
    let nearest = 0;
    for (let distance = 0; distance < this.reach && found.length < NEAREST; distance++, l += way) {
      if (l < 0 || l >= around[place].frames) {
        place += way;
        if (!around[place]) break;
        l = way > 0 ? 0 : around[place].frames - 1;
      }
      if (!this.isTold(around[place], l)) continue;
      if (!found.length) nearest = distance;
      found.push(this.levelsOf(around[place], l, cache));
    }
    if (!found.length) return null;
    const mean = (/** @type {"power" | "across"} */ name) =>
      found[0][name].map((_, i) => found.reduce((sum, one) => sum + one[name][i], 0) / found.length);
    return { distance: nearest, power: mean("power"), across: mean("across") };
  }

  /** @param {Segment} segment @param {number} l @param {Map<string, Levels>} cache @returns {Levels} */
  levelsOf(segment, l, cache) {
    const key = `${segment.index} ${l}`;
    const made = cache.get(key);
    if (made) return made;
    const { channels, bins, frames, value, imaginary, arrived } = segment;
    const count = this.edges.length - 1;
    const power = new Float64Array(channels * count);
    const across = new Float64Array((channels >> 1) * count);
    for (let band = 0; band < count; band++) {
      let cells = 0;
      for (let k = this.edges[band]; k < this.edges[band + 1]; k++) {
        if (!arrived[k * frames + l]) continue;
        cells++;
        for (let c = 0; c < channels; c++) {
          const at = (c * bins + k) * frames + l;
          const other = c % 2 ? at - bins * frames : at;
          power[c * count + band] += value[at] ** 2 + (imaginary ? imaginary[at] ** 2 : 0);
          if (c % 2) across[(c >> 1) * count + band] += value[at] * value[other] + (imaginary ? imaginary[at] * imaginary[other] : 0);
        }
      }
      for (let c = 0; c < channels; c++) power[c * count + band] /= Math.max(cells, 1);
      for (let p = 0; p < channels >> 1; p++) across[p * count + band] /= Math.max(cells, 1);
    }
    cache.set(key, { power, across });
    return { power, across };
  }

  /**
   * The power between two sides goes in a straight line in dB, and falls with the distance from the nearer one.
   * @param {Side} left @param {Side} right @returns {Levels | null}
   */
  levelsAt(left, right) {
    const sides = [left, right].filter((side) => side !== null);
    if (!sides.length) return null;
    const raw = sides.map(({ distance }) => Math.max(1 - distance / this.reach, 0) / Math.max(distance, 0.5));
    const total = raw.reduce((a, b) => a + b);
    const fade = (1 - Math.min(...sides.map((side) => side.distance)) / this.reach) ** 2;
    const loudest = sides.reduce((most, side) => side.power.reduce((a, b) => Math.max(a, b), most), 0);
    const floor = Math.max(SILENCE * loudest, Number.MIN_VALUE);
    const power = sides[0].power.map((_, i) => {
      const log = sides.reduce((sum, side, n) => sum + (raw[n] / total) * Math.log(Math.max(side.power[i], floor)), 0);
      return Math.exp(log) > 2 * floor ? Math.exp(log) * fade : 0;
    });
    const count = this.edges.length - 1;
    const across = sides[0].across.map((_, i) => {
      const c = 2 * Math.floor(i / count) * count + (i % count);
      return sides.reduce((sum, side, n) => {
        const both = Math.sqrt(side.power[c] * side.power[c + count]);
        return sum + (both > 0 ? (raw[n] / total) * Math.min(Math.max(side.across[i] / both, -1), 1) : 0);
      }, 0);
    });
    return { power, across };
  }

  /** @param {Segment} segment @param {number} l @param {Levels} levels */
  addNoise(segment, l, { power, across }) {
    const { channels, bins, frames, value, imaginary, arrived } = segment;
    const count = this.edges.length - 1;
    // each coefficient of a redundant transform shares what it says with others
    const scale = NOISE_SHARE * (imaginary ? Math.sqrt(this.header.nFft / this.header.hop / 4) : 1);
    const words = new Uint32Array(4);
    for (let k = 0; k < bins; k++) {
      if (arrived[k * frames + l]) continue;
      let first = [0, 0];
      for (let c = 0; c < channels; c++) {
        philox(l, k, c, segment.index, HOLE_KEY_0, HOLE_KEY_1, words);
        let unit = [uniformNoise(words[0]), uniformNoise(words[1])];
        if (c % 2) {
          const alike = across[(c >> 1) * count + this.bands[k]];
          const rest = Math.sqrt(1 - alike ** 2);
          unit = unit.map((own, i) => alike * first[i] + rest * own);
        }
        first = unit;
        const rms = scale * Math.sqrt(power[c * count + this.bands[k]]);
        const at = (c * bins + k) * frames + l;
        value[at] = rms * unit[0];
        if (imaginary) imaginary[at] = rms * unit[1];
      }
    }
  }
}

/** The last segments that have so many frames together. @param {Segment[]} segments @param {number} frames */
function lastOnes(segments, frames) {
  let first = segments.length;
  for (let left = frames; left > 0 && first > 0; left -= segments[first].frames) first--;
  return segments.slice(first);
}
