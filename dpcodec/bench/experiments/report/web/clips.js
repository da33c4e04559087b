// The open view: for each clip a row of versions, with their pictures.

/** A clip's section. `deck` plays it, `choose` picks a version, `focus` brings it into view. */
function clipView(clip, engine, number) {
  const deck = new Deck(engine, clip.versions.map((version) => version.audio), clip.seconds);
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
  return { element, deck, choose, focus: () => deck.element.querySelector("button").focus() };
}

function tileOf(version, i, clip, onclick) {
  const picture = make("img", {
    src: version.picture,
    alt: `Spectrogram, 0 to ${clip.rate / 2000} kHz`,
    loading: "lazy",
    draggable: false,
  });
  return make(
    "button",
    { type: "button", className: "tile choice", onclick },
    make("span", { className: "name" }, i < 10 ? make("kbd", { "aria-hidden": true }, String(i)) : "", version.system),
    make("span", { className: "picture", "data-top": `${clip.rate / 2000} kHz` }, picture),
    make("span", { className: "facts" }, version.facts || version.about),
  );
}
