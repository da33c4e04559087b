/**
 * What stands between a decoder's port and the loudspeaker: keeps a few seconds, asks for more, tells the place.
 * Self-contained, like `PcmQueue`: its source runs in an AudioWorklet as well.
 *
 * From the decoder: `{id, block}`, `{id, end: true}`. To it: `{id, want}`, samples that may be given since the jump.
 * To the page: `{id, given, ended, starved}`, about twenty times a second.
 */
export class Speaker {
  /**
   * @param {any} queue a `PcmQueue` @param {number} rate @param {(message: any) => void} tellPage
   */
  constructor(queue, rate, tellPage) {
    this.queue = queue;
    this.ahead = Math.ceil(3 * rate);
    this.least = Math.ceil(0.05 * rate);
    this.every = Math.ceil(0.05 * rate);
    this.tellPage = tellPage;
    this.id = 0;
    this.playing = false;
    this.ended = false;
    this.closed = false;
    this.wanted = 0;
    this.told = 0;
    /** @type {MessagePort | null} */
    this.port = null;
  }

  /** From the page. @param {{port?: MessagePort, id?: number, playing?: boolean, close?: boolean}} message */
  command({ port, id, playing, close }) {
    if (port) {
      this.port = port;
      port.onmessage = (event) => this.take(event.data);
    }
    if (id !== undefined) {
      this.id = id;
      this.queue.clear();
      this.ended = false;
      this.wanted = 0;
      this.ask();
    }
    if (playing !== undefined) this.playing = playing;
    if (close) this.closed = true;
    this.told = this.every;
  }

  /** From the decoder. @param {{id: number, block?: Float32Array[], end?: boolean}} message */
  take({ id, block, end }) {
    if (id !== this.id) return;
    if (block) this.queue.push(block);
    if (end) this.ended = true;
  }

  ask() {
    const want = this.queue.given + this.ahead;
    if (this.port && want > this.wanted + this.ahead / 4) {
      this.wanted = want;
      this.port.postMessage({ id: this.id, want });
    }
  }

  /** Fills outputs, of each channel. @param {Float32Array[]} outputs */
  fill(outputs) {
    const { queue } = this;
    // having run dry, it waits until a little is there
    const dry = queue.level === 0 && queue.left < this.least && !this.ended;
    const silent = queue.given === 0;
    const whole = queue.read(outputs, this.playing && !dry);
    this.ask();
    // the first sound is told at once
    this.told = silent && queue.given > 0 ? this.every : this.told + outputs[0].length;
    if (this.told < this.every) return;
    this.told = 0;
    const starved = this.playing && !this.ended && (dry || !whole);
    this.tellPage({ id: this.id, given: queue.given, ended: this.ended && queue.left === 0, starved });
  }
}
