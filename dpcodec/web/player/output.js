/** The loudspeaker: an AudioWorklet, or where a page may have none, its predecessor. */

import { PcmQueue } from "./pcm_queue.js";
import { Speaker } from "./speaker.js";

const FADE_SECONDS = 0.005;
const SCRIPT_FRAMES = 2048;
const LEAST_RATE_HZ = 3000;
const MOST_RATE_HZ = 384000;
const REST_AFTER_MS = 300;

/**
 * Contexts by rate: browsers allow a page only a few.
 * @type {Map<number, {context: AudioContext, ready: Promise<void>}>}
 */
const CONTEXTS = new Map();
/** @type {WeakMap<AudioContext, any>} timers of contexts that are about to rest */
const RESTING = new WeakMap();

/** The numbers of channels whose places browsers know; of others the first two are heard. @param {number} channels */
export function heardChannels(channels) {
  return [1, 2, 4, 6].includes(channels) ? channels : Math.min(channels, 2);
}

/** The program of the worklet. */
function workletCode() {
  return `const PcmQueue = ${PcmQueue}; const Speaker = ${Speaker};
registerProcessor("dpc-speaker", class extends AudioWorkletProcessor {
  constructor({ processorOptions: { channels, fade } }) {
    super();
    this.speaker = new Speaker(new PcmQueue(channels, fade), sampleRate, (message) => this.port.postMessage(message));
    this.port.onmessage = (event) => this.speaker.command(event.data);
  }
  process(inputs, outputs) {
    this.speaker.fill(outputs[0]);
    return !this.speaker.closed;
  }
});`;
}

/** The context of a rate, its worklet there. @param {number} sampleRate */
function contextOf(sampleRate) {
  let made = CONTEXTS.get(sampleRate);
  if (!made) {
    const context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    made = { context, ready: addWorklet(context) };
    CONTEXTS.set(sampleRate, made);
  }
  return made;
}

/** @param {AudioContext} context */
async function addWorklet(context) {
  if (!context.audioWorklet) return;
  const url = URL.createObjectURL(new Blob([workletCode()], { type: "text/javascript" }));
  await context.audioWorklet.addModule(url);
  URL.revokeObjectURL(url);
}

/** An open loudspeaker of one rate. */
export class AudioOutput {
  /**
   * @param {AudioContext} context @param {number} channels
   * @param {(message: {id: number, given: number, ended: boolean, starved: boolean}) => void} listen
   */
  constructor(context, channels, listen) {
    this.context = context;
    this.channels = heardChannels(channels);
    this.listen = listen;
    this.gain = context.createGain();
    this.gain.connect(context.destination);
    /** @type {AudioNode | null} */
    this.node = null;
    /** @type {(message: any, transfer?: Transferable[]) => void} */
    this.send = () => undefined;
  }

  /**
   * Raises an error for a rate that no browser plays.
   * @param {number} sampleRate @param {number} channels @param {AudioOutput["listen"]} listen
   */
  static async open(sampleRate, channels, listen) {
    if (sampleRate < LEAST_RATE_HZ || sampleRate > MOST_RATE_HZ) throw new Error(`no browser plays ${sampleRate} Hz`);
    const { context, ready } = contextOf(sampleRate);
    const output = new AudioOutput(context, channels, listen);
    const awake = output.wake();
    await ready;
    if (context.audioWorklet) output.openWorklet();
    else output.openScript();
    await awake;
    return output;
  }

  /** Lets the context run. */
  wake() {
    clearTimeout(RESTING.get(this.context));
    return this.context.resume();
  }

  /** Nothing sounds any more: soon the context stops, for the battery's sake. */
  rest() {
    clearTimeout(RESTING.get(this.context));
    RESTING.set(this.context, setTimeout(() => this.context.suspend(), REST_AFTER_MS));
  }

  openWorklet() {
    const { channels, context } = this;
    const processorOptions = { channels, fade: Math.ceil(FADE_SECONDS * context.sampleRate) };
    const node = new AudioWorkletNode(context, "dpc-speaker", {
      numberOfInputs: 0, outputChannelCount: [channels], processorOptions,
    });
    node.port.onmessage = (event) => this.listen(event.data);
    node.connect(this.gain);
    this.node = node;
    this.send = (message, transfer = []) => node.port.postMessage(message, transfer);
  }

  /** For pages that are not served securely. */
  openScript() {
    const { channels, context } = this;
    const queue = new PcmQueue(channels, Math.ceil(FADE_SECONDS * context.sampleRate));
    const speaker = new Speaker(queue, context.sampleRate, (message) => this.listen(message));
    const node = context.createScriptProcessor(SCRIPT_FRAMES, 0, channels);
    node.onaudioprocess = ({ outputBuffer }) =>
      speaker.fill(Array.from({ length: channels }, (_, c) => outputBuffer.getChannelData(c)));
    node.connect(this.gain);
    this.node = node;
    this.send = (message) => speaker.command(message);
  }

  close() {
    this.send({ playing: false, close: true });
    this.node?.disconnect();
    this.gain.disconnect();
  }
}
