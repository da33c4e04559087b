"""One packet: a head with its own checksum, a body with its own, and zstandard where a body is compressed.

    sync 4 | type 2 | flags 2 | segment 4 | part 1 | parts 1 | length 4 | head checksum 4 | body | body
    checksum 4

The head checksum is the CRC-32 of the 18 bytes before it, so a length is trusted before it is used. The body
checksum is the CRC-32 of these 18 bytes and the body together: a body that got under another head is found.

What closes a file stands here too: the END packet with the end hash, and the index before it. The end hash is
the sum modulo 2^128 of one BLAKE2b-128 digest for each DATA packet. A sum, so that it does not depend on the
order in which packets stand or arrive; the digest covers where the packet belongs, so that two packets cannot
change places.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import Any, NamedTuple

try:
    from _blake2 import blake2b  # where hashlib has it from, which would load OpenSSL too
except ImportError:
    from hashlib import blake2b

from dpcodec.container import constants as c
from dpcodec.container.header import Header, pack_header, unpack_header
from dpcodec.errors import FormatError, LimitError, VersionError
from dpcodec.varint import read_varint, write_varint

_HEAD = struct.Struct("<4sHHIBBI")
_CHECKSUM = struct.Struct("<I")
_LIMITS_BYTES = {c.TYPE_HEAD: c.MAX_HEADER_BYTES, c.TYPE_END: c.MAX_END_BYTES}
_COMPRESSION_LEVEL = 9
_PLACE = struct.Struct("<IBBH")
_SEGMENTS = struct.Struct("<I")
_FIXED_BYTES = c.DIGEST_BYTES + _SEGMENTS.size


class Head(NamedTuple):
    """The head of a packet as read; `checksum` is its own CRC-32, which the body's goes on from."""

    type: int
    flags: int
    segment: int
    part: int
    parts: int
    length: int
    checksum: int

    @property
    def packet_bytes(self) -> int:
        """Length of the whole packet."""
        return c.OVERHEAD_BYTES + self.length

    @property
    def ancillary(self) -> bool:
        """Whether a decoder may ignore the packet."""
        return bool(self.type & c.TYPE_ANCILLARY)


class Packet(NamedTuple):
    """A packet found at `offset`. `body` is as stored, None where it was not read or did not pass; `fault`
    says why it did not."""

    offset: int
    head: Head
    body: bytes | None
    fault: str = ""


def pack_packet(
    kind: int, body: bytes, *, segment: int = 0, part: int = 0, parts: int = 0, flags: int = 0
) -> bytes:
    """A packet's bytes. Raises `LimitError` if the body is over the limit of its type."""
    if len(body) > _LIMITS_BYTES.get(kind, c.MAX_BODY_BYTES):
        raise LimitError(
            f"part {part} of segment {segment} takes {len(body)} bytes, over the limit: "
            "use more parts or shorter segments"
        )
    head = _HEAD.pack(c.SYNC, kind, flags, segment, part, parts, len(body))
    checksum = zlib.crc32(head)
    return b"".join((head, _CHECKSUM.pack(checksum), body, _CHECKSUM.pack(zlib.crc32(body, checksum))))


def metadata_packet(kind: int, body: bytes) -> bytes:
    """A packet of tags or of an attachment, compressed where that makes it shorter."""
    smaller = compress(body)
    return pack_packet(kind, smaller or body, flags=0 if smaller is None else c.FLAG_COMPRESSED)


def parse_head(data: bytes | bytearray, position: int = 0) -> Head | None:
    """The head at `position`, or None if no whole head with a good checksum stands there."""
    stop = position + c.HEAD_BYTES
    if len(data) < stop or data[position : position + 4] != c.SYNC:
        return None
    _, kind, flags, segment, part, parts, length = _HEAD.unpack_from(data, position)
    (checksum,) = _CHECKSUM.unpack_from(data, stop - 4)
    if zlib.crc32(data[position : stop - 4]) != checksum:
        return None
    return Head(kind, flags, segment, part, parts, length, checksum)


def packet_type(packet: bytes) -> int:
    """The type of a whole packet, given as its bytes."""
    return int.from_bytes(packet[4:6], "little")


def check_length(head: Head) -> None:
    """Raise `LimitError` if the head, whose checksum is good, announces more than its type may have."""
    limit = _LIMITS_BYTES.get(head.type, c.MAX_BODY_BYTES)
    if head.length > limit:
        raise LimitError(f"the file claims a packet of {head.length} bytes, over the limit of {limit}")


def check_known(head: Head) -> None:
    """Raise `VersionError` for a packet, intact, that this version must not ignore and does not know."""
    if head.type & c.TYPE_RESERVED:
        raise VersionError(f"packet type {head.type:#06x} has the reserved bit set: upgrade dpcodec")
    if head.type not in c.KNOWN_TYPES:
        if not head.ancillary:
            raise VersionError(
                f"packet type {head.type:#06x} is needed to decode and not known here: upgrade dpcodec"
            )
        return
    if head.flags & ~c.KNOWN_FLAGS:
        raise VersionError(f"a packet has unknown flags {head.flags:#06x}: upgrade dpcodec")


def read_body(head: Head, tail: bytes) -> tuple[bytes | None, str]:
    """What follows a head, body and checksum, `head.length + 4` bytes -> the body, or None and the fault."""
    if len(tail) < head.length + c.CHECKSUM_BYTES:
        return None, "cut short"
    body = tail[: head.length]
    if zlib.crc32(body, head.checksum) != _CHECKSUM.unpack_from(tail, head.length)[0]:
        return None, "wrong checksum"
    return body, ""


def compress(body: bytes) -> bytes | None:
    """The body as a zstandard frame, or None where that is no shorter."""
    packed: bytes = _compressor().compress(body)
    return packed if len(packed) < len(body) else None


def decompress(body: bytes, limit_bytes: int) -> bytes:
    """Undo `compress`.

    The content size that the frame states is checked before anything is allocated: `LimitError` over the
    limit, `FormatError` where it is missing or wrong or the frame is broken.
    """
    import zstandard

    size = check_content_size(body, limit_bytes)
    if size is None:
        raise FormatError("invalid field: a compressed body does not state its size")
    try:
        if size == 0:
            return b""
        content: bytes = zstandard.ZstdDecompressor().decompress(
            body, max_output_size=size, allow_extra_data=False
        )
    except zstandard.ZstdError as exc:
        raise FormatError(f"invalid field: a body cannot be decompressed ({exc})") from exc
    return content


def check_content_size(body: bytes, limit_bytes: int) -> int | None:
    """The size that a zstandard frame states, None where it states none or is none. Raises `LimitError`."""
    import zstandard  # lazy: most files have nothing compressed

    try:
        size: int = zstandard.frame_content_size(body)
    except zstandard.ZstdError:
        return None
    if size > limit_bytes:
        raise LimitError(f"the file claims a body of {size} bytes, over the limit of {limit_bytes}")
    return None if size < 0 else size


@cache
def _compressor() -> Any:
    import zstandard

    return zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL, write_content_size=True, write_checksum=False)


class End(NamedTuple):
    """Body of an END packet: end hash, number of segments S, and the header with the true number of
    samples."""

    digest: int
    segments: int
    header: Header


def packet_digest(segment: int, part: int, parts: int, flags: int, body: bytes) -> int:
    """Digest of one DATA packet, its body as stored: BLAKE2b-128 of (segment u32, part u8, parts u8, flags
    u16, body), as a little-endian integer."""
    hasher = blake2b(_PLACE.pack(segment, part, parts, flags), digest_size=c.DIGEST_BYTES)
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
