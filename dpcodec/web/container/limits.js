/** Every number of the container: magic, types, limits (docs/format.md, "Container" and "Limits"). */

export const MAGIC = Uint8Array.of(0x89, 0x44, 0x50, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
export const SYNC = Uint8Array.of(0xf2, 0x64, 0x70, 0xb1);
export const HEAD_BYTES = 22;
export const CHECKSUM_BYTES = 4;
export const OVERHEAD_BYTES = HEAD_BYTES + CHECKSUM_BYTES;

export const TYPE_ANCILLARY = 0x8000;
export const TYPE_RESERVED = 0x2000;
export const TYPE_HEAD = 0x0001;
export const TYPE_DATA = 0x0002;
export const TYPE_END = 0x0003;
export const TYPE_TAGS = 0xc004;
export const TYPE_INDEX = 0x8005;
export const TYPE_ATTACHMENT = 0xc006;
export const TYPE_PARITY = 0x8007;
export const KNOWN_TYPES = new Set([
  TYPE_HEAD, TYPE_DATA, TYPE_END, TYPE_TAGS, TYPE_INDEX, TYPE_ATTACHMENT, TYPE_PARITY,
]);
export const FLAG_COMPRESSED = 1;

export const MAX_HEADER_BYTES = 64 << 10;
export const MAX_END_BYTES = MAX_HEADER_BYTES + 20;
export const MAX_BODY_BYTES = 16 << 20;
export const MAX_TAGS_BYTES = 1 << 20;
export const MAX_TAGS = 1024;
export const MAX_ATTACHMENTS_BYTES = 15 << 20;
export const MAX_ATTACHMENTS = 1024;
export const MAX_KIND_BYTES = 64;
export const MAX_RATE_HZ = 2 ** 20 - 1;
export const MAX_SAMPLES = 2 ** 48 - 1;
export const MIN_N_FFT = 64;
export const MAX_N_FFT = 65536;
export const MAX_REDUNDANCY = 64;
export const MAX_SEGMENT_FRAMES = 2 ** 20;
export const MAX_PARTS = 16;
export const MAX_BLOCK_SPLIT = 7;
export const MAX_SEGMENTS = 2 ** 32 - 1;
export const MAX_FRAME_INDEX = 2 ** 47;
export const MAX_PACKETS = 2 ** 24;
export const MAX_PARITY_GROUPS = 32;
/** A file that parity mended is at most so many times as long as what came of it, and 1 MiB. */
export const MAX_MENDED_FACTOR = 4;
export const MENDED_FREE_BYTES = 1 << 20;
export const MAX_STRINGS = 255;
export const MAX_GROUP_BYTES = 16 << 20;

export const PLAUSIBLE_SEGMENTS = 1024;
export const PLAUSIBLE_BYTES = 8;
export const FREE_COEFFICIENTS = 2 ** 20;
export const MAX_EXPANSION = 65536;
export const BODY_BYTES_A_CELL = 9;
export const BODY_FREE_BYTES = 4096;
/** Bodies read in vain may not pass this, and WASTE_FACTOR times the file. */
export const WASTE_BYTES = 64 << 20;
export const WASTE_FACTOR = 4;
