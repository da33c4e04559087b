// The samples of a version, out of what stands of it in the page.

const MOST_DELAY_S = 0.1; // that browsers and codecs leave, as when it was measured

/** Gives each version `samples()`: a promise of its samples at the clip's rate, made when first asked for. */
function giveSamples(clip, stored) {
  for (const version of clip.versions) {
    const [kind, offset, length] = version.sound;
    let made = null;
    version.rate = clip.rate;
    version.samples = () => (made ??= samplesOf(kind, stored.slice(offset, offset + length), clip));
  }
}

/** @returns {Promise<Float32Array>} as many as the clip has. */
async function samplesOf(kind, bytes, clip) {
  const original = () => clip.versions[0].samples();
  if (kind === "dpc") return dpcodec.decode(bytes).channels[0];
  if (kind === "same") return original();
  if (kind === "filter") return filtered(await original(), new Float32Array(bytes.buffer));
  if (kind === "masked") return masked(await original(), new dpcodec.Reader(bytes).header);
  const samples = await decodedByBrowser(kind, bytes, clip.rate);
  // Browsers divide 16 bits by 32768, or what is positive by 32767.
  if (kind === "flac") return samples.map((sample) => Math.round(sample * 32767.5) / 32768);
  return inStep(await original(), samples, Math.round(MOST_DELAY_S * clip.rate));
}

async function decodedByBrowser(kind, bytes, rate) {
  const context = new OfflineAudioContext(1, 1, rate);
  try {
    return (await context.decodeAudioData(bytes.buffer)).getChannelData(0);
  } catch (error) {
    throw new Error(`this browser does not decode ${kind}`, { cause: error });
  }
}

/** Through a symmetric filter, of which `half` has the middle tap and those behind it. */
function filtered(samples, half) {
  const n = samples.length;
  const out = samples.map((sample) => half[0] * sample);
  for (let k = 1; k < half.length; k++) {
    for (let i = k; i < n; i++) {
      out[i] += half[k] * samples[i - k];
      out[i - k] += half[k] * samples[i];
    }
  }
  return out;
}

/** Moved to the front by its delay, cut or filled up to the length of the reference. */
function inStep(reference, samples, most) {
  const delay = delayOf(reference, samples, most);
  const out = new Float32Array(reference.length);
  out.set(samples.subarray(Math.max(delay, 0)).subarray(0, out.length - Math.max(-delay, 0)), Math.max(-delay, 0));
  return out;
}

/** By how many samples they are late: the lag, of at most `most`, at which they are most alike. */
function delayOf(reference, samples, most) {
  const size = 2 ** Math.ceil(Math.log2(Math.max(reference.length, samples.length) + most));
  const fft = dpcodec.fftOf(size);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  re.set(reference);
  im.set(samples);
  fft.transform(re, im); // of two real signals, one on each axis
  const [productRe, productIm] = [new Float64Array(size), new Float64Array(size)];
  for (let k = 0; k < size; k++) {
    const other = (size - k) % size;
    const [a, b] = [(re[k] + re[other]) / 2, (im[k] - im[other]) / 2];
    const [c, d] = [(im[k] + im[other]) / 2, (re[other] - re[k]) / 2];
    // conj(A) B, conjugated, so that the same transform is the inverse
    productRe[k] = a * c + b * d;
    productIm[k] = b * c - a * d;
  }
  fft.transform(productRe, productIm);
  let best = 0;
  for (let lag = 1; lag <= most; lag++) {
    for (const one of [lag, -lag]) {
      if (Math.abs(productRe[(one + size) % size]) > Math.abs(productRe[(best + size) % size])) best = one;
    }
  }
  return best;
}

/** WAV of float32 samples: a file that the browser knows, so that all versions are resampled alike. */
function wavOf(samples, rate) {
  const size = 4 * samples.length;
  const view = new DataView(new ArrayBuffer(44 + size));
  const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 3, true); // floats
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 4 * rate, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 32, true);
  word(36, "data");
  view.setUint32(40, size, true);
  samples.forEach((sample, i) => view.setFloat32(44 + 4 * i, sample, true));
  return view.buffer;
}
