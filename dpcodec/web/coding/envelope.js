/**
 * How loud the sound around a hole is, band by band, and so how loud noise in it may be (docs/method.md, "Lost packets"). A
 * band's level is the variance of normal noise whose magnitudes' roots have the same mean, so a tone hardly counts. Where most
 * coefficients were dropped and nothing tells how loud they were, it is the mean square.
 */

/** @typedef {import("./segment.js").Segment} Segment */
/**
 * Of a frame: mean squares and levels by channel and band, and of paired channels the mean product.
 * @typedef {{power: Float64Array, level: Float64Array, across: Float64Array}} FrameLevels
 */
/**
 * What lies on one side of a frame: in how many frames the nearest that tells anything, its block splits, the means of
 * the nearest, the correlation of pairs.
 * @typedef {{distance: number, splits: Uint8Array, level: Float64Array, alike: Float64Array, found: FrameLevels[]}} Side
 */

const NEAREST = 3;
const SILENCE = 1e-13;
const QUIETEST = 1e-6;
/** Distance, in reaches, over which what a side is louder than usual falls to 1 / e. */
const FORGOTTEN = 0.14;
/** Mean of the root of the magnitude of normal noise of variance 1: 2^(1/4) Gamma(3/4) / pi^(1/2). */
const OF_ROOT_MAGNITUDE = 0.8221789586624585;

/** Whether anything of a frame arrived. @param {Segment} segment @param {number} l */
export function isTold(segment, l) {
  for (let at = l; at < segment.arrived.length; at += segment.frames) if (segment.arrived[at]) return true;
  return false;
}

/** The levels of frames, each found once. */
export class Envelope {
  /** @param {number[]} edges of the bands @param {number} reach in frames @param {boolean} sparse */
  constructor(edges, reach, sparse) {
    this.edges = edges;
    this.reach = reach;
    this.sparse = sparse;
    /** @type {WeakMap<Segment, (FrameLevels | null)[]>} null where a frame tells nothing */
    this.made = new WeakMap();
  }

  /** @param {Segment} segment @param {number} l @returns {FrameLevels | null} */
  at(segment, l) {
    let frames = this.made.get(segment);
    if (!frames) this.made.set(segment, (frames = []));
    if (frames[l] === undefined) frames[l] = isTold(segment, l) ? this.measure(segment, l) : null;
    return frames[l];
  }

  /** @param {Segment} segment @param {number} l @returns {FrameLevels} */
  measure(segment, l) {
    const { channels, bins, frames, value, imaginary, arrived } = segment;
    const count = this.edges.length - 1;
    const power = new Float64Array(channels * count);
    const level = new Float64Array(channels * count);
    const across = new Float64Array((channels >> 1) * count);
    for (let band = 0; band < count; band++) {
      let cells = 0;
      for (let k = this.edges[band]; k < this.edges[band + 1]; k++) {
        if (!arrived[k * frames + l]) continue;
        cells++;
        for (let c = 0; c < channels; c++) {
          const at = (c * bins + k) * frames + l;
          const square = value[at] ** 2 + (imaginary ? imaginary[at] ** 2 : 0);
          power[c * count + band] += square;
          level[c * count + band] += Math.sqrt(Math.sqrt(square));
          if (c % 2 === 0) continue;
          const other = at - bins * frames;
          across[(c >> 1) * count + band] += value[at] * value[other] + (imaginary ? imaginary[at] * imaginary[other] : 0);
        }
      }
      cells = Math.max(cells, 1);
      for (let c = 0; c < channels; c++) {
        power[c * count + band] /= cells;
        const root = level[c * count + band] / cells / OF_ROOT_MAGNITUDE;
        level[c * count + band] = this.sparse ? power[c * count + band] : root ** 4;
      }
      for (let p = 0; p < channels >> 1; p++) across[p * count + band] /= cells;
    }
    return { power, level, across };
  }

  /**
   * One side of a frame, itself included; null where nothing is told within reach.
   * @param {Segment[]} around @param {number} place of its segment @param {number} l @param {number} way -1 or 1
   * @returns {Side | null}
   */
  side(around, place, l, way) {
    /** @type {FrameLevels[]} */
    const found = [];
    let nearest = 0;
    let splits = new Uint8Array(0);
    for (let distance = 0; distance < this.reach && found.length < NEAREST; distance++, l += way) {
      if (l < 0 || l >= around[place].frames) {
        do place += way;
        while (around[place]?.frames === 0);
        if (!around[place]) break;
        l = way > 0 ? 0 : around[place].frames - 1;
      }
      const segment = around[place];
      const levels = this.at(segment, l);
      if (!levels) continue;
      if (!found.length) {
        nearest = distance;
        splits = Uint8Array.from({ length: segment.channels }, (_, c) => segment.blockSplits[c * segment.frames + l]);
      }
      found.push(levels);
    }
    if (!found.length) return null;
    const mean = (/** @type {keyof FrameLevels} */ name) =>
      found[0][name].map((_, i) => found.reduce((sum, one) => sum + one[name][i], 0) / found.length);
    return { distance: nearest, splits, level: mean("level"), alike: this.correlation(mean("power"), mean("across")), found };
  }

  /** @param {Float64Array} power @param {Float64Array} across */
  correlation(power, across) {
    const count = this.edges.length - 1;
    return across.map((product, i) => {
      const c = 2 * Math.floor(i / count) * count + (i % count);
      const both = Math.sqrt(power[c] * power[c + count]);
      return both > 0 ? Math.min(Math.max(product / both, -1), 1) : 0;
    });
  }

  /** All that the frames before one tell within reach. @param {Segment[]} around @param {number} place @param {number} l */
  before(around, place, l) {
    /** @type {FrameLevels[]} */
    const found = [];
    for (let distance = 0; distance < this.reach; distance++, l--) {
      while (l < 0 && place > 0) l = around[--place].frames - 1;
      if (l < 0) break;
      const levels = this.at(around[place], l);
      if (levels) found.push(levels);
    }
    return found;
  }

  /**
   * The power that noise may have in a frame between two sides, and how much alike paired channels are: in dB a straight
   * line, which far from both sides goes over to what is usual, and falls. Null where nothing is known.
   * @param {Side | null} left @param {Side | null} right @param {() => FrameLevels[]} before frames that tell what is usual
   */
  levels(left, right, before) {
    const sides = [left, right].filter((side) => side !== null);
    if (!sides.length) return null;
    const nearest = Math.min(...sides.map((side) => side.distance));
    const raw = sides.map(({ distance }) => (1 - distance / this.reach) / Math.max(distance, 0.5));
    const total = raw.reduce((a, b) => a + b);
    const mixed = (/** @type {(side: Side) => number} */ of) => sides.reduce((sum, side, n) => sum + (raw[n] / total) * of(side), 0);
    const loudest = sides.reduce((most, side) => side.level.reduce((a, b) => Math.max(a, b), most), 0);
    const floor = Math.max(SILENCE * loudest, Number.MIN_VALUE);
    const known = Math.exp(-Math.max(nearest - 1, 0) / (FORGOTTEN * this.reach));
    const usual = known < 1 ? usualLogs([...before(), ...(right?.found ?? [])], floor) : null;
    const power = sides[0].level.map((_, i) => {
      const log = mixed((side) => Math.log(Math.max(side.level[i], floor)));
      if (!(Math.exp(log) > 2 * floor)) return 0;
      return Math.exp(usual ? known * log + (1 - known) * usual[i] : log) * (1 - nearest / this.reach) ** 2;
    });
    return { power, alike: sides[0].alike.map((_, i) => mixed((side) => side.alike[i])) };
  }
}

/** Mean of the logarithm of the level, by channel and band. @param {FrameLevels[]} frames @param {number} floor */
function usualLogs(frames, floor) {
  return frames[0].level.map((_, i) => {
    const most = frames.reduce((largest, { level }) => Math.max(largest, level[i]), 0);
    const quietest = Math.max(QUIETEST * most, floor);
    return frames.reduce((sum, { level }) => sum + Math.log(Math.max(level[i], quietest)), 0) / frames.length;
  });
}
