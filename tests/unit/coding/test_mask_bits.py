"""Runs against a slow obvious writer of the same code, and against broken bytes."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from dpcodec.coding.mask_bits import pack_mask, unpack_mask
from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint


def slow_pack(mask: np.ndarray) -> bytes:
    flat = [bool(v) for v in mask.ravel()]
    runs = [len(list(group)) for _, group in groupby(flat)]
    runs = ([0] if flat[0] else []) + runs
    runs[0] += 1
    unary = "".join("1" * (n.bit_length() - 1) + "0" for n in runs)
    low = "".join(bin(n)[3:] for n in runs)
    bits = unary + low
    bits += "0" * (-len(bits) % 8)
    return write_varint(len(unary)) + bytes(int(bits[j : j + 8], 2) for j in range(0, len(bits), 8))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (13, 31), (129, 80)])
def test_the_slow_writer_gives_the_same_bytes(share: float, shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(3).random(shape) < share
    data = pack_mask(mask)
    assert data == slow_pack(mask)
    assert np.array_equal(unpack_mask(data, shape), mask)


def test_an_empty_grid_has_no_bytes() -> None:
    assert pack_mask(np.zeros((0, 5), bool)) == b""
    assert unpack_mask(b"", (0, 5)).shape == (0, 5)
    with pytest.raises(FormatError):
        unpack_mask(b"\0", (0, 5))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x05",
        bytes.fromhex("05f0"),  # low bits missing
        bytes.fromhex("05f08000"),  # a byte left over
        bytes.fromhex("05f081"),  # padding not zero
        bytes.fromhex("05f0c0"),  # a run past the end
        bytes.fromhex("28fffffffffe"),  # a run of 2**39
        b"\xff\xff\xff\xff\x7f",
        b"\xff" * 9,
    ],
)
def test_broken_runs_are_refused(data: bytes) -> None:
    assert pack_mask(np.zeros((4, 4), bool)) == bytes.fromhex("05f080")
    with pytest.raises(FormatError):
        unpack_mask(data, (4, 4))


def test_varints() -> None:
    for value in (0, 1, 127, 128, 16383, 16384, 2**63 - 1):
        data = write_varint(value)
        assert read_varint(b"x" + data, 1) == (value, 1 + len(data))
    for wrong in (b"", b"\x80", b"\x80\x00", b"\x80" * 9 + b"\x01"):
        with pytest.raises(FormatError):
            read_varint(wrong, 0)
