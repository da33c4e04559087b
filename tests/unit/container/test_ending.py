"""Variable-length integers, index, END packet and end hash."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpcodec.container.header import pack_header
from dpcodec.container.packets import (
    End,
    add_digests,
    pack_end,
    pack_index,
    packet_digest,
    unpack_end,
    unpack_index,
)
from dpcodec.errors import FormatError, LimitError
from dpcodec.varint import read_varint, write_varint

from .small_files import HEADER, build


@pytest.mark.parametrize(
    "value,coded", [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**63 - 1, "ff" * 8 + "7f")]
)
def test_varint_bytes(value: int, coded: str) -> None:
    assert write_varint(value).hex() == coded
    assert read_varint(b"x" + bytes.fromhex(coded), 1) == (value, 1 + len(coded) // 2)


@pytest.mark.parametrize("coded", ["", "80", "8000", "ff" * 9, "ff" * 9 + "01"])
def test_bad_varints(coded: str) -> None:
    with pytest.raises(FormatError, match="invalid field"):
        read_varint(bytes.fromhex(coded), 0)


@given(st.lists(st.integers(0, 2**40), max_size=50).map(sorted))
def test_index_round_trip(offsets: list[int]) -> None:
    assert unpack_index(pack_index(offsets)) == offsets


@given(st.binary(max_size=40))
def test_index_of_any_bytes(body: bytes) -> None:
    try:
        offsets = unpack_index(body)
    except FormatError:
        return
    assert offsets == sorted(offsets)
    assert len(offsets) <= len(body)


def test_end_round_trip() -> None:
    end = End(2**128 - 5, 3, HEADER)
    body = pack_end(end)
    assert body[:16] == (2**128 - 5).to_bytes(16, "little")
    assert body[16:20] == b"\x03\0\0\0"
    assert body[20:] == pack_header(HEADER)
    assert unpack_end(body) == end


@given(st.binary(max_size=90))
def test_end_of_any_bytes(body: bytes) -> None:
    try:
        unpack_end(body)
    except (FormatError, LimitError):
        return


def test_segments_must_fit_the_samples() -> None:
    body = pack_end(End(0, 3, unpack_end(pack_end(End(0, 2, HEADER))).header))
    assert unpack_end(body).segments == 3
    known = build(450)[-70:-4]
    assert unpack_end(known).segments == 2
    with pytest.raises(FormatError, match="segments"):
        unpack_end(known[:16] + b"\x05" + known[17:])


def test_digest_is_blake2b_of_place_and_body() -> None:
    expected = hashlib.blake2b(b"\x04\0\0\0\x01\x08\x01\0body", digest_size=16).digest()
    assert packet_digest(4, 1, 8, 1, b"body") == int.from_bytes(expected, "little")


def test_every_part_of_the_place_counts() -> None:
    places = itertools.product((0, 1, 256), (0, 1), (1, 2), (0, 1))
    assert (
        len({packet_digest(segment, part, parts, flags, b"") for segment, part, parts, flags in places}) == 24
    )


def test_sum_does_not_depend_on_order() -> None:
    digests = [packet_digest(i, 0, 1, 0, b"") for i in range(9)]
    sums = set()
    for order in (digests, digests[::-1], sorted(digests)):
        total = 0
        for digest in order:
            total = add_digests(total, digest)
        sums.add(total)
    assert sums == {sum(digests) % 2**128}
