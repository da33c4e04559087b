// Comparing two systems blind (ABX): is X the sound A or the sound B?

const ABX_TRIALS = 16;
const MEANINGS = {
  p: "p is the chance to get as many right, or more, by tossing a coin (exact, one-sided binomial test).",
  heard: "Guessing alone is unlikely to do as well: the two were told apart.",
  early: "p holds only if the answers did not decide when to end.",
  open: "Guessing does as well often enough: no difference was shown, which does not show that there is none.",
};

class ComparisonView extends View {
  setup(leave) {
    const begin = ({ systems, count, seed, listener }) =>
      this.begin(newComparison(comparable(this.report.clips, systems), systems, count, seed, listener));
    return comparisonForm(this.report, begin, leave);
  }

  resume() {
    this.#showNext();
  }

  #showNext() {
    const { trials, systems } = this.session;
    if (this.at >= trials.length) return this.#showResult();
    const sheet = comparisonSheet(trials[this.at], systems, this.engine, (answer) => this.#answer(answer));
    this.stage = sheet;
    this.show(
      heading(`Trial ${this.at + 1} of ${trials.length}`),
      make("p", {}, "X is the same sound as A, or as B. Switch as often as you like, then say which."),
      sheet.element,
      make(
        "p",
        { className: "actions" },
        buttonOf("End here", () => this.#showResult()),
        buttonOf("Leave", () => this.leave()),
      ),
      abxKeys(),
    );
  }

  #answer(answer) {
    this.session.trials[this.at].answer = answer;
    this.at += 1;
    this.saved = false;
    this.#showNext();
  }

  #showResult() {
    const { trials, systems } = this.session;
    this.at = trials.length; // what was told cannot be gone on with
    const { answered, correct, p } = scoreOf(trials);
    const told = `${correct} of ${answered} right: p = ${spellP(p)}.`;
    const meaning = p < 0.05 ? MEANINGS.heard : MEANINGS.open;
    const early = answered < trials.length ? ` Of ${trials.length} planned: ${MEANINGS.early}` : "";
    const lines = comparable(this.report.clips, systems)
      .map((clip) => [clip, scoreOf(trials.filter((trial) => trial.clip === clip))])
      .map(([clip, score]) => [clip.name, score.correct, score.answered]);
    this.show(
      heading(`${systems[0]} against ${systems[1]}`),
      make("p", { className: "result" }, make("strong", {}, told), ` ${MEANINGS.p} ${meaning}${early}`),
      tableOf("Right answers by clip", ["clip", "right", "of"], lines),
      make(
        "p",
        { className: "actions" },
        ...this.savingButtons(
          () => saveComparisonJson(this.session, this.report),
          () => saveComparisonCsv(this.session, this.report),
        ),
        ...this.closing("Compare anew"),
      ),
    );
  }
}

/** The form before a comparison; `onbegin` gets { systems, count, seed, listener }. */
function comparisonForm(report, onbegin, onleave) {
  const names = [...new Set(report.clips.flatMap((clip) => clip.versions.map((version) => version.system)))];
  const ours = Math.max(names.findIndex((name) => name.startsWith("dpcodec")), 1);
  const select = (chosen) =>
    make("select", {}, ...names.map((name, i) => make("option", { value: name, selected: i === chosen }, name)));
  const [a, b] = [select(0), select(ours)];
  const count = make("input", { type: "number", min: 1, max: 200, step: 1, required: true, value: ABX_TRIALS });
  const fields = sessionFields();
  const onsubmit = (event) => {
    event.preventDefault();
    b.setCustomValidity(a.value === b.value ? "Choose two systems that differ." : "");
    const clips = comparable(report.clips, [a.value, b.value]);
    if (!clips.length) b.setCustomValidity("No clip went through both systems.");
    if (!b.reportValidity()) return;
    onbegin({ systems: [a.value, b.value], count: Number(count.value), ...fields.read() });
  };
  for (const box of [a, b]) box.addEventListener("change", () => b.setCustomValidity(""));
  return make(
    "form",
    { className: "setup", onsubmit },
    heading("Compare two blind"),
    make("p", {}, "In each trial you hear A, B and X, which is one of the two by the toss of a coin. Decide before " +
      "how many trials you take: 16 are a common number, of which 12 right are enough for p < 0.05."),
    make("label", {}, "A ", a),
    make("label", {}, "B ", b),
    make("label", {}, "Trials ", count),
    ...fields.labels,
    make("p", { className: "actions" }, make("button", { className: "strong" }, "Begin"), buttonOf("Back", onleave)),
  );
}

/** The sounds of one trial and the answer; `onanswer` gets "A" or "B". */
function comparisonSheet(trial, systems, engine, onanswer) {
  const sources = [...trial.pair, trial.pair[trial.x === "A" ? 0 : 1]];
  const deck = new Deck(engine, sources, trial.clip.seconds, { dip: true });
  const names = [`A: ${systems[0]}`, `B: ${systems[1]}`, "X"];
  const buttons = names.map((name, i) => choiceOf(() => deck.hear(i), name));
  deck.onchange = () => buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === deck.heard));
  deck.onchange();
  const radios = ["A", "B"].map((value) => make("input", { type: "radio", name: "answer", value, required: true }));
  const onsubmit = (event) => {
    event.preventDefault();
    onanswer(radios.find((radio) => radio.checked).value);
  };
  const element = make(
    "div",
    { className: "sheet clip" },
    deck.element,
    make("div", { className: "pair", role: "group", "aria-label": "Sounds" }, ...buttons),
    make(
      "form",
      { onsubmit },
      make("fieldset", {}, make("legend", {}, "X is"), ...radios.map((one) => make("label", {}, one, ` ${one.value}`))),
      make("p", { className: "actions" }, make("button", { className: "strong" }, "Answer")),
    ),
  );
  const hear = (i) => {
    deck.hear(i);
    announce(["A", "B", "X"][i]);
  };
  const letters = { a: () => hear(0), b: () => hear(1), x: () => hear(2) };
  return { element, deck, letters, choose: () => {}, step: () => {} };
}

function abxKeys() {
  const keys =
    "a, b and x choose a sound; space plays and pauses; the arrows go back and on by a second, or, in the answer, " +
    "choose it; Enter there answers.";
  return make("details", {}, make("summary", {}, "Keyboard"), make("p", {}, keys));
}
