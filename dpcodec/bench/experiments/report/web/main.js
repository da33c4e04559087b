// Joins the parts.

const report = takePage();
const engine = new Engine();
const views = report.clips.map((clip, i) => clipView(clip, engine, i));
const openView = document.getElementById("open-view");
const blindRoot = document.getElementById("blind-view");
const modes = [
  { view: new BlindView(blindRoot, report, engine, closeBlind), button: document.getElementById("start-blind") },
  { view: new ComparisonView(blindRoot, report, engine, closeBlind), button: document.getElementById("start-abx") },
];
let mode = modes[0]; // the one shown last
let current = 0; // the clip that keys act on

document.getElementById("clips").append(...views.map((view) => view.element));
views.forEach((view, i) => {
  for (const event of ["pointerdown", "focusin"]) view.element.addEventListener(event, () => setCurrent(i));
});
setCurrent(0);
listenToHeadings(document.getElementById("main"));
listenToKeys(() => (blindRoot.hidden ? openStage() : mode.view.stage));
engine.onend = () => engine.owner.ended();
for (const one of modes) one.button.addEventListener("click", () => openBlind(one));
window.addEventListener("beforeunload", (event) => {
  if (modes.some(({ view }) => view.unsaved)) event.preventDefault();
});

function setCurrent(i) {
  current = i;
  views.forEach((view, j) => view.element.classList.toggle("current", i === j));
}

function openStage() {
  return views.length ? { ...views[current], step: stepClip } : null;
}

function stepClip(by) {
  const next = current + by;
  if (next >= 0 && next < views.length) views[next].focus();
}

/** The open view leaves the document, names and pictures with it. */
function openBlind(chosen) {
  mode = chosen;
  engine.release();
  announce("");
  openView.remove();
  blindRoot.hidden = false;
  mode.view.open();
}

function closeBlind() {
  blindRoot.hidden = true;
  blindRoot.before(openView);
  mode.button.focus();
}
