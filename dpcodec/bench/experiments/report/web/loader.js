// Unpacks what the page holds, and begins. A browser that cannot says so.

(async () => {
  "use strict";

  /** The bytes in an element, of which each character holds seven bits; it leaves the document. */
  const bytesOf = (id) => {
    const holder = document.getElementById(id);
    const text = holder.textContent;
    holder.remove();
    const bytes = new Uint8Array((7 * text.length) >> 3);
    let [held, bits, at] = [0, 0, 0];
    for (let i = 0; i < text.length; i++) {
      held = ((held << 7) | (text.charCodeAt(i) & 127)) & 0x7fff;
      bits += 7;
      if (bits >= 8) bytes[at++] = held >> (bits -= 8);
    }
    return bytes;
  };

  try {
    const inflated = new Blob([bytesOf("packed")]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const { script, report } = JSON.parse(await new Response(inflated).text());
    window.page = { report, stored: bytesOf("sounds") };
    const element = document.createElement("script");
    element.textContent = script;
    document.body.append(element);
  } catch (error) {
    document.getElementById("clips").textContent = `This page cannot be unpacked: take a newer browser (${error}).`;
  }
})();
