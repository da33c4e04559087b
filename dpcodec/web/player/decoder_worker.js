/**
 * The decoder in a thread of its own: opens files, decodes from any place, and gives blocks to the port of a
 * loudspeaker as it asks for them.
 */

import { samplesFrom } from "../stream/decoding.js";
import { blobSource, httpSource } from "../stream/sources.js";
import { StreamFile } from "../stream/stream_file.js";

/** Lets what came meanwhile be heard; a timer would take its time. */
function messages() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done) => {
    port1.onmessage = () => {
      port1.close();
      done(undefined);
    };
    port2.postMessage(null);
  });
}

/** One file, and what becomes of it. */
class OpenFile {
  /** @param {StreamFile} file */
  constructor(file) {
    this.file = file;
    this.id = 0;
    /** Samples that the loudspeaker wants in all since a jump. */
    this.wanted = { id: 0, want: 0 };
    /** @type {MessagePort | null} */
    this.port = null;
    /** @type {() => void} */
    this.wake = () => undefined;
  }

  /** @param {MessagePort} port */
  connect(port) {
    this.port = port;
    port.onmessage = ({ data }) => {
      this.wanted = data; // it may know of a jump before this side does
      this.wake();
    };
  }

  /**
   * Gives samples from a place on until another jump comes.
   * @param {number} id @param {number} sample @param {number} channels
   */
  async play(id, sample, channels) {
    this.id = id;
    this.wake();
    let given = 0;
    const waits = () => id === this.id && !(this.wanted.id === id && given < this.wanted.want);
    const goesOn = async () => {
      await messages();
      return id === this.id;
    };
    for await (const block of samplesFrom(this.file, sample, goesOn, true)) {
      while (waits()) await new Promise((done) => (this.wake = () => done(undefined)));
      if (id !== this.id) return;
      given += block[0].length;
      this.port?.postMessage({ id, block: block.slice(0, channels).map((samples) => samples.slice()) });
      if (!(await goesOn())) return;
    }
    while (!given && waits()) await new Promise((done) => (this.wake = () => done(undefined)));
    if (id === this.id) this.port?.postMessage({ id, end: true });
  }

  stop() {
    this.id = -1;
    this.wake();
  }
}

/** What a page is told of a file. @param {StreamFile} file */
function infoOf(file) {
  const { sampleRate, channels, samples, segmentFrames, hop } = file.header;
  const length = samples ?? file.segments * segmentFrames * hop;
  return { sampleRate, channels, samples: length, tags: file.tags, bytes: file.source.size };
}

/**
 * Answers the messages that come to a thread.
 * @param {any} scope of the thread @param {Promise<void>} ready when there are tables
 */
export function serveDecoder(scope, ready) {
  /** @type {Map<number, OpenFile>} */
  const files = new Map();
  const answer = async (/** @type {any} */ message) => {
    await ready;
    if (message.type === "open") {
      const source = typeof message.source === "string" ? httpSource(message.source) : blobSource(message.source);
      const file = await StreamFile.open(source);
      files.set(message.file, new OpenFile(file));
      scope.postMessage({ type: "opened", file: message.file, info: infoOf(file) });
      return;
    }
    const open = files.get(message.file);
    if (message.type === "connect") open?.connect(message.port);
    if (message.type === "play") await open?.play(message.id, message.sample, message.channels);
    if (message.type === "close") {
      open?.stop();
      files.delete(message.file);
    }
  };
  scope.onmessage = (/** @type {MessageEvent} */ { data }) => {
    answer(data).catch((error) => scope.postMessage({ type: "error", file: data.file, message: error.message }));
  };
}
