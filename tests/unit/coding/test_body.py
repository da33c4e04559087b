"""The frame of a body: rows over parts, fields in order, hostile bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dpcodec.coding.body import (
    SILENCE,
    BodyReader,
    ChannelBody,
    body_frames,
    interleave,
    pack_bias,
    write_body,
)
from dpcodec.errors import FormatError
from dpcodec.varint import write_varint


@pytest.mark.parametrize("parts", range(1, 17))
def test_every_row_is_in_one_part(parts: int) -> None:
    count = np.zeros((40, 7), int)
    for p in range(parts):
        count[interleave(p, parts)] += 1
    assert (count == 1).all()


@pytest.mark.parametrize("parts", [5, 7, 8, 10, 16])
def test_following_parts_hold_no_neighbours(parts: int) -> None:
    starts = [interleave(p, parts).start for p in range(parts)]
    for a, b in zip(starts, starts[1:] + starts[:1], strict=True):
        assert (a - b) % parts not in (1, parts - 1)


def test_fields_come_back_in_order() -> None:
    """Three channels of 200 frames: the first and last with a head and a payload, the second silent."""
    head = struct.pack("<fB", 0.25, pack_bias((-8, 7))) + write_varint(150)
    channels = [ChannelBody(3, head, b"x" * 300), SILENCE, ChannelBody(3, head, b"last")]
    body = write_body(200, channels)
    assert body == b"".join(
        [*(b"\xc8\x01", b"\x03", head, b"\xac\x02", b"x" * 300), b"\x00", *(b"\x03", head, b"last")]
    )
    assert body_frames(body) == 200
    reader = BodyReader(body, 3, 200)
    for payload in (b"x" * 300, None, b"last"):
        assert reader.mode(3) == (0 if payload is None else 3)
        if payload is not None:
            assert (reader.step(), reader.bias(), reader.rows(150)) == (0.25, (-8, 7), 150)
            assert reader.payload() == payload
    reader.finish()


@pytest.mark.parametrize("bias", [(0, 0), (-8, 7), (7, -8), (-1, 1), (3, -4)])
def test_a_bias_is_two_halves_of_a_byte(bias: tuple[int, int]) -> None:
    reader = BodyReader(bytes([1, pack_bias(bias)]), 1, 1)
    assert reader.bias() == bias


def test_what_no_encoder_wrote_is_refused() -> None:
    def told(body: bytes, *fields: str) -> None:
        reader = BodyReader(body, 2, 5)
        for field in fields:
            name, _, argument = field.partition(" ")
            getattr(reader, name)(*([int(argument)] if argument else []))

    for body, fields, reason in (
        (b"\x06", (), "made for 6 frames, not 5"),
        (b"\x05", ("mode 3",), "ends before its last channel"),
        (b"\x05\x01", ("mode 3",), "channel mode 1 is unknown here"),
        (b"\x05\x00\x80", ("mode 3", "step"), "ends within a quantiser step"),
        (b"\x05\x00" + bytes(4), ("mode 3", "step"), "no positive normal number"),
        (b"\x05", ("bias",), "ends before its bias"),
        (b"\x05\x09", ("rows 8",), "9 rows coded of 8"),
        (b"\x05\x03ab", ("payload",), "longer than its body"),
        (b"\x05\x00\x00.", ("mode 3", "mode 3", "finish"), "left over after the last channel"),
    ):
        with pytest.raises(FormatError, match=reason):
            told(body, *fields)
