"""Ogg Opus pages and packets (RFC 3533, RFC 7845), as far as losing packets on purpose needs them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dpcodec.errors import FormatError

_PAGE = struct.Struct("<4sBBqIIIB")
_CHECKSUM = slice(22, 26)
_CONTINUED = 0x01
_HEADER_PACKETS = 2
"""OpusHead and OpusTags stand before the audio (RFC 7845, section 3)."""
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """A page: its flags, granule position, serial and sequence number, and whole packets."""

    flags: int
    granule: int
    serial: int
    sequence: int
    packets: tuple[bytes, ...]


def without_frames(data: bytes, lost: Collection[int]) -> bytes:
    """An Ogg Opus file whose audio packets of these indices have lost their frames.

    What stays of a lost packet is its first byte, the table of contents, which tells its length in time: a
    packet with a frame of length 0 is what RFC 6716, section 3.2.1, gives for one that did not arrive, and
    decoders conceal it. Taking the packet out of its page would only make the file shorter. Raises
    `FormatError` as `pages` does, and for a packet of several frames, which opusenc makes only if asked.
    """
    out, index = [], -_HEADER_PACKETS
    for page in pages(data):
        packets = []
        for packet in page.packets:
            packets.append(_contents_byte(packet) if index in lost else packet)
            index += 1
        out.append(pack_page(replace(page, packets=tuple(packets))))
    return b"".join(out)


def audio_packets(data: bytes) -> int:
    """How many audio packets an Ogg Opus file has. Raises `FormatError` as `pages` does."""
    return max(0, sum(len(page.packets) for page in pages(data)) - _HEADER_PACKETS)


def packet_lengths(data: bytes) -> list[int]:
    """Bytes of each audio packet of an Ogg Opus file. Raises `FormatError` as `pages` does."""
    return [len(packet) for page in pages(data) for packet in page.packets][_HEADER_PACKETS:]


def pages(data: bytes) -> Iterator[Page]:
    """The pages of an Ogg file.

    Raises `FormatError` for what is no page, is damaged, or has a packet that goes on in the next page
    (of one channel opusenc made none, up to 510 kbit/s).
    """
    at = 0
    while at < len(data):
        head = data[at : at + _PAGE.size]
        if len(head) < _PAGE.size or head[:4] != b"OggS":
            raise FormatError(f"byte {at} is not the start of an Ogg page: give a file of opusenc")
        _, _, flags, granule, serial, sequence, checksum, segments = _PAGE.unpack(head)
        lacing = data[at + _PAGE.size : at + _PAGE.size + segments]
        stop = at + _PAGE.size + segments + sum(lacing)
        page = bytearray(data[at:stop])
        page[_CHECKSUM] = bytes(4)
        if len(page) < stop - at or page_checksum(bytes(page)) != checksum:
            raise FormatError(f"the Ogg page at byte {at} is damaged: make the file again")
        if flags & _CONTINUED or lacing[-1:] == b"\xff":
            raise FormatError(f"a packet goes on beyond the Ogg page at byte {at}: lower the bit rate")
        yield Page(flags, granule, serial, sequence, _packets(lacing, bytes(page[_PAGE.size + segments :])))
        at = stop


def pack_page(page: Page) -> bytes:
    """A page's bytes, with its checksum. The packets must fit: at most 255 lacing values."""
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in page.packets)
    head = _PAGE.pack(b"OggS", 0, page.flags, page.granule, page.serial, page.sequence, 0, len(lacing))
    out = bytearray(b"".join((head, lacing, *page.packets)))
    out[_CHECKSUM] = struct.pack("<I", page_checksum(bytes(out)))
    return bytes(out)


def page_checksum(page: bytes) -> int:
    """Ogg's CRC of a page whose checksum field is zero: polynomial 0x04c11db7, no reflection, start 0.

    zlib's has the same polynomial on mirrored bits, and inverts before and after.
    """
    mirrored = zlib.crc32(page.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")


def _contents_byte(packet: bytes) -> bytes:
    if packet[:1] and packet[0] & 0x03:
        raise FormatError("an Opus packet holds several frames: use opusenc's frame size, 20 ms")
    return packet[:1]


def _packets(lacing: bytes, body: bytes) -> tuple[bytes, ...]:
    packets, start, length = [], 0, 0
    for value in lacing:
        length += value
        if value < 255:
            packets.append(body[start : start + length])
            start, length = start + length, 0
    return tuple(packets)
