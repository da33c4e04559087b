// Spectrograms: 0 Hz at the bottom, half the sample rate at the top, 80 dB from the loudest of the original down.

const WINDOW_S = 0.05;
const [COLUMNS, ROWS] = [480, 128];
const RANGE_DB = 80;
// Matplotlib's colour map "magma" (released as CC0) at six places.
const COLOURS = [[0, 0, 4], [59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 253, 191]];

/** Levels in dB, [COLUMNS][ROWS], low frequencies first; the loudest bin stands for a row. */
function levelsOf(samples, rate) {
  const size = Math.max(2 * ROWS, 2 ** Math.round(Math.log2(WINDOW_S * rate)));
  const hann = Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  const columns = [];
  const cut = (column, into) => {
    const start = Math.round(((column + 0.5) * samples.length) / COLUMNS) - size / 2;
    for (let n = 0; n < size; n++) into[n] = hann[n] * (samples[start + n] ?? 0);
  };
  for (let column = 0; column < COLUMNS; column += 2) {
    cut(column, re); // two columns in one transform, one on each axis
    cut(column + 1, im);
    dpcodec.fftOf(size).transform(re, im);
    columns.push(rowsOf(re, im, 1), rowsOf(re, im, -1));
  }
  return columns;
}

/** Of the signal on the real axis (sign 1) or on the imaginary one (-1). */
function rowsOf(re, im, sign) {
  const size = re.length;
  const width = size / (2 * ROWS);
  return Float32Array.from({ length: ROWS }, (_, row) => {
    let most = 1e-20;
    for (let k = row * width; k < (row + 1) * width; k++) {
      const other = (size - k) % size;
      most = Math.max(most, ((re[k] + sign * re[other]) ** 2 + (im[k] - sign * im[other]) ** 2) / 4);
    }
    return 10 * Math.log10(most);
  });
}

function loudestOf(levels) {
  return levels.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), -Infinity);
}

/** Draws levels, the brightest colour standing for `top` dB. */
function draw(canvas, levels, top) {
  canvas.width = COLUMNS;
  canvas.height = ROWS;
  const context = canvas.getContext("2d");
  const image = context.createImageData(COLUMNS, ROWS);
  levels.forEach((column, x) =>
    column.forEach((level, row) => {
      image.data.set([...colourOf((level - top) / RANGE_DB + 1), 255], 4 * ((ROWS - 1 - row) * COLUMNS + x));
    }),
  );
  context.putImageData(image, 0, 0);
}

/** The colour of a place from 0 to 1. */
function colourOf(place) {
  const at = Math.min(Math.max(place, 0), 1) * (COLOURS.length - 1);
  const i = Math.min(Math.floor(at), COLOURS.length - 2);
  return COLOURS[i].map((low, c) => low + (at - i) * (COLOURS[i + 1][c] - low));
}
