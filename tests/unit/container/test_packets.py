"""Packets: golden bytes, checksums against a bitwise CRC-32, compression that cannot explode."""

import struct
import zlib

import pytest
import zstandard

from dpcodec.container import constants as c
from dpcodec.container.packets import (
    Head,
    check_known,
    check_length,
    compress,
    decompress,
    pack_packet,
    parse_head,
    read_body,
)
from dpcodec.errors import FormatError, LimitError, VersionError


def slow_crc32(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def forged_head(
    kind: int = c.TYPE_DATA, flags: int = 0, segment: int = 0, part: int = 0, parts: int = 1, length: int = 0
) -> bytes:
    head = struct.pack("<4sHHIBBI", c.SYNC, kind, flags, segment, part, parts, length)
    return head + struct.pack("<I", slow_crc32(head))


def head_of(data: bytes) -> Head:
    """The head at the start of these bytes, which is there."""
    head = parse_head(data)
    assert head
    return head


def compressed(body: bytes) -> bytes:
    """The frame of a body that it makes shorter."""
    frame = compress(body)
    assert frame
    return frame


def test_layout_byte_by_byte() -> None:
    packet = pack_packet(c.TYPE_DATA, b"body", segment=0x01020304, part=5, parts=8, flags=1)
    head = b"\xf2dp\xb1" + bytes.fromhex("0200 0100 04030201 05 08 04000000")
    assert packet[:18] == head
    assert packet[18:22] == struct.pack("<I", slow_crc32(head))
    assert packet[22:26] == b"body"
    assert packet[26:] == struct.pack("<I", slow_crc32(head + b"body"))
    assert len(packet) == c.OVERHEAD_BYTES + 4 == 30


def test_a_body_under_another_head_is_found() -> None:
    first, second = (pack_packet(c.TYPE_DATA, bytes([part]) * 9, part=part, parts=2) for part in (0, 1))
    head = head_of(first)
    assert read_body(head, first[22:]) == (b"\0" * 9, "")
    assert read_body(head, second[22:]) == (None, "wrong checksum")
    assert read_body(head, first[22:-1]) == (None, "cut short")


def test_every_single_bit_of_a_head_is_covered() -> None:
    packet = pack_packet(c.TYPE_DATA, b"xyz", segment=3, part=1, parts=2)
    assert head_of(packet).segment == 3
    for bit in range(22 * 8):
        data = bytearray(packet)
        data[bit // 8] ^= 1 << bit % 8
        assert parse_head(data) is None
    assert parse_head(packet[:21]) is None
    assert parse_head(b"ab" + packet, 2) == parse_head(packet)


@pytest.mark.parametrize("kind,limit", [(c.TYPE_HEAD, 1 << 16), (c.TYPE_DATA, 1 << 24), (0xC0DE, 1 << 24)])
def test_lengths(kind: int, limit: int) -> None:
    check_length(head_of(forged_head(kind, length=limit)))
    for length in (limit + 1, 2**32 - 1):
        with pytest.raises(LimitError, match="limit"):
            check_length(head_of(forged_head(kind, length=length)))


def test_too_large_a_body_is_not_written() -> None:
    with pytest.raises(LimitError, match="more parts"):
        pack_packet(c.TYPE_DATA, bytes(c.MAX_BODY_BYTES + 1))


@pytest.mark.parametrize("kind,flags", [(0x0009, 0), (0x2001, 0), (0xA004, 0), (0xE0FF, 0), (c.TYPE_DATA, 2)])
def test_what_must_not_be_ignored(kind: int, flags: int) -> None:
    with pytest.raises(VersionError, match="upgrade"):
        check_known(head_of(forged_head(kind, flags)))


@pytest.mark.parametrize("kind", [0x8009, 0xC009, *sorted(c.KNOWN_TYPES)])
def test_what_may_pass(kind: int) -> None:
    check_known(head_of(forged_head(kind)))


def test_compression_round_trip_and_only_where_shorter() -> None:
    assert decompress(compressed(bytes(5000)), 5000) == bytes(5000)
    assert compress(b"abc") is None
    assert compress(b"") is None


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 20))
    with pytest.raises(LimitError, match="1048576"):
        decompress(bomb, (1 << 20) - 1)


@pytest.mark.parametrize("data", [b"", b"junk", b"\x28\xb5\x2f\xfd", compressed(bytes(500))[:-2]])
def test_broken_frames(data: bytes) -> None:
    with pytest.raises(FormatError, match="invalid field"):
        decompress(data, 1 << 20)


def test_frames_must_state_their_size_and_stand_alone() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(500))
    with pytest.raises(FormatError, match="size"):
        decompress(silent, 1 << 20)
    with pytest.raises(FormatError):
        decompress(compressed(bytes(500)) + b"more", 1 << 20)
    assert decompress(zstandard.ZstdCompressor().compress(b""), 10) == b""


def test_checksum_is_that_of_the_standard_library() -> None:
    assert slow_crc32(b"123456789") == zlib.crc32(b"123456789") == 0xCBF43926
