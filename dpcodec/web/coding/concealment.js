/**
 * Holes that lost packets left, filled with what a longer window tells of them and noise as loud as the sound around
 * (docs/web.md). A segment passes at once unless something of it is missing; then it waits until as much sound has come
 * after the hole as that window reaches over, or too much time has passed.
 */

import { bandEdges, bandOfBins } from "./bands.js";
import { Envelope, isTold } from "./envelope.js";
import { estimateLost, searchWindow } from "./hole_search.js";
import { philox } from "./philox.js";
import { uniformNoise } from "./noise.js";

/** @typedef {import("./segment.js").Segment} Segment @typedef {import("./envelope.js").Side} Side */

/** Level of the noise, of that of the sound around. */
const NOISE_SHARE = 0.5;
/** Once an estimate holds a share of a band's power of one over this, no noise is added. */
const ENOUGH = 4;
const REACH_SECONDS = 2;
/** Of what a segment lasts, for its search where somebody listens. */
const MOST_TIME = 0.5;
const HOLE_KEY_0 = 0x6c6f7374;
const HOLE_KEY_1 = 0x686f6c65;

/** Takes rebuilt segments in order and gives them back without holes. */
export class Concealer {
  /**
   * @param {import("../container/header.js").Header} header
   * @param {boolean} hurry whether somebody listens: a machine that looks for sound too slowly then only makes noise
   */
  constructor(header, hurry = false) {
    this.header = header;
    this.hurry = hurry;
    this.bands = bandOfBins(header.bins, header.sampleRate);
    this.reach = Math.max(1, Math.round((REACH_SECONDS * header.sampleRate) / header.hop));
    /** Of what looks for the sound itself; 0: nothing does. */
    this.window = header.transform === "mdct" ? searchWindow(header.nFft, header.sampleRate) : 0;
    /** Frames on each side of a hole that bear on it. */
    this.halo = this.window / header.hop;
    this.envelope = new Envelope(bandEdges(header.bins, header.sampleRate), this.reach, !header.perceptual);
    /** @type {Segment[]} */
    this.held = [];
    /** @type {Segment[]} */
    this.before = [];
    /** Frames that were filled so far. */
    this.filled = 0;
  }

  /** What is ready once this segment came, in steps. @param {Segment} segment @returns {Generator<undefined, Segment[], undefined>} */
  *push(segment) {
    this.held.push(segment);
    let after = this.held.reduce((sum, one) => sum + one.frames, 0);
    if (after > this.reach) return yield* this.give(this.held.length);
    const told = isTold(segment, segment.frames - 1);
    let ready = 0;
    for (const one of this.held) {
      const last = lastLacking(one);
      if (last >= 0 && !(told && after - last > this.halo)) break;
      after -= one.frames;
      ready++;
    }
    return yield* this.give(ready);
  }

  /** What is left, in steps. */
  *flush() {
    return yield* this.give(this.held.length);
  }

  /** The first segments that wait, filled. @param {number} count @returns {Generator<undefined, Segment[], undefined>} */
  *give(count) {
    const around = [...this.before, ...this.held];
    const ready = this.held.splice(0, count);
    for (const segment of ready) yield* this.fill(segment, around);
    this.before = ready.length ? lastOnes([...this.before, ...ready], this.reach) : this.before;
    return ready;
  }

  /** @param {Segment} segment @param {Segment[]} around @returns {Generator<undefined, void, undefined>} */
  *fill(segment, around) {
    const { frames, arrived } = segment;
    if (!arrived.includes(0)) return;
    const place = around.indexOf(segment);
    const lacking = lackingFrames(segment);
    if (this.window) {
      const begun = performance.now();
      yield* this.search(segment, around, place, lacking);
      const lasts = (1000 * frames * this.header.hop) / this.header.sampleRate;
      if (this.hurry && performance.now() - begun > MOST_TIME * lasts) this.window = 0;
    }
    /** Noise of each frame is of what was estimated, not of noise in the frames beside it. @type {(() => void)[]} */
    const noises = [];
    for (let l = 0; l < frames; l++) {
      const told = isTold(segment, l);
      if (!lacking[l] || (told && segment.imaginary)) continue; // a frame of an STFT that came in part is known well enough
      const [left, right] = [-1, 1].map((way) => this.envelope.side(around, place, l, way));
      if (!told) borrowSplits(segment, l, left, right);
      const levels = this.envelope.levels(left, right, () => this.envelope.before(around, place, l));
      if (levels) {
        const there = segment.imaginary ? null : this.powerThere(segment, l);
        noises.push(() => this.addNoise(segment, l, levels, there));
      }
      this.filled++;
    }
    for (const add of noises) add();
  }

  /**
   * Estimates what a segment lacks, in place.
   * @param {Segment} segment @param {Segment[]} around @param {number} place @param {Uint8Array} lacking frames
   */
  *search(segment, around, place, lacking) {
    const [first, last] = [lacking.indexOf(1), lacking.lastIndexOf(1)];
    const frames = framesAround(around, place, first - this.halo, last + this.halo);
    const { bins } = segment;
    const lost = new Uint8Array(frames.length * bins);
    frames.forEach(({ of, l }, n) => {
      for (let k = 0; k < bins; k++) lost[n * bins + k] = of.arrived[k * of.frames + l] ? 0 : 1;
    });
    for (let c = 0; c < segment.channels; c++) {
      const known = new Float64Array(lost.length);
      frames.forEach(({ of, l }, n) => {
        for (let k = 0; k < bins; k++) if (!lost[n * bins + k]) known[n * bins + k] = of.value[(c * bins + k) * of.frames + l];
      });
      if (known.every((value) => value === 0)) continue;
      const found = yield* estimateLost(known, lost, splitsOf(frames, c), this.header.window, this.window);
      frames.forEach(({ of, l }, n) => {
        if (of !== segment) return;
        for (let k = 0; k < bins; k++) {
          const value = found[n * bins + k];
          if (lost[n * bins + k] && Number.isFinite(value)) segment.value[(c * bins + k) * segment.frames + l] = value;
        }
      });
    }
  }

  /**
   * Mean square of what was estimated in each band, over a frame and those beside it: [C, B].
   * @param {Segment} segment @param {number} l
   */
  powerThere({ channels, bins, frames, value, arrived }, l) {
    const count = this.envelope.edges.length - 1;
    const power = new Float64Array(channels * count);
    const cells = new Float64Array(count);
    for (let n = Math.max(l - 1, 0); n <= Math.min(l + 1, frames - 1); n++) {
      for (let k = 0; k < bins; k++) {
        if (arrived[k * frames + n]) continue;
        cells[this.bands[k]]++;
        for (let c = 0; c < channels; c++) power[c * count + this.bands[k]] += value[(c * bins + k) * frames + n] ** 2;
      }
    }
    return power.map((sum, at) => sum / Math.max(cells[at % count], 1));
  }

  /**
   * On top of what is there.
   * @param {Segment} segment @param {number} l @param {{power: Float64Array, alike: Float64Array}} levels
   * @param {Float64Array | null} there what was estimated
   */
  addNoise(segment, l, { power, alike }, there) {
    const { channels, bins, frames, value, imaginary, arrived } = segment;
    const count = this.envelope.edges.length - 1;
    // each coefficient of a redundant transform shares what it says with others
    const scale = NOISE_SHARE * (imaginary ? Math.sqrt(this.header.nFft / this.header.hop / 2) : 1);
    const words = new Uint32Array(4);
    for (let k = 0; k < bins; k++) {
      if (arrived[k * frames + l]) continue;
      let first = [0, 0];
      for (let c = 0; c < channels; c++) {
        philox(l, k, c, segment.index, HOLE_KEY_0, HOLE_KEY_1, words);
        let unit = [uniformNoise(words[0]), uniformNoise(words[1])];
        if (c % 2) {
          const same = alike[(c >> 1) * count + this.bands[k]];
          const rest = Math.sqrt(1 - same ** 2);
          unit = unit.map((own, i) => same * first[i] + rest * own);
        }
        first = unit;
        const band = c * count + this.bands[k];
        const rms = scale * Math.sqrt(there ? Math.max(power[band] - ENOUGH * there[band], 0) : power[band]);
        const at = (c * bins + k) * frames + l;
        value[at] += rms * unit[0];
        if (imaginary) imaginary[at] = rms * unit[1];
      }
    }
  }
}

/**
 * A frame that did not come is cut into blocks as the coarser of its neighbours is.
 * @param {Segment} segment @param {number} l @param {Side | null} left @param {Side | null} right
 */
function borrowSplits(segment, l, left, right) {
  for (let c = 0; c < segment.channels; c++) {
    const split = Math.min(left?.splits[c] ?? 255, right?.splits[c] ?? 255);
    segment.blockSplits[c * segment.frames + l] = split === 255 ? 0 : split;
  }
}

/** Which frames of a segment lack something. @param {Segment} segment */
function lackingFrames({ frames, arrived }) {
  const lacking = new Uint8Array(frames);
  for (let at = 0; at < arrived.length; at++) if (!arrived[at]) lacking[at % frames] = 1;
  return lacking;
}

/** The last of them, -1 where there is none. @param {Segment} segment */
function lastLacking(segment) {
  return segment.arrived.includes(0) ? lackingFrames(segment).lastIndexOf(1) : -1;
}

/**
 * Frames first .. last of a segment's own count, as far as those around it have them.
 * @param {Segment[]} around @param {number} place @param {number} first @param {number} last
 */
function framesAround(around, place, first, last) {
  /** @type {{of: Segment, l: number}[]} */
  const found = [];
  let start = 0;
  for (let n = place - 1; n >= 0 && start > first; n--) start -= around[n].frames;
  let n = place;
  for (let at = 0; n > 0 && at > start; ) at -= around[--n].frames;
  for (let at = start; n < around.length && at <= last; n++) {
    for (let l = 0; l < around[n].frames; l++, at++) if (at >= first && at <= last) found.push({ of: around[n], l });
  }
  return found;
}

/**
 * How frames are cut in a channel; one that did not come as the coarser of its neighbours is.
 * @param {{of: Segment, l: number}[]} frames @param {number} c
 */
function splitsOf(frames, c) {
  const told = frames.map(({ of, l }) => (isTold(of, l) ? of.blockSplits[c * of.frames + l] : 255));
  const before = told.slice();
  for (let n = 1; n < told.length; n++) if (before[n] === 255) before[n] = before[n - 1];
  const after = told.slice();
  for (let n = told.length - 2; n >= 0; n--) if (after[n] === 255) after[n] = after[n + 1];
  return Uint8Array.from(told, (_, n) => (Math.min(before[n], after[n]) === 255 ? 0 : Math.min(before[n], after[n])));
}

/** The last segments that have so many frames together. @param {Segment[]} segments @param {number} frames */
function lastOnes(segments, frames) {
  let first = segments.length;
  for (let left = frames; left > 0 && first > 0; left -= segments[first].frames) first--;
  return segments.slice(first);
}
