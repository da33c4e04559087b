// What grading blind and comparing two have in common: one thing is shown at a time, in place of the open page.

class View {
  stage = null; // what the keys act on
  saved = true;
  session = null;
  at = 0; // the trial shown
  #root;
  #onleave;

  /** Subclasses have `setup(leave)`, which gives the form that begins a session, and `resume()`, which shows it. */
  constructor(root, report, engine, onleave) {
    this.#root = root;
    this.report = report;
    this.engine = engine;
    this.#onleave = onleave;
  }

  open() {
    if (this.session) this.resume();
    else this.show(this.setup(() => this.leave()));
  }

  begin(session) {
    this.session = session;
    this.at = 0;
    this.resume();
  }

  /** Whether answers would be lost if the page were left. */
  get unsaved() {
    return !this.saved;
  }

  /** Replace what is shown; sound ends, and the focus goes to the heading. */
  show(...children) {
    this.engine.release();
    if (!children.some((child) => child.classList.contains("sheet"))) this.stage = null;
    this.#root.replaceChildren(...children);
    this.#root.querySelector("h2")?.focus();
  }

  leave() {
    this.show();
    this.#onleave();
  }

  /** What can be done with a session that is over; `text` begins another. */
  closing(text) {
    const end = (then) => () => {
      this.session = null;
      then();
    };
    const again = end(() => {
      this.saved = true;
      this.open();
    });
    return [buttonOf(text, again), buttonOf("Back to the open page", end(() => this.leave()))];
  }

  /** Buttons that hand out the session by `json` and `csv`. */
  savingButtons(json, csv) {
    const save = (write) => () => {
      write();
      this.saved = true;
    };
    return [buttonOf("Save JSON", save(json)), buttonOf("Save CSV", save(csv))];
  }
}

function buttonOf(text, onclick, className = "") {
  return make("button", { type: "button", className, onclick }, text);
}

function heading(text) {
  return make("h2", { tabIndex: -1 }, text);
}

/** The two fields that every session has: who listens, and the seed. */
function sessionFields() {
  const listener = make("input", { type: "text", maxLength: 80, autocomplete: "off" });
  const seed = make("input", { type: "number", min: 0, max: 2 ** 32 - 1, step: 1, required: true, value: newSeed() });
  const labels = [
    make("label", {}, "Listener, as the files shall name you ", listener),
    make("label", {}, "Seed ", seed),
  ];
  return { labels, read: () => ({ listener: listener.value.trim(), seed: Number(seed.value) }) };
}
