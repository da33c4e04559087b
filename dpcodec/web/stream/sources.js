/** Where the bytes of a file come from: `read(offset, length)`, fewer only at the end, and `size`. */

/** @typedef {{size: number, read: (offset: number, length: number) => Promise<Uint8Array>}} Source */

/** Bytes that are all there. @param {Uint8Array} bytes @returns {Source} */
export function bytesSource(bytes) {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A file that the user picked. @param {Blob} blob @returns {Source} */
export function blobSource(blob) {
  const read = async (/** @type {number} */ offset, /** @type {number} */ length) =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  return { size: blob.size, read };
}

/** A file behind an address, read by ranges where the server gives them. */
class HttpSource {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    this.size = Infinity;
    /** @type {Uint8Array | null} of a server that gives no ranges: everything */
    this.all = null;
  }

  /** @param {number} offset @param {number} length */
  async read(offset, length) {
    if (this.all) return this.all.subarray(offset, offset + length);
    const last = Math.min(offset + length, this.size) - 1;
    if (last < offset) return new Uint8Array(0);
    const answer = await fetch(this.url, { headers: { Range: `bytes=${offset}-${last}` } });
    if (answer.status === 416) return new Uint8Array(0);
    if (!answer.ok) throw new Error(`${this.url}: the server says ${answer.status} ${answer.statusText}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 206) {
      this.size = Number(/\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "")?.[1] ?? this.size);
      return bytes;
    }
    this.all = bytes;
    this.size = bytes.length;
    return bytes.subarray(offset, offset + length);
  }
}

/** The source of an address. @param {string} url @returns {Source} */
export function httpSource(url) {
  return new HttpSource(url);
}
