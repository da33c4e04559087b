/** One file that is played: opens it, plays, pauses and jumps. Shaped as an audio element. */

import { AudioOutput, heardChannels } from "./output.js";
import { decoderThread } from "./thread.js";

/** The player that sounds; another one that begins pauses it. @type {{player: DpcPlayer | null}} */
const SOUNDING = { player: null };

/**
 * Events: `loadedmetadata`, `playing`, `pause`, `waiting`, `timeupdate`, `seeked`, `ended`, `error`.
 */
export class DpcPlayer extends EventTarget {
  /** @param {string | Blob} source an address, or a file that the user picked */
  constructor(source) {
    super();
    this.source = source;
    /** @type {import("./thread.js").FileInfo | null} */
    this.info = null;
    /** @type {Error | null} */
    this.error = null;
    this.paused = true;
    /** @type {Promise<import("./thread.js").FileInfo> | null} */
    this.opening = null;
    this.file = 0;
    /** @type {AudioOutput | null} */
    this.output = null;
    this.id = 0;
    this.start = 0;
    this.given = 0;
    this.starved = false;
    this.level = 1;
  }

  /** Seconds, NaN while it is not known. */
  get duration() {
    return this.info ? this.info.samples / this.info.sampleRate : NaN;
  }

  /** Seconds that were heard. */
  get currentTime() {
    return this.info ? Math.min(this.start + this.given, this.info.samples) / this.info.sampleRate : 0;
  }

  /** Jumps. */
  set currentTime(seconds) {
    if (!this.info) return;
    const { samples, sampleRate } = this.info;
    this.jump(Math.min(Math.max(Math.round(seconds * sampleRate), 0), samples));
    this.tell("seeked");
    this.tell("timeupdate");
  }

  /** 0 .. 1. */
  get volume() {
    return this.level;
  }

  set volume(level) {
    this.level = Math.min(Math.max(level, 0), 1);
    if (this.output) this.output.gain.gain.value = this.level;
  }

  /** @param {string} type */
  tell(type) {
    this.dispatchEvent(new Event(type));
  }

  /** Reads the header, once. @returns {Promise<import("./thread.js").FileInfo>} */
  open() {
    this.opening ??= new Promise((opened, failed) => {
      this.file = decoderThread().open(this.source, {
        opened: (info) => {
          this.info = info;
          this.tell("loadedmetadata");
          opened(info);
        },
        failed: (error) => {
          this.fail(error);
          failed(error);
        },
      });
    });
    return this.opening;
  }

  /** @param {Error} error */
  fail(error) {
    this.error = error;
    this.hush();
    this.tell("error");
  }

  async play() {
    if (!this.paused || this.error) return;
    this.paused = false;
    if (SOUNDING.player && SOUNDING.player !== this) SOUNDING.player.pause();
    SOUNDING.player = this;
    try {
      const { sampleRate, channels, samples } = await this.open();
      this.prepare();
      if (!this.output) await this.connect(sampleRate, channels);
      else await this.output.wake();
      if (this.start + this.given >= samples) this.jump(0);
      if (!this.paused) this.output?.send({ playing: true });
      if (!this.paused) this.tell("playing");
    } catch (error) {
      if (!this.error) this.fail(/** @type {Error} */ (error));
    }
  }

  /** Has the decoder begin, so that there is sound once it is asked for. */
  prepare() {
    if (this.info && this.id === 0) this.jump(this.start);
  }

  pause() {
    if (this.paused) return;
    this.hush();
    this.tell("pause");
  }

  hush() {
    this.paused = true;
    this.output?.send({ playing: false });
    this.output?.rest();
  }

  /** @param {number} sampleRate @param {number} channels */
  async connect(sampleRate, channels) {
    const output = await AudioOutput.open(sampleRate, channels, (message) => this.hear(message));
    const { port1, port2 } = new MessageChannel();
    decoderThread().send({ type: "connect", file: this.file, port: port1 }, [port1]);
    output.send({ port: port2 }, [port2]);
    this.output = output;
    this.volume = this.level;
    output.send({ id: this.id });
  }

  /** @param {number} sample */
  jump(sample) {
    this.start = sample;
    this.given = 0;
    this.id++;
    const channels = heardChannels(this.info?.channels ?? 0);
    decoderThread().send({ type: "play", file: this.file, id: this.id, sample, channels });
    this.output?.send({ id: this.id });
  }

  /** @param {{id: number, given: number, ended: boolean, starved: boolean}} message */
  hear({ id, given, ended, starved }) {
    if (id !== this.id) return;
    const moved = given !== this.given;
    this.given = given;
    if (starved !== this.starved) this.tell(starved ? "waiting" : "playing");
    this.starved = starved;
    if (moved) this.tell("timeupdate");
    if (ended && !this.paused) {
      this.hush();
      this.tell("pause");
      this.tell("ended");
    }
  }

  /** Lets go of the file and the loudspeaker. */
  close() {
    this.pause();
    if (SOUNDING.player === this) SOUNDING.player = null;
    if (this.file) decoderThread().close(this.file);
    this.output?.close();
    this.output = null;
  }
}
