/** The discrete Fourier transform of any size, in place, on arrays of real and imaginary parts. */

/** @type {Map<number, Fft>} */
const MADE_FFTS = new Map();

/** @param {number} n */
function isPowerOfTwo(n) {
  return (n & (n - 1)) === 0;
}

/** Sums x[n] exp(-2 pi i k n / N); powers of two by radix 2, others by Bluestein's convolution. */
export class Fft {
  /** @param {number} size */
  constructor(size) {
    this.size = size;
    this.direct = isPowerOfTwo(size);
    this.cosines = new Float64Array(size);
    this.sines = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      // of Bluestein's chirp the angle is pi i^2 / N, which only matters modulo 2 N
      const turn = this.direct ? (2 * Math.PI * i) / size : (Math.PI * ((i * i) % (2 * size))) / size;
      this.cosines[i] = Math.cos(turn);
      this.sines[i] = -Math.sin(turn);
    }
    if (this.direct) this.reversed = reversedBits(size);
    else this.prepareChirp();
  }

  prepareChirp() {
    const { size, cosines, sines } = this;
    let wide = 1;
    while (wide < 2 * size - 1) wide *= 2;
    this.inner = fftOf(wide);
    const re = new Float64Array(wide);
    const im = new Float64Array(wide);
    for (let i = 0; i < size; i++) {
      re[i] = cosines[i];
      im[i] = -sines[i];
      if (i) {
        re[wide - i] = re[i];
        im[wide - i] = im[i];
      }
    }
    this.inner.transform(re, im);
    this.chirp = { re, im };
    this.work = { re: new Float64Array(wide), im: new Float64Array(wide) };
  }

  /** @param {Float64Array} re @param {Float64Array} im */
  transform(re, im) {
    if (this.direct) this.radix2(re, im);
    else this.bluestein(re, im);
  }

  /** @param {Float64Array} re @param {Float64Array} im */
  radix2(re, im) {
    const { size, cosines, sines } = this;
    const reversed = /** @type {Uint32Array} */ (this.reversed);
    for (let i = 0; i < size; i++) {
      const j = reversed[i];
      if (j > i) {
        const r = re[i];
        const m = im[i];
        re[i] = re[j];
        im[i] = im[j];
        re[j] = r;
        im[j] = m;
      }
    }
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let k = 0, turn = 0; k < half; k++, turn += step) {
        const c = cosines[turn];
        const s = sines[turn];
        for (let i = k; i < size; i += 2 * half) {
          const j = i + half;
          const r = re[j] * c - im[j] * s;
          const m = re[j] * s + im[j] * c;
          re[j] = re[i] - r;
          im[j] = im[i] - m;
          re[i] += r;
          im[i] += m;
        }
      }
    }
  }

  /** @param {Float64Array} re @param {Float64Array} im */
  bluestein(re, im) {
    const { size, cosines, sines } = this;
    const inner = /** @type {Fft} */ (this.inner);
    const chirp = /** @type {{re: Float64Array, im: Float64Array}} */ (this.chirp);
    const work = /** @type {{re: Float64Array, im: Float64Array}} */ (this.work);
    work.re.fill(0);
    work.im.fill(0);
    for (let i = 0; i < size; i++) {
      work.re[i] = re[i] * cosines[i] - im[i] * sines[i];
      work.im[i] = re[i] * sines[i] + im[i] * cosines[i];
    }
    inner.transform(work.re, work.im);
    for (let i = 0; i < inner.size; i++) {
      const r = work.re[i] * chirp.re[i] - work.im[i] * chirp.im[i];
      // conjugated, so that the same transform is the inverse
      work.im[i] = -(work.re[i] * chirp.im[i] + work.im[i] * chirp.re[i]);
      work.re[i] = r;
    }
    inner.transform(work.re, work.im);
    for (let i = 0; i < size; i++) {
      const r = work.re[i] / inner.size;
      const m = -work.im[i] / inner.size;
      re[i] = r * cosines[i] - m * sines[i];
      im[i] = r * sines[i] + m * cosines[i];
    }
  }
}

/** @param {number} size */
function reversedBits(size) {
  const reversed = new Uint32Array(size);
  for (let i = 1; i < size; i++) reversed[i] = (reversed[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
  return reversed;
}

/** The transform of a size, made once. @param {number} size @returns {Fft} */
export function fftOf(size) {
  let fft = MADE_FFTS.get(size);
  if (!fft) {
    fft = new Fft(size);
    MADE_FFTS.set(size, fft);
  }
  return fft;
}
