/** BLAKE2b with 16 bytes and no key (RFC 7693). Words of 64 bits are pairs of 32, the lower one first. */

const BLOCK_BYTES = 128;
const DIGEST_LENGTH = 16;
const INITIAL = Uint32Array.of(
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
  0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
);
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const MIXED = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

/** A hash that is fed piece by piece. */
export class Blake2b {
  constructor() {
    this.state = INITIAL.slice();
    this.state[0] ^= 0x01010000 ^ DIGEST_LENGTH;
    this.block = new Uint8Array(BLOCK_BYTES);
    this.used = 0;
    this.count = 0;
    this.work = new Uint32Array(32);
    this.words = new Uint32Array(32);
  }

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let at = 0;
    while (at < bytes.length) {
      if (this.used === BLOCK_BYTES) {
        this.count += BLOCK_BYTES;
        this.compress(false);
        this.used = 0;
      }
      const length = Math.min(BLOCK_BYTES - this.used, bytes.length - at);
      this.block.set(bytes.subarray(at, at + length), this.used);
      this.used += length;
      at += length;
    }
    return this;
  }

  /** The 16 bytes. */
  digest() {
    this.count += this.used;
    this.block.fill(0, this.used);
    this.compress(true);
    const out = new Uint8Array(DIGEST_LENGTH);
    for (let i = 0; i < DIGEST_LENGTH; i++) out[i] = this.state[i >> 2] >>> (8 * (i & 3));
    return out;
  }

  /** @param {boolean} last */
  compress(last) {
    const { state, work: v, words: m, block } = this;
    for (let i = 0; i < 32; i++) {
      m[i] = block[4 * i] | (block[4 * i + 1] << 8) | (block[4 * i + 2] << 16) | (block[4 * i + 3] << 24);
    }
    v.set(state);
    v.set(INITIAL, 16);
    v[24] ^= this.count >>> 0;
    v[25] ^= Math.floor(this.count / 2 ** 32);
    if (last) {
      v[28] = ~v[28];
      v[29] = ~v[29];
    }
    for (let round = 0; round < 12; round++) {
      const order = SIGMA[round % 10];
      for (let i = 0; i < 8; i++) {
        const [a, b, c, d] = MIXED[i];
        mixBlake(v, m, 2 * a, 2 * b, 2 * c, 2 * d, 2 * order[2 * i], 2 * order[2 * i + 1]);
      }
    }
    for (let i = 0; i < 16; i++) state[i] ^= v[i] ^ v[i + 16];
  }
}

/**
 * The mixing function G of RFC 7693, section 3.1.
 * @param {Uint32Array} v @param {Uint32Array} m
 * @param {number} a @param {number} b @param {number} c @param {number} d @param {number} x @param {number} y
 */
function mixBlake(v, m, a, b, c, d, x, y) {
  addBlake(v, a, v[b], v[b + 1]);
  addBlake(v, a, m[x], m[x + 1]);
  let low = v[d] ^ v[a];
  v[d] = v[d + 1] ^ v[a + 1];
  v[d + 1] = low;
  addBlake(v, c, v[d], v[d + 1]);
  low = v[b] ^ v[c];
  let high = v[b + 1] ^ v[c + 1];
  v[b] = (low >>> 24) | (high << 8);
  v[b + 1] = (high >>> 24) | (low << 8);
  addBlake(v, a, v[b], v[b + 1]);
  addBlake(v, a, m[y], m[y + 1]);
  low = v[d] ^ v[a];
  high = v[d + 1] ^ v[a + 1];
  v[d] = (low >>> 16) | (high << 16);
  v[d + 1] = (high >>> 16) | (low << 16);
  addBlake(v, c, v[d], v[d + 1]);
  low = v[b] ^ v[c];
  high = v[b + 1] ^ v[c + 1];
  v[b] = (low << 1) | (high >>> 31);
  v[b + 1] = (high << 1) | (low >>> 31);
}

/** @param {Uint32Array} v @param {number} at @param {number} low @param {number} high */
function addBlake(v, at, low, high) {
  const sum = v[at] + low;
  v[at] = sum;
  v[at + 1] += high + (sum >= 2 ** 32 ? 1 : 0);
}
