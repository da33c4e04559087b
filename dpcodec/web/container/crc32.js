/** CRC-32 of zlib, PNG and gzip. */

const CRC_POLYNOMIAL = 0xedb88320;
const CRC_TABLE = makeCrcTable();

function makeCrcTable() {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ CRC_POLYNOMIAL : c >>> 1;
    table[n] = c;
  }
  return table;
}

/**
 * The checksum of bytes start .. stop - 1, going on from one before.
 * @param {Uint8Array} bytes @param {number} [start] @param {number} [stop] @param {number} [before]
 */
export function crc32(bytes, start = 0, stop = bytes.length, before = 0) {
  let c = ~before;
  for (let i = start; i < stop; i++) c = CRC_TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}
