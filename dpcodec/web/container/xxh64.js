/** XXH64 with seed 0, the checksum of zstandard's frames. Rarely met, so plain big integers do. */

const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

/** @param {bigint} value */
function low64(value) {
  return BigInt.asUintN(64, value);
}

/** @param {bigint} value @param {bigint} by */
function turned(value, by) {
  return low64((value << by) | (value >> (64n - by)));
}

/** @param {bigint} lane @param {bigint} input */
function roundXxh(lane, input) {
  return low64(turned(low64(lane + input * PRIME_2), 31n) * PRIME_1);
}

/** The lower 32 bits of the hash. @param {Uint8Array} bytes */
export function xxh64Low(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = PRIME_5;
  if (bytes.length >= 32) {
    const lanes = [low64(PRIME_1 + PRIME_2), PRIME_2, 0n, low64(-PRIME_1)];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = roundXxh(lanes[i], view.getBigUint64(at + 8 * i, true));
    }
    hash = low64(turned(lanes[0], 1n) + turned(lanes[1], 7n) + turned(lanes[2], 12n) + turned(lanes[3], 18n));
    for (const lane of lanes) hash = low64((hash ^ roundXxh(0n, lane)) * PRIME_1 + PRIME_4);
  }
  hash = low64(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = low64(turned(hash ^ roundXxh(0n, view.getBigUint64(at, true)), 27n) * PRIME_1 + PRIME_4);
  }
  if (at + 4 <= bytes.length) {
    hash = low64(turned(hash ^ low64(BigInt(view.getUint32(at, true)) * PRIME_1), 23n) * PRIME_2 + PRIME_3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = low64(turned(hash ^ low64(BigInt(bytes[at]) * PRIME_5), 11n) * PRIME_1);
  hash = low64((hash ^ (hash >> 33n)) * PRIME_2);
  hash = low64((hash ^ (hash >> 29n)) * PRIME_3);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}
