// Small helpers around the document.

/** What the loader unpacked: the report's data, and the sounds' bytes. */
function takePage() {
  const { report, stored } = window.page;
  delete window.page;
  for (const clip of report.clips) giveSamples(clip, stored);
  showPlots(report.plots, stored);
  return report;
}

/** An element with properties (or attributes), listeners ("onclick" and so on) and children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Tell those who do not see the page. */
function announce(text) {
  document.getElementById("status").textContent = text;
}

function seconds(value) {
  return value.toFixed(1) + " s";
}

/** Plots, SVG in words or PNG in bytes of `stored`. */
function showPlots(plots, stored) {
  const figures = plots.map(({ svg, png, alt }) => {
    const content = svg ?? stored.subarray(png[0], png[0] + png[1]);
    const type = svg ? "image/svg+xml" : "image/png";
    return make("figure", {}, make("img", { src: URL.createObjectURL(new Blob([content], { type })), alt }));
  });
  document.getElementById("figures")?.append(...figures);
}

/** Hand the listener a file. */
function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
