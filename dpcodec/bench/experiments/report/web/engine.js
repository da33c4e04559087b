// All versions of a clip play at once, in step; one of them is heard. So a change takes effect at once and at
// the same place.

const FADE_S = 0.015;
const LEAD_S = 0.02; // sources started this far ahead start on the same sample

class Engine {
  context = null;
  owner = null; // the deck whose versions are loaded
  onend = () => {};
  #buffers = [];
  #take = null; // what sounds now: { sources, gains, out, startedAt }
  #offset = 0; // seconds into the clip where the take began, or where playing shall go on
  #heard = 0;
  #loop = true;

  get playing() {
    return this.#take !== null;
  }

  get position() {
    if (!this.#take) return this.#offset;
    const at = this.#offset + Math.max(0, this.context.currentTime - this.#take.startedAt);
    return this.#loop ? at % this.#duration : Math.min(at, this.#duration);
  }

  get #duration() {
    return this.#buffers[0].duration;
  }

  /** Stop, and let a deck have the engine, or nobody. */
  release(next = null) {
    this.pause();
    const before = this.owner;
    this.owner = next;
    this.#buffers = [];
    before?.rest(this.#offset);
  }

  /** Let a deck have the engine, its versions decoded. False if another deck came in between. */
  async adopt(deck) {
    this.release(deck);
    this.context ??= new AudioContext();
    const decoded = await Promise.all(deck.sources.map((version) => this.#decoded(version)));
    if (this.owner !== deck) return false;
    this.#buffers = decoded;
    return true;
  }

  /** At the rate of the loudspeakers. */
  async #decoded(version) {
    return this.context.decodeAudioData(wavOf(await version.samples(), version.rate));
  }

  /** Sound from a place on. Without `adopt` before there is nothing to sound. */
  play(position, heard, loop) {
    if (!this.#buffers.length) return;
    this.#stop();
    if (this.context.state === "suspended") this.context.resume();
    this.#offset = Math.min(position, this.#duration);
    this.#heard = heard;
    this.#loop = loop;
    this.#take = this.#start();
  }

  /** Go on at another place, or, while silent, start there next time. */
  seek(position) {
    if (this.#take) this.play(position, this.#heard, this.#loop);
    else this.#offset = position;
  }

  pause() {
    this.#offset = this.#take ? this.position : this.#offset;
    this.#stop();
  }

  /**
   * Change the version heard: a cross-fade of FADE_S, linear because the versions are alike. With a dip the old one
   * ends before the new one begins, so that the change itself does not tell whether the two are the same.
   */
  hear(index, dip = false) {
    const before = this.#heard;
    this.#heard = index;
    if (!this.#take || index === before) return;
    const now = this.context.currentTime;
    this.#take.gains.forEach((gain, i) => fade(gain, i === index ? 1 : 0, now, dip && i === index ? FADE_S : 0));
  }

  setLoop(loop) {
    if (this.#take) {
      this.#offset = this.position;
      this.#take.startedAt = Math.max(this.#take.startedAt, this.context.currentTime);
      for (const source of this.#take.sources) source.loop = loop;
    }
    this.#loop = loop;
  }

  #start() {
    const startedAt = this.context.currentTime + LEAD_S;
    const out = new GainNode(this.context, { gain: 0 });
    out.connect(this.context.destination);
    out.gain.setValueAtTime(0, startedAt);
    out.gain.linearRampToValueAtTime(1, startedAt + FADE_S);
    const gains = this.#buffers.map((_, i) => new GainNode(this.context, { gain: i === this.#heard ? 1 : 0 }));
    const sources = this.#buffers.map((buffer, i) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: this.#loop });
      source.connect(gains[i]).connect(out);
      source.start(startedAt, this.#offset);
      return source;
    });
    const take = { sources, gains, out, startedAt };
    sources[0].onended = () => this.#ended(take);
    return take;
  }

  #stop() {
    if (!this.#take) return;
    const { sources, out } = this.#take;
    this.#take = null;
    const now = this.context.currentTime;
    fade(out, 0, now);
    for (const source of sources) source.stop(now + FADE_S);
  }

  #ended(take) {
    take.out.disconnect();
    if (this.#take !== take) return;
    this.#take = null;
    this.#offset = 0;
    this.onend();
  }
}

function fade(node, target, now, after = 0) {
  node.gain.cancelScheduledValues(now);
  node.gain.setValueAtTime(node.gain.value, now);
  if (after) node.gain.setValueAtTime(node.gain.value, now + after);
  node.gain.linearRampToValueAtTime(target, now + after + FADE_S);
}
