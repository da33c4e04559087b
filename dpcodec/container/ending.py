"""What closes a file: the END packet with the end hash, and the index before it.

The end hash is the sum modulo 2^128 of one BLAKE2b-128 digest for each DATA packet. A sum, so that it does
not depend on the order in which packets stand or arrive; the digest covers where the packet belongs, so that
two packets cannot change places.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from dpcodec.container import constants as c
from dpcodec.container.header import Header, pack_header, unpack_header
from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

_PLACE = struct.Struct("<IBBH")
_SEGMENTS = struct.Struct("<I")
_FIXED_BYTES = c.DIGEST_BYTES + _SEGMENTS.size


@dataclass(frozen=True)
class End:
    """Body of an END packet: end hash, number of segments S, and the header with the true number of
    samples."""

    digest: int
    segments: int
    header: Header


def packet_digest(segment: int, part: int, parts: int, flags: int, body: bytes) -> int:
    """Digest of one DATA packet, its body as stored: BLAKE2b-128 of (segment u32, part u8, parts u8, flags
    u16, body), as a little-endian integer."""
    hasher = hashlib.blake2b(_PLACE.pack(segment, part, parts, flags), digest_size=c.DIGEST_BYTES)
    hasher.update(body)
    return int.from_bytes(hasher.digest(), "little")


def add_digests(total: int, digest: int) -> int:
    """Sum of digests, modulo 2^128."""
    return (total + digest) % (1 << 8 * c.DIGEST_BYTES)


def pack_end(end: End) -> bytes:
    """The body of an END packet: hash 16 bytes, segments u32, header body."""
    return (
        end.digest.to_bytes(c.DIGEST_BYTES, "little") + _SEGMENTS.pack(end.segments) + pack_header(end.header)
    )


def unpack_end(body: bytes) -> End:
    """The END body's fields. Raises what `unpack_header` raises, and `FormatError` if the segments do not
    fit the samples."""
    if len(body) < _FIXED_BYTES:
        raise FormatError(f"invalid field end length {len(body)}: at least {_FIXED_BYTES} bytes are needed")
    digest = int.from_bytes(body[: c.DIGEST_BYTES], "little")
    (segments,) = _SEGMENTS.unpack_from(body, c.DIGEST_BYTES)
    header = unpack_header(body[_FIXED_BYTES:])
    if header.segments is not None and header.segments != segments:
        raise FormatError(
            f"invalid field segments {segments}: {header.samples} samples make {header.segments}"
        )
    return End(digest, segments, header)


def pack_index(offsets: list[int]) -> bytes:
    """The body of an INDEX packet from the offset of each segment's first packet, counted from the magic.

    The number of segments, then each offset less the one before, all of variable length.
    """
    out = bytearray(write_varint(len(offsets)))
    previous = 0
    for offset in offsets:
        out += write_varint(offset - previous)
        previous = offset
    return bytes(out)


def unpack_index(body: bytes) -> list[int]:
    """The offsets in an INDEX body. Raises `FormatError` if it is malformed."""
    count, position = read_varint(body, 0)
    if count > len(body) - position:
        raise FormatError(f"invalid field index: {count} segments do not fit")
    offsets: list[int] = []
    previous = 0
    for _ in range(count):
        distance, position = read_varint(body, position)
        previous += distance
        offsets.append(previous)
    return offsets
