// A deck: the versions of one clip, which of them is heard, where it plays, and the controls for that.

class Deck {
  heard = 0;
  onchange = () => {}; // the version heard or the state of playing changed
  #engine;
  #position = 0; // while another deck has the engine
  #loading = false;
  #controls;
  #dip;

  /** sources: versions, all of one length in seconds; dip: a moment of silence at each change. */
  constructor(engine, sources, length, { dip = false } = {}) {
    this.#dip = dip;
    this.#engine = engine;
    this.sources = sources;
    this.length = length;
    this.#controls = controlsOf(this);
    this.element = this.#controls.element;
    this.tick();
  }

  get playing() {
    return this.#mine && this.#engine.playing;
  }

  get loop() {
    return this.#controls.loop.checked;
  }

  get position() {
    return this.#mine ? this.#engine.position : this.#position;
  }

  get #mine() {
    return this.#engine.owner === this && !this.#loading;
  }

  async toggle() {
    if (this.playing) this.pause();
    else await this.play(this.position);
  }

  async play(position) {
    if (!this.#mine) {
      this.#position = position;
      if (!(await this.#load())) return;
      position = this.#position; // it may have been moved meanwhile
    }
    this.#engine.play(position >= this.length - 0.01 ? 0 : position, this.heard, this.loop);
    this.#changed();
    this.#animate();
  }

  pause() {
    if (this.#mine) this.#engine.pause();
    this.#changed();
  }

  /** The engine went to another deck while this one stood at `position`. */
  rest(position) {
    this.#position = position;
    this.#changed();
  }

  /** The clip came to its end. */
  ended() {
    this.#changed();
  }

  seek(position) {
    const place = Math.min(Math.max(position, 0), this.length);
    this.#position = place;
    if (this.#mine) this.#engine.seek(place);
    this.tick();
  }

  hear(index) {
    if (index < 0 || index >= this.sources.length) return;
    this.heard = index;
    if (this.#mine) this.#engine.hear(index, this.#dip);
    this.#changed();
  }

  setLoop() {
    if (this.#mine) this.#engine.setLoop(this.loop);
  }

  /** Show the position. */
  tick() {
    const { bar, time, element } = this.#controls;
    const at = this.position;
    bar.value = at;
    time.textContent = `${at.toFixed(1)} / ${seconds(this.length)}`;
    // While it plays whole seconds are told: a tenth would never be read to its end.
    const told = this.playing ? `${Math.floor(at)} s` : seconds(at);
    bar.setAttribute("aria-valuetext", `${told} of ${seconds(this.length)}`);
    (element.closest(".clip") ?? element).style.setProperty("--at", `${(100 * at) / this.length}%`);
  }

  #animate() {
    this.tick();
    if (this.playing) requestAnimationFrame(() => this.#animate());
  }

  async #load() {
    if (this.#loading) return false;
    this.#loading = true;
    this.#changed();
    try {
      return await this.#engine.adopt(this);
    } catch (error) {
      this.#engine.release();
      const told = `These sounds cannot be decoded: ${error}`;
      this.element.append(make("p", { className: "warning", role: "alert" }, told));
      return false;
    } finally {
      this.#loading = false;
      this.#changed();
    }
  }

  #changed() {
    const { button, label } = this.#controls;
    label.textContent = this.#loading ? "Loading" : this.playing ? "Pause" : "Play";
    button.classList.toggle("playing", this.playing);
    this.tick();
    this.onchange();
  }
}

function controlsOf(deck) {
  const label = make("span", {}, "Play");
  const button = make("button", { type: "button", className: "play strong", onclick: () => deck.toggle() }, label);
  const bar = make("input", {
    type: "range",
    className: "position",
    min: 0,
    max: deck.length,
    step: 0.01,
    value: 0,
    "aria-label": "Position",
    oninput: () => deck.seek(Number(bar.value)),
    onkeydown: (event) => stepBar(event, deck),
  });
  const time = make("span", { className: "time" });
  const loop = make("input", { type: "checkbox", checked: true, onchange: () => deck.setLoop() });
  const element = make("div", { className: "transport" }, button, bar, time, make("label", {}, loop, " Loop"));
  return { element, button, label, bar, time, loop };
}

/** Arrows on the position bar go by half a second: its own step is a hundredth. */
function stepBar(event, deck) {
  const by = { ArrowLeft: -0.5, ArrowDown: -0.5, ArrowRight: 0.5, ArrowUp: 0.5 }[event.key];
  if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  deck.seek(deck.position + by);
}
