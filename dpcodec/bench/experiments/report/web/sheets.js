// The two sheets of grading blind: the form before, and the sliders of one clip.

const SLIDER_KEY = /^(Arrow|Page|Home$|End$)/;
const MOST_IN_A_ROW = 8; // sliders that stand side by side; more are shared out over rows
const WORDS = ["Excellent", "Good", "Fair", "Poor", "Bad"];

/** The form before a session; `onbegin` gets { systems, seed, listener }. */
function setupForm(report, onbegin, onleave) {
  const fields = sessionFields();
  const boxes = systemBoxes(report);
  const onsubmit = (event) => {
    event.preventDefault();
    const systems = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    onbegin({ systems, ...fields.read() });
  };
  return make(
    "form",
    { className: "setup", onsubmit },
    heading("Grade blind"),
    make("p", {}, "For each clip you hear the reference and, behind numbers, the reference again, an anchor without " +
      "high frequencies, and the systems below. Which is which is shuffled anew for each clip, by the seed."),
    ...fields.labels,
    make("fieldset", {}, make("legend", {}, "Systems"), ...boxes.map((box) => make("label", {}, box, " ", box.value))),
    make("p", { className: "actions" }, make("button", { className: "strong" }, "Begin"), buttonOf("Back", onleave)),
  );
}

/** A box for each system; reference and anchor are always graded. */
function systemBoxes(report) {
  const roles = new Map(report.clips.flatMap((clip) => clip.versions.map((v) => [v.system, v.role])));
  return [...roles].map(([system, role]) =>
    make("input", { type: "checkbox", value: system, checked: true, disabled: role !== "system" }),
  );
}

/** The controls and sliders of one clip; `ongrade` is called after each grade. */
function gradingSheet(trial, engine, ongrade) {
  const deck = new Deck(engine, [trial.clip.versions[0], ...trial.order], trial.clip.seconds);
  const open = choiceOf(() => deck.hear(0), make("kbd", { "aria-hidden": true }, "0"), "Reference");
  const conditions = trial.order.map((_, i) => conditionOf(trial, i, deck, ongrade));
  const buttons = [open, ...conditions.map((condition) => condition.button)];
  deck.onchange = () => buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === deck.heard));
  deck.onchange();
  const list = make("ol", { className: "conditions" }, ...conditions.map((condition) => condition.element));
  const rows = Math.ceil(conditions.length / MOST_IN_A_ROW);
  list.style.setProperty("--columns", Math.ceil(conditions.length / rows));
  const element = make(
    "div",
    { className: "sheet clip" },
    deck.element,
    make("div", { className: "reference" }, open),
    make(
      "div",
      { className: "scale" },
      make("ul", { className: "words", "aria-hidden": true }, ...WORDS.map((word) => make("li", {}, word))),
      list,
    ),
  );
  function choose(i) {
    deck.hear(i);
    if (i > 0) conditions[i - 1]?.slider.focus();
  }
  return { element, deck, choose };
}

function choiceOf(onclick, ...content) {
  return make("button", { type: "button", className: "choice", onclick }, ...content);
}

function conditionOf(trial, i, deck, ongrade) {
  const button = choiceOf(() => deck.hear(i + 1), `Sound ${i + 1}`);
  const told = make("output", {});
  const slider = make("input", {
    type: "range",
    className: "grade",
    min: 0,
    max: 100,
    step: 1,
    value: trial.grades[i] ?? 0,
    "aria-label": `Grade of sound ${i + 1}`,
    oninput: () => give(),
    // 0, where the slider stands at first, is a grade too, though nothing is put in.
    onclick: () => give(),
    onkeyup: (event) => SLIDER_KEY.test(event.key) && give(),
  });
  const show = () => {
    const grade = trial.grades[i];
    slider.classList.toggle("ungraded", grade === null);
    slider.setAttribute("aria-valuetext", grade === null ? "not graded" : `${grade}, ${wordFor(grade)}`);
    told.textContent = grade === null ? "–" : `${grade} ${wordFor(grade)}`;
  };
  const give = () => {
    trial.grades[i] = Number(slider.value);
    show();
    ongrade();
  };
  show();
  const track = make("span", { className: "track" }, slider);
  return { element: make("li", {}, button, track, told), button, slider };
}
