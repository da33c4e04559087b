/** The bands in which a step, a noise level or a stereo angle holds (docs/format.md, "Bands"). */

const EDGES_HZ = [
  50, 100, 150, 200, 250, 300, 350, 400, 450, 510, 570, 630, 700, 770, 840, 920, 1000, 1080, 1170, 1270, 1370, 1480,
  1600, 1720, 1850, 2000, 2150, 2320, 2500, 2700, 2900, 3150, 3400, 3700, 4000, 4400, 4800, 5300, 5800, 6400, 7000,
  7700, 8500, 9500, 10500, 12000, 13500, 15500, 18000, 22000, 27000, 34000, 48000, 68000, 96000,
];
const FEWEST_BINS = 4;

/** First bin of each band, and at the end `bins`. @param {number} bins @param {number} sampleRate */
export function bandEdges(bins, sampleRate) {
  const edges = [0];
  for (const hz of EDGES_HZ) {
    const bin = Math.floor((2 * bins * hz) / sampleRate);
    if (edges[edges.length - 1] + FEWEST_BINS <= bin && bin <= bins - FEWEST_BINS) edges.push(bin);
  }
  return [...edges, bins];
}

/** The band of each bin. @param {number} bins @param {number} sampleRate */
export function bandOfBins(bins, sampleRate) {
  const bands = new Uint8Array(bins);
  const edges = bandEdges(bins, sampleRate);
  for (let band = 0; band + 1 < edges.length; band++) bands.fill(band, edges[band], edges[band + 1]);
  return bands;
}
