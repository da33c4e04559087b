/**
 * Holes that lost packets left, filled with noise as loud as the sound around (docs/web.md). A segment passes at once
 * unless something of it is missing; then it waits until sound comes after the hole, or too much time has passed.
 */

import { bandEdges, bandOfBins } from "./bands.js";
import { Envelope, isTold } from "./envelope.js";
import { philox } from "./philox.js";
import { uniformNoise } from "./noise.js";

/** @typedef {import("./segment.js").Segment} Segment @typedef {import("./envelope.js").Side} Side */

/** Level of the noise, of that of the sound around. */
const NOISE_SHARE = 0.5;
const REACH_SECONDS = 2;
const HOLE_KEY_0 = 0x6c6f7374;
const HOLE_KEY_1 = 0x686f6c65;

/** Takes rebuilt segments in order and gives them back without holes. */
export class Concealer {
  /** @param {import("../container/header.js").Header} header */
  constructor(header) {
    this.header = header;
    this.bands = bandOfBins(header.bins, header.sampleRate);
    this.reach = Math.max(1, Math.round((REACH_SECONDS * header.sampleRate) / header.hop));
    this.envelope = new Envelope(bandEdges(header.bins, header.sampleRate), this.reach, !header.perceptual);
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
    return isTold(segment, segment.frames - 1) || waiting > this.reach ? this.flush() : [];
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

  /** @param {Segment} segment @param {Segment[]} around */
  fill(segment, around) {
    const { frames, arrived } = segment;
    if (!arrived.includes(0)) return;
    const place = around.indexOf(segment);
    const lacking = new Uint8Array(frames);
    for (let at = 0; at < arrived.length; at++) if (!arrived[at]) lacking[at % frames] = 1;
    for (let l = 0; l < frames; l++) {
      const told = isTold(segment, l);
      if (!lacking[l] || (told && segment.imaginary)) continue; // a frame of an STFT that came in part is known well enough
      const [left, right] = [-1, 1].map((way) => this.envelope.side(around, place, l, way));
      if (!told) borrowSplits(segment, l, left, right);
      const levels = this.envelope.levels(left, right, () => this.envelope.before(around, place, l));
      if (levels) this.addNoise(segment, l, levels);
      this.filled++;
    }
  }

  /** @param {Segment} segment @param {number} l @param {{power: Float64Array, alike: Float64Array}} levels */
  addNoise(segment, l, { power, alike }) {
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
        const rms = scale * Math.sqrt(power[c * count + this.bands[k]]);
        const at = (c * bins + k) * frames + l;
        value[at] = rms * unit[0];
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

/** The last segments that have so many frames together. @param {Segment[]} segments @param {number} frames */
function lastOnes(segments, frames) {
  let first = segments.length;
  for (let left = frames; left > 0 && first > 0; left -= segments[first].frames) first--;
  return segments.slice(first);
}
