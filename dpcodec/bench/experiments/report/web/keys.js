// Keys that work wherever the focus is, unless the element there has a use for them itself.

const SEEK_S = 1;

/** `stage()`: what the keys act on now, { deck, choose, step, letters }, or null; `letters` are keys of its own. */
function listenToKeys(stage) {
  const enabled = document.getElementById("shortcuts");
  document.addEventListener("keydown", (event) => {
    const now = stage();
    if (!now || !enabled.checked || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = actionFor(event, now);
    if (!action) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("keyup", (event) => {
    // A button in focus would also be pressed, where browsers do that as the space bar comes up.
    if (event.key === " " && enabled.checked && event.target.closest(".choice")) event.preventDefault();
  });
}

function actionFor({ key, target }, { deck, choose, step, letters = {} }) {
  if (target.matches("input:not([type=range], [type=checkbox], [type=radio]), select, textarea")) return null;
  if (Object.hasOwn(letters, key)) return letters[key];
  if (/^[0-9]$/.test(key)) return () => choose(Number(key));
  if (key === "n") return () => step(1);
  if (key === "p") return () => step(-1);
  const pressesItself = target.closest("button:not(.choice), summary, [type=checkbox], [type=radio]");
  if (key === " " && !pressesItself) return () => deck.toggle();
  if (target.matches("input, .scroll")) return null; // arrows move a slider, and a wide table
  if (key === "ArrowLeft") return () => deck.seek(deck.position - SEEK_S);
  if (key === "ArrowRight") return () => deck.seek(deck.position + SEEK_S);
  return null;
}
