/** `<dpc-audio src="x.dpc">`: a button, a bar, the time; for eyes, keys and screen readers. */

import { clockTime, spokenTime } from "./clock.js";
import { ELEMENT_STYLE } from "./element_style.js";
import { DpcPlayer } from "./player.js";
import { decoderThread } from "./thread.js";

const JUMP_SECONDS = 5;
const BAR_STEPS_A_SECOND = 10;

/**
 * Attributes: `src`, an address; `title`, which is shown; `duration`, seconds, shown before the file is opened, which it
 * is when the element comes into view.
 * `player` is the `DpcPlayer`, whose events the element passes on.
 */
class DpcAudio extends HTMLElement {
  static observedAttributes = ["src", "title", "duration"];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = ELEMENT_STYLE;
    this.box = element("div", { class: "player", role: "group" });
    this.heading = element("div", { class: "title" });
    this.button = /** @type {HTMLButtonElement} */ (element("button", { type: "button" }));
    this.bar = /** @type {HTMLInputElement} */ (element("input", { type: "range", min: "0", max: "0", value: "0" }));
    this.time = element("div", { class: "time" });
    this.message = element("div", { class: "message", role: "status" });
    this.bar.setAttribute("aria-label", "Position");
    this.button.textContent = "Play";
    this.box.append(this.heading, this.button, this.bar, this.time, this.message);
    root.append(style, this.box);
    /** @type {DpcPlayer | null} */
    this.player = null;
    this.button.onclick = () => this.toggle();
    this.bar.oninput = () => this.seek(Number(this.bar.value) / BAR_STEPS_A_SECOND);
    this.button.onpointerenter = this.button.onfocus = () => this.player?.prepare();
    this.box.onkeydown = (event) => this.key(event);
    this.show();
  }

  connectedCallback() {
    decoderThread();
    comesIntoView(this, () => this.look());
  }

  /** Reads the header; the first of a page begins to decode, which makes the program fast for all of them. */
  async look() {
    const player = this.made();
    try {
      await player.open();
    } catch {
      return; // the player told of it
    }
    if (document.querySelector("dpc-audio") === this) player.prepare();
  }

  disconnectedCallback() {
    this.player?.close();
    this.player = null;
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "src") {
      this.player?.close();
      this.player = null;
    }
    this.show();
  }

  /** The player, made when first needed. */
  made() {
    if (this.player) return this.player;
    const player = new DpcPlayer(new URL(this.getAttribute("src") ?? "", document.baseURI).href);
    for (const type of ["loadedmetadata", "playing", "pause", "waiting", "timeupdate", "seeked", "ended", "error"]) {
      player.addEventListener(type, () => {
        this.show();
        this.dispatchEvent(new Event(type));
      });
    }
    this.player = player;
    return player;
  }

  async play() {
    const started = this.made().play();
    this.show();
    await started;
  }

  pause() {
    this.player?.pause();
  }

  toggle() {
    if (this.made().paused) this.play();
    else this.pause();
  }

  /** @param {number} seconds */
  async seek(seconds) {
    const player = this.made();
    try {
      await player.open();
    } catch {
      return; // the player told of it
    }
    player.currentTime = seconds;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const now = this.player?.currentTime ?? 0;
    const onBar = event.composedPath()[0] === this.bar;
    const onButton = event.composedPath()[0] === this.button;
    const jumps = new Map([["ArrowLeft", now - JUMP_SECONDS], ["ArrowRight", now + JUMP_SECONDS], ["Home", 0]]);
    const to = jumps.get(event.key);
    if (to !== undefined) this.seek(to);
    else if (event.key === "k" || (event.key === " " && onBar && !onButton)) this.toggle();
    else return;
    event.preventDefault();
  }

  /** Shows what is. */
  show() {
    const { player } = this;
    const duration = player?.info ? player.duration : Number(this.getAttribute("duration") ?? NaN);
    const now = player?.currentTime ?? 0;
    const title = this.getAttribute("title") ?? "";
    const playing = player !== null && !player.paused;
    this.heading.textContent = title;
    this.box.setAttribute("aria-label", title || "Audio");
    if (this.button.textContent !== (playing ? "Pause" : "Play")) this.button.textContent = playing ? "Pause" : "Play";
    this.button.disabled = player?.error != null;
    this.bar.disabled = this.button.disabled || !Number.isFinite(duration);
    this.bar.max = String(Number.isFinite(duration) ? Math.floor(duration * BAR_STEPS_A_SECOND) : 0);
    this.bar.value = String(Math.floor(now * BAR_STEPS_A_SECOND));
    this.bar.setAttribute("aria-valuetext", `${spokenTime(now)} of ${Number.isFinite(duration) ? spokenTime(duration) : "unknown"}`);
    this.time.textContent = `${clockTime(now)} / ${clockTime(duration)}`;
    const message = player?.error ? `Cannot be played: ${player.error.message}` : "";
    if (this.message.textContent !== message) this.message.textContent = message;
  }
}

/** Calls once, when an element is first seen. @param {Element} target @param {() => void} call */
function comesIntoView(target, call) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    if (target.isConnected) call();
  });
  observer.observe(target);
}

/** @param {string} name @param {{[name: string]: string}} attributes */
function element(name, attributes) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Makes `<dpc-audio>` known to the page. */
export function defineElement() {
  if (!customElements.get("dpc-audio")) customElements.define("dpc-audio", DpcAudio);
}
