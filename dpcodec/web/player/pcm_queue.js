/**
 * Blocks of samples that wait to be heard. What begins, pauses or jumps does so over a few milliseconds, so nothing
 * clicks. Self-contained: its source runs in an AudioWorklet as well.
 */
export class PcmQueue {
  /** @param {number} channels @param {number} fade samples */
  constructor(channels, fade) {
    this.channels = channels;
    this.fade = fade;
    /** @type {Float32Array[][]} */
    this.blocks = [];
    this.at = 0;
    this.left = 0;
    /** Samples given out since the last jump. */
    this.given = 0;
    this.level = 0;
    /** The end of what was heard before a jump, on its way out. @type {Float32Array[]} */
    this.tail = [];
    this.tailAt = 0;
  }

  /** @param {Float32Array[]} block of each channel */
  push(block) {
    if (!block[0].length) return;
    this.blocks.push(block);
    this.left += block[0].length;
  }

  /** Lets go of what waits; what would have sounded next fades out. */
  clear() {
    const length = Math.min(this.left, this.fade);
    const tail = Array.from({ length: this.channels }, () => new Float32Array(length));
    const from = this.level;
    this.take(tail, length, () => 0);
    tail.forEach((samples) => samples.forEach((sample, i) => (samples[i] = sample * from * (1 - i / length))));
    this.tail = length ? tail : [];
    this.tailAt = 0;
    this.blocks = [];
    this.at = this.left = this.given = this.level = 0;
  }

  /**
   * Moves samples into outputs, as they are; what is done with the level is told for each.
   * @param {Float32Array[]} outputs @param {number} length @param {(i: number) => void} each
   */
  take(outputs, length, each) {
    for (let i = 0; i < length; ) {
      const block = this.blocks[0];
      const some = Math.min(length - i, block[0].length - this.at);
      for (let c = 0; c < outputs.length; c++) outputs[c].set(block[c].subarray(this.at, this.at + some), i);
      for (let j = i; j < i + some; j++) each(j);
      i += some;
      this.at += some;
      if (this.at === block[0].length) {
        this.blocks.shift();
        this.at = 0;
      }
    }
    this.left -= length;
  }

  /**
   * Fills outputs, of each channel; whether all of it could be.
   * @param {Float32Array[]} outputs @param {boolean} playing
   */
  read(outputs, playing) {
    const length = outputs[0].length;
    const step = 1 / this.fade;
    for (const output of outputs) output.fill(0);
    const wanted = playing ? length : Math.min(length, Math.ceil(this.level * this.fade));
    const some = Math.min(wanted, this.left);
    this.take(outputs, some, (i) => {
      this.level = Math.min(1, Math.max(0, this.level + (playing ? step : -step)));
      for (const output of outputs) output[i] *= this.level;
    });
    this.given += some;
    if (some < wanted || (!playing && some === wanted)) this.level = 0;
    for (let i = 0; this.tail.length && i < length; i++) {
      outputs.forEach((output, c) => (output[i] += this.tail[c][this.tailAt] ?? 0));
      if (++this.tailAt >= this.tail[0].length) this.tail = [];
    }
    return some === wanted;
  }
}
