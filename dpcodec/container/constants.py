"""Every number of the container: magic, versions, packet types, tables, limits. There is nothing to tune
here.

Sizes end in _BYTES, counts of things in the plural. All integers in a file are little-endian and unsigned.
"""

from __future__ import annotations

MAGIC = b"\x89DPC\r\n\x1a\n"
"""High bit, name, CR LF, DOS end of file, LF: a transfer in text mode or through 7 bits shows at once."""
SYNC = b"\xf2dp\xb1"
"""Starts every packet."""
MAGIC_BYTES = 8
VERSION_MAJOR = 1
VERSION_MINOR = 4
"""Of perceptual files and custom masks; those with the extension alone say EXTENDED_MINOR, others 0."""
EXTENDED_MINOR = 1
REVISED_MINOR, FRAME_PARTS_MINOR = 3, 4
"""Of perceptual files as a 1.3 wrote them, and as they are written now; those that a 1.2 wrote say 2."""

HEAD_BYTES = 22
"""sync 4, type 2, flags 2, segment 4, part 1, parts 1, length 4, checksum of these 18 bytes 4."""
CHECKSUM_BYTES = 4
OVERHEAD_BYTES = HEAD_BYTES + CHECKSUM_BYTES
DIGEST_BYTES = 16

# Packet types: bit 15 ancillary, bit 14 safe to copy, bit 13 reserved.
TYPE_ANCILLARY = 0x8000
TYPE_SAFE_TO_COPY = 0x4000
TYPE_RESERVED = 0x2000
TYPE_HEAD = 0x0001
TYPE_DATA = 0x0002
TYPE_END = 0x0003
TYPE_TAGS = TYPE_ANCILLARY | TYPE_SAFE_TO_COPY | 0x0004
TYPE_INDEX = TYPE_ANCILLARY | 0x0005
TYPE_ATTACHMENT = TYPE_ANCILLARY | TYPE_SAFE_TO_COPY | 0x0006
TYPE_PARITY = TYPE_ANCILLARY | 0x0007
METADATA_TYPES = (TYPE_TAGS, TYPE_ATTACHMENT)
KNOWN_TYPES = {TYPE_HEAD, TYPE_DATA, TYPE_END, TYPE_TAGS, TYPE_INDEX, TYPE_ATTACHMENT, TYPE_PARITY}

FLAG_COMPRESSED = 0x0001
"""The body is one zstandard frame that states its content size."""
KNOWN_FLAGS = FLAG_COMPRESSED

# Header
HEADER_EXACT = 0x01
HEADER_REPAIRED = 0x02
HEADER_EXTENDED = 0x08
"""Transform and largest block split follow the columns; a reader that does not know them must refuse the
file."""
HEADER_PERCEPTUAL = 0x10
"""Steps follow scale factors, and paired channels may be rotated: the perceptual mask."""
HEADER_REVISED = 0x20
"""Perceptual bodies are those of version 1.3."""
HEADER_FRAME_PARTS = 0x40
"""Parts hold some of the frames each, not some of the rows: perceptual bodies of version 1.4."""
HEADER_CUSTOM = 0x80
"""The custom mask: stored cell by cell in every part."""
HEADER_KNOWN_FLAGS = 0xFF ^ 0x04
"""All but bit 2."""
SAMPLES_UNKNOWN = 2**64 - 1
WINDOW_IDS = {"hann": 0, "sine": 1, "kbd": 2}
CONTAINER_IDS = {
    "wav": 0,
    "rf64": 1,
    "w64": 2,
    "flac": 3,
    "aiff": 4,
    "ogg": 5,
    "raw": 6,
    "au": 7,
    "caf": 8,
    "mp3": 9,
    "mp4": 10,
    "matroska": 11,
    "asf": 12,
    "avi": 13,
    "flv": 14,
    "aac": 15,
}
SUBTYPE_IDS = {
    "PCM_16": 0,
    "PCM_U8": 1,
    "PCM_S8": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "FLOAT": 5,
    "DOUBLE": 6,
    "ULAW": 7,
    "ALAW": 8,
    "VORBIS": 9,
    "OPUS": 10,
    "MPEG_LAYER_III": 11,
    "AAC": 12,
}

# Limits, checked before anything is allocated
MAX_HEADER_BYTES = 64 << 10
MAX_END_BYTES = MAX_HEADER_BYTES + DIGEST_BYTES + 4
MAX_TAGS_BYTES = 1 << 20
MAX_BODY_BYTES = 16 << 20
MAX_TAGS = 1024
MAX_ATTACHMENTS_BYTES = 15 << 20
"""Contents of all attachments together: with the tags, what `repair` of any version copies."""
MAX_ATTACHMENTS = 1024
MAX_KIND_BYTES = 64
MAX_SAMPLES = 2**48 - 1
MAX_RATE_HZ = 2**20 - 1
MAX_N_FFT = 2**16
MAX_BLOCK_SPLIT = 7
MIN_N_FFT = 2**6
MAX_PARTS = 16
MAX_SEGMENT_FRAMES = 2**20
MAX_SEGMENTS = 2**32 - 1
MAX_PACKETS = 2**24
MAX_FRAME_INDEX = 2**47
MAX_REDUNDANCY = 64
"""Of an STFT, n_fft / hop."""
MAX_EXTRA_BYTES = 16 << 20
"""Unknown ancillary packets that `repair` holds in memory to copy them."""
MAX_DAMAGE_ENTRIES = 4096
NEAR_SEGMENTS = 16
"""A packet on a pipe that leaves segments out counts once one at most this much later follows."""
MOST_AHEAD = 64
"""So many of these are kept back."""
HELD_BACK_BYTES = 16 << 20
"""Packets of a pipe that wait for the end of the file to say that they belong to it."""
HEADER_SEARCH_BYTES = 16 << 20
"""How far into a pipe a lost header is looked for; what is read is held in memory."""
SEARCH_CHUNK_BYTES = 64 << 10
WASTE_FACTOR = 4
WASTE_BYTES = 64 << 20
"""Bodies read in vain may not pass this and so many times the file: heads inside heads can take for ever."""

# A file cut short claims more than it holds; it is believed up to here (see `intake.py`).
PLAUSIBLE_SEGMENTS, PLAUSIBLE_BYTES = 2**10, 8
"""So many segments of any file, and one more for each so many bytes."""
FREE_COEFFICIENTS = 2**20
"""What a file of any size may hold, beside those that its bytes may."""
BODY_BYTES_A_CELL = 9
"""Most bytes that exact coefficients take: two float32, and their share of the stored mask."""
BODY_FREE_BYTES = 4096

# How often the writer repeats the header
COPY_SEGMENTS = 16
COPY_MIN_BYTES = 64 << 10
COPY_MAX_BYTES = 4 << 20
INDEX_SEGMENTS = 16
"""Files with more segments than this get an index."""

# Parity: what a group may be, and what the writer makes
MAX_PARITY_GROUPS = 32
"""Of a block."""
MAX_GROUP_BYTES = 16 << 20
"""Members of a group times the length of the longest."""
MAX_MEMBER_BYTES = 8 << 20
"""Longer packets get no parity."""
START_MEMBER_BYTES = 4096
"""Tags and attachments up to this length get their parity together with the header."""
SHORT_MEMBER_BYTES = 16 << 10
"""Groups of packets up to this length have a parity to spare."""
PARITY_BLOCK_PACKETS = 320
"""Of a file whose length is not known; else a block may have as many groups as the format allows."""
PARITY_BLOCK_BYTES = 24 << 20
MAX_MENDED_FACTOR = 4
"""A file mended by parity is at most this many times as long as what came of it, and 1 MiB."""
MENDED_FREE_BYTES = 1 << 20
PARITY_WAIT_PACKETS = 8192
PARITY_WAIT_BYTES = 64 << 20
"""How much of a pipe is held for parity that may still come."""
UNPROTECTED_BYTES = 1 << 20
"""The same as long as nothing tells that there is parity."""
