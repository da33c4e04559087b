/** Parts of perceptual files (docs/format.md, modes 0, 5, 6 and 7). */

import { sameBytes } from "../bytes.js";
import { FormatError } from "../errors.js";
import { BodyReader } from "./body.js";
import { bandsOfPart, unbiased } from "./mdct_part.js";
import { checkBlockSplits, decodeBlockSplits, decodeMdctSymbols } from "./mdct_symbols.js";
import { RangeDecoder } from "./range_decoder.js";
import { single } from "./segment.js";
import { STEP_FACTORS, decodeAngles, decodeNoise, decodeScaleFactors, noiseGroups } from "./side_information.js";
import { layGrid } from "./stft_part.js";

/** @typedef {import("./part_reader.js").Laying} Laying */

const SECOND_REGION = 24;
const THIRD_REGION = 34;
const LARGEST_COUNTED = 64;

/** What each version of the format does its own way. */
const AS_IN_1_2 = { mode: 5, symbols: "mdct", factors: "scale_factors", revised: false, frameParts: false };
const AS_IN_1_3 = { mode: 6, symbols: "perceptual", factors: "perceptual", revised: true, frameParts: false };
const AS_IN_1_4 = { mode: 7, symbols: "frames", factors: "frames", revised: true, frameParts: true };

/** @param {import("../container/header.js").Header} header */
function codingOf({ revised, frameParts }) {
  return frameParts ? AS_IN_1_4 : revised ? AS_IN_1_3 : AS_IN_1_2;
}

/** What one part tells, before it is entered. */
class PerceptualPart {
  /** @param {Laying} laying */
  constructor(laying) {
    const { header, segment, cells } = laying;
    this.laying = laying;
    this.coding = codingOf(header);
    this.size = cells.rows * cells.frames;
    this.splits = new Uint8Array(segment.blockSplits.length);
    this.angles = new Uint8Array(segment.angles.length);
    /** @type {({kept: Uint8Array, value: Float32Array, noise: Float32Array} | null)[]} */
    this.channels = [];
    /**
     * What the second channel of a pair sees of the first.
     * @type {{logs: import("./mdct_contexts.js").LogMagnitudes, factors: {values: Uint8Array, bands: number}} | null}
     */
    this.paired = null;
    this.pairTold = false;
  }

  /** A channel a step. */
  *decode() {
    const { header, segment, body } = this.laying;
    const reader = new BodyReader(body, header.channels, segment.frames);
    for (let c = 0; c < header.channels; c++) {
      if (c % 2 === 0) {
        this.pairTold = false;
        this.paired = null;
      }
      this.channels.push(reader.silent(this.coding.mode) ? null : this.decodeChannel(reader, c));
      yield;
    }
    reader.finish();
  }

  /** @param {BodyReader} reader @param {number} c */
  decodeChannel(reader, c) {
    const { laying, coding } = this;
    const { cells } = laying;
    const step = reader.step();
    const bias = reader.bias();
    const rows = reader.rows(cells.rows);
    const decoder = new RangeDecoder(reader.payload());
    if (!this.pairTold) this.decodePair(decoder, c >> 1);
    this.pairTold = true;
    const bands = bandsOfPart(laying, rows);
    const shown = rows ? bands[rows - 1] + 1 : 0;
    const apart = coding.frameParts ? cells.frameStride : null;
    const followed = coding.revised && this.paired ? this.paired.factors : null;
    const scaleFactors = decodeScaleFactors(decoder, shown, cells.frames, coding.factors, followed, apart);
    const { groups, each } = noiseGroups(cells.frames, coding.frameParts);
    const noise = decodeNoise(decoder, shown, groups, coding.frameParts);
    const blockSplits = this.ownSplits(c);
    const { q, logs } = decodeMdctSymbols(decoder, {
      rows,
      frames: cells.frames,
      bands,
      parts: laying.parts,
      apart,
      blockSplits,
      paired: this.paired && this.paired.logs,
      coded: null,
      scaleFactors,
      noise,
      groupFrames: each,
      table: coding.symbols,
    });
    decoder.finish();
    const channel = this.fillIn(q, rows, bands, scaleFactors, noise, each, step, bias);
    if (coding.revised) this.shareOutNoise(channel.noise, q, rows, bands, blockSplits);
    this.paired = { logs, factors: { values: scaleFactors, bands: shown } };
    return channel;
  }

  /** @param {RangeDecoder} decoder @param {number} pair */
  decodePair(decoder, pair) {
    const { header, segment } = this.laying;
    const splits = decodeBlockSplits(decoder, segment.frames);
    checkBlockSplits(splits, header.maxBlockSplit);
    for (const c of [2 * pair, 2 * pair + 1]) if (c < header.channels) this.splits.set(splits, c * segment.frames);
    if (2 * pair + 1 < header.channels) this.angles.set(decodeAngles(decoder, segment.bands), pair * segment.bands);
  }

  /** Block splits of the part's own frames. @param {number} c */
  ownSplits(c) {
    const { segment, cells } = this.laying;
    const own = new Uint8Array(cells.frames);
    for (let i = 0; i < cells.frames; i++) own[i] = this.splits[c * segment.frames + cells.frame0 + i * cells.frameStride];
    return own;
  }

  /**
   * Values and noise of a channel from its symbols.
   * @param {Int32Array} q @param {number} rows @param {Uint8Array} bands @param {Uint8Array} scaleFactors
   * @param {Uint8Array} levels @param {number} each @param {number} step @param {{one: number, more: number}} bias
   */
  fillIn(q, rows, bands, scaleFactors, levels, each, step, bias) {
    const { frames } = this.laying.cells;
    const groups = Math.ceil(frames / each);
    const kept = new Uint8Array(this.size);
    const value = new Float32Array(this.size);
    const noise = new Float32Array(this.size);
    const factors = new Float64Array(frames);
    const noiseOfBand = new Float32Array(frames);
    for (let row = 0, at = 0; row < rows; row++) {
      const band = bands[row];
      const changed = row === 0 || bands[row - 1] !== band;
      for (let l = 0; changed && l < frames; l++) {
        factors[l] = STEP_FACTORS[scaleFactors[band * frames + l]];
        noiseOfBand[l] = single(step * ((factors[l] * levels[band * groups + Math.floor(l / each)]) / 32));
      }
      for (let l = 0; l < frames; l++, at++) {
        if (q[at]) {
          kept[at] = 1;
          value[at] = single(unbiased(q[at], bias) * step * factors[l]);
        } else {
          noise[at] = noiseOfBand[l];
        }
      }
    }
    return { kept, value, noise };
  }

  /**
   * Noise of frames that are cut into blocks (docs/format.md, mode 6, 3).
   * @param {Float32Array} noise @param {Int32Array} q @param {number} rows @param {Uint8Array} bands @param {Uint8Array} splits
   */
  shareOutNoise(noise, q, rows, bands, splits) {
    const { cells } = this.laying;
    const { frames } = cells;
    for (let l = 0; l < frames; l++) {
      const blocks = 1 << splits[l];
      if (blocks === 1) continue;
      const total = new Float64Array(3 * blocks);
      const count = new Float64Array(3 * blocks);
      const place = new Uint16Array(rows);
      for (let row = 0; row < rows; row++) {
        const region = (bands[row] >= SECOND_REGION ? 1 : 0) + (bands[row] >= THIRD_REGION ? 1 : 0);
        place[row] = region * blocks + ((cells.row0 + row * cells.rowStride) % blocks);
        total[place[row]] += 100 * Math.min(Math.abs(q[row * frames + l]), LARGEST_COUNTED) ** 2 + 1;
        count[place[row]]++;
      }
      const gains = blockGains(total, count, blocks);
      for (let row = 0; row < rows; row++) noise[row * frames + l] = single(noise[row * frames + l] * gains[place[row]]);
    }
  }
}

/** @param {Float64Array} total @param {Float64Array} count @param {number} blocks */
function blockGains(total, count, blocks) {
  return total.map((t, i) => {
    const first = i - (i % blocks);
    let T = 0;
    let N = 0;
    for (let b = first; b < first + blocks; b++) {
      T += total[b];
      N += count[b];
    }
    return Math.min(Math.sqrt((t * N + 4 * T) / Math.max((count[i] + 4) * T, 1)), 2);
  });
}

/**
 * Enters a part into the segment, a channel a step. Raises `FormatError` where its body is none, or its block splits or
 * angles are not those of the part before.
 * @param {Laying} laying @returns {Generator<undefined, void, undefined>}
 */
export function* layPerceptualPart(laying) {
  const { segment } = laying;
  const part = new PerceptualPart(laying);
  yield* part.decode();
  const same = sameBytes(part.splits, segment.blockSplits) && sameBytes(part.angles, segment.angles);
  if (segment.told && !same) throw new FormatError("coded part: its block splits or angles are not those of the part before");
  segment.blockSplits.set(part.splits);
  segment.angles.set(part.angles);
  part.channels.forEach((channel, c) => {
    if (!channel) return;
    layGrid(laying, c, segment.kept, channel.kept);
    layGrid(laying, c, segment.value, channel.value);
    layGrid(laying, c, /** @type {Float32Array} */ (segment.noise), channel.noise);
  });
}
