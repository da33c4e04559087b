/** What the page takes of the decoder of `.dpc` files. */

export { setTables } from "../../../../web/coding/tables.js";
export { knownMask } from "../../../../web/coding/masks.js";
export { Reader } from "../../../../web/container/reader.js";
export { decode } from "../../../../web/decoder.js";
export { fftOf } from "../../../../web/transform/fft.js";
export { StftSynthesis, stftWindow } from "../../../../web/transform/stft.js";
