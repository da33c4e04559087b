/** The decoder's thread, one a page, and who waits for its answers. */

/**
 * @typedef {{sampleRate: number, channels: number, samples: number, tags: [string, string][], bytes: number}} FileInfo
 */
/** @typedef {{opened: (info: FileInfo) => void, failed: (error: Error) => void}} Listener */

/** Talks with the thread. */
class DecoderThread {
  /** @param {Worker} worker */
  constructor(worker) {
    this.worker = worker;
    this.files = 0;
    /** @type {Map<number, Listener>} */
    this.listeners = new Map();
    worker.onmessage = ({ data }) => {
      const listener = this.listeners.get(data.file);
      if (data.type === "opened") listener?.opened(data.info);
      else listener?.failed(new Error(data.message));
    };
    worker.onerror = (event) => {
      for (const listener of this.listeners.values()) listener.failed(new Error(event.message || "the decoder did not start"));
    };
  }

  /** The number of a new file. @param {string | Blob} source @param {Listener} listener */
  open(source, listener) {
    const file = ++this.files;
    this.listeners.set(file, listener);
    this.worker.postMessage({ type: "open", file, source });
    return file;
  }

  /** @param {{type: string, file: number, [more: string]: any}} message @param {Transferable[]} [transfer] */
  send(message, transfer = []) {
    this.worker.postMessage(message, transfer);
  }

  /** @param {number} file */
  close(file) {
    this.listeners.delete(file);
    this.send({ type: "close", file });
  }
}

/** How the thread is started; a page that is a single file sets another way. @type {{start: () => Worker}} */
export const THREAD_START = { start: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) };
/** @type {DecoderThread | null} */
let startedThread = null;

/** The page's thread, started when first asked for. */
export function decoderThread() {
  startedThread ??= new DecoderThread(THREAD_START.start());
  return startedThread;
}
