// Sounds as they stand in the page: FLAC, which every browser decodes, and .dpc, which the page decodes itself.

/** The bytes of a data URI as a file that the browser knows, so that all versions are resampled alike. */
function soundOf(uri) {
  const bytes = Uint8Array.from(atob(uri.slice(uri.indexOf(",") + 1)), (c) => c.charCodeAt(0));
  return uri.startsWith("data:audio/x-dpcodec") ? wavOf(dpcodec.decode(bytes)) : bytes.buffer;
}

/** WAV of float32 samples. */
function wavOf({ sampleRate, channels }) {
  const frames = channels[0].length;
  const size = 4 * channels.length * frames;
  const view = new DataView(new ArrayBuffer(44 + size));
  const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 3, true); // floats
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 4 * channels.length * sampleRate, true);
  view.setUint16(32, 4 * channels.length, true);
  view.setUint16(34, 32, true);
  word(36, "data");
  view.setUint32(40, size, true);
  channels.forEach((samples, c) =>
    samples.forEach((sample, i) => view.setFloat32(44 + 4 * (i * channels.length + c), sample, true)),
  );
  return view.buffer;
}
