// The masked signal, out of the original and a header: what solver none makes of a file with exact coefficients.

/** The samples without the coefficients of their STFT that the header's mask drops. */
function masked(samples, header) {
  const { hop, segmentFrames } = header;
  const synthesis = new dpcodec.StftSynthesis(header, 0);
  const total = Math.ceil(samples.length / hop) + 1;
  const out = new Float32Array(samples.length);
  let at = 0;
  const take = (block) => {
    out.set(block.subarray(0, out.length - at), at);
    at = Math.min(out.length, at + block.length);
  };
  for (let segment = 0; segment * segmentFrames < total; segment++) {
    const first = segment * segmentFrames;
    const frames = Math.min(segmentFrames, total - first);
    const mask = dpcodec.knownMask(header, segment, frames);
    take(synthesis.push({ frames, ...keptCoefficients(samples, header, first, frames, mask) })[0]);
  }
  take(synthesis.finish(samples.length)[0]);
  return out;
}

/** { value, imaginary } [K, L] of the frames from `first` on, zero where the mask is. */
function keptCoefficients(samples, { nFft, hop, bins, window }, first, frames, mask) {
  const weights = dpcodec.stftWindow(window, nFft, hop);
  const [value, imaginary] = [new Float32Array(bins * frames), new Float32Array(bins * frames)];
  const [re, im] = [new Float64Array(nFft), new Float64Array(nFft)];
  for (let l = 0; l < frames; l++) {
    const start = (first + l) * hop - nFft / 2;
    for (let n = 0; n < nFft; n++) re[n] = weights[n] * (samples[start + n] ?? 0);
    im.fill(0);
    dpcodec.fftOf(nFft).transform(re, im);
    for (let k = 0, cell = l; k < bins; k++, cell += frames) {
      if (!mask[cell]) continue;
      value[cell] = re[k];
      imaginary[cell] = im[k];
    }
  }
  return { value, imaginary };
}
