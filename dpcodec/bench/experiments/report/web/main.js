// Joins the parts.

const report = takeData();
const engine = new Engine();
const views = report.clips.map((clip, i) => clipView(clip, engine, i));
const openView = document.getElementById("open-view");
const blindRoot = document.getElementById("blind-view");
const startButton = document.getElementById("start-blind");
const blind = new BlindView(blindRoot, report, engine, closeBlind);
let current = 0; // the clip that keys act on

document.getElementById("clips").append(...views.map((view) => view.element));
views.forEach((view, i) => {
  for (const event of ["pointerdown", "focusin"]) view.element.addEventListener(event, () => setCurrent(i));
});
setCurrent(0);
listenToHeadings(document.getElementById("main"));
listenToKeys(() => (blindRoot.hidden ? openStage() : blind.stage));
engine.onend = () => engine.owner.ended();
startButton.addEventListener("click", openBlind);
window.addEventListener("beforeunload", (event) => {
  if (blind.unsaved) event.preventDefault();
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
function openBlind() {
  engine.release();
  announce("");
  openView.remove();
  blindRoot.hidden = false;
  blind.open();
}

function closeBlind() {
  blindRoot.hidden = true;
  blindRoot.before(openView);
  startButton.focus();
}
