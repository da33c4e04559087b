// Small helpers around the document.

/** The report's data. It leaves the document, so that no name stands there while somebody grades blind. */
function takeData() {
  const holder = document.getElementById("data");
  holder.remove();
  return JSON.parse(holder.textContent);
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

/** Hand the listener a file. */
function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
