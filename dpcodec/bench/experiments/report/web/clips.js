// The open view: for each clip a row of versions, with their pictures.

/** A clip's section. `deck` plays it, `choose` picks a version, `focus` brings it into view. */
function clipView(clip, engine, number) {
  const deck = new Deck(engine, clip.versions.map(orSilence), clip.seconds);
  const tiles = clip.versions.map((version, i) => tileOf(version, i, clip, () => choose(i)));
  const title = make("h3", { id: `clip-${number}` }, clip.name);
  const about = make("p", { className: "about" }, `${seconds(clip.seconds)}, ${clip.rate / 1000} kHz${clip.synthetic ? ", synthetic" : ""}`);
  const element = make(
    "section",
    { className: "clip", "aria-labelledby": title.id },
    make("div", { className: "head" }, title, about),
    deck.element,
    make("div", { className: "tiles", role: "group", "aria-label": "Versions" }, ...tiles),
  );
  function choose(i) {
    if (i >= tiles.length) return;
    deck.hear(i);
    announce(clip.versions[i].system);
  }
  deck.onchange = () => tiles.forEach((tile, i) => tile.setAttribute("aria-pressed", i === deck.heard));
  deck.onchange();
  whenSeen(element, () => drawPictures(clip, tiles));
  return { element, deck, choose, focus: () => deck.element.querySelector("button").focus() };
}

/** A version, silent where the browser cannot decode it: the others play all the same. */
function orSilence(version) {
  const { rate, samples } = version;
  return { rate, samples: () => samples().catch(() => new Float32Array(1)) };
}

function whenSeen(element, then) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    then();
  });
  observer.observe(element);
}

/** The pictures of a clip, one after the other; a version that cannot be decoded says so. */
async function drawPictures(clip, tiles) {
  let top = null; // the loudest of the original, which comes first
  for (const [i, version] of clip.versions.entries()) {
    try {
      const levels = levelsOf(await version.samples(), clip.rate);
      top ??= loudestOf(levels);
      draw(tiles[i].querySelector("canvas"), levels, top);
    } catch (error) {
      tiles[i].append(make("span", { className: "warning" }, `Not heard here: ${error.message}.`));
    }
    await new Promise((done) => setTimeout(done)); // the page answers in between
  }
}

function tileOf(version, i, clip, onclick) {
  const picture = make("canvas", { role: "img", "aria-label": `Spectrogram, 0 to ${clip.rate / 2000} kHz` });
  return make(
    "button",
    { type: "button", className: "tile choice", onclick },
    make("span", { className: "name" }, i < 10 ? make("kbd", { "aria-hidden": true }, String(i)) : "", version.system),
    make("span", { className: "picture", "data-top": `${clip.rate / 2000} kHz` }, picture),
    make("span", { className: "facts" }, version.facts || version.about),
  );
}
