"""Attachments in packets: what is written, read, limited, and never an obstacle."""

from __future__ import annotations

import io

import numpy as np
import pytest
from streams import ATTACHMENT, Packet, Pipe, join, split

from dpcodec import LimitError, SettingsError, decode, encode, inspect, repair
from dpcodec.audio.audio import Audio
from dpcodec.container import constants as c
from dpcodec.container.attachments import check_attachments, pack_attachment, unpack_attachment
from dpcodec.container.packets import compress
from dpcodec.container.reader import Reader

ATTACHMENTS = (
    ("speakers", b"\3\0\0\0"),
    ("riff:bext", bytes(602)),
    ("x", b""),
    ("riff:cue ", bytes(range(256))),
)


def coded(attachments: tuple[tuple[str, bytes], ...] = ATTACHMENTS) -> bytes:
    return encode(Audio(np.zeros((1, 900)), 8000, attachments=attachments))


def test_there_and_back() -> None:
    data = coded()
    assert decode(data).attachments == ATTACHMENTS
    assert Reader(Pipe(data)).attachments == ATTACHMENTS, "before the first sample"
    assert inspect(data).attachments == tuple((kind, len(body)) for kind, body in ATTACHMENTS)
    assert inspect(data).whole
    assert Reader(io.BytesIO(repair(data))).attachments == ATTACHMENTS
    assert len(data) < len(coded(())) + 602, "zeros are compressed"
    assert coded() == data


def test_equal_ones_count_once() -> None:
    assert decode(coded((*ATTACHMENTS, *ATTACHMENTS))).attachments == ATTACHMENTS


def test_limits_of_a_writer() -> None:
    with pytest.raises(LimitError, match="over the limit"):
        check_attachments([("a", bytes(c.MAX_ATTACHMENTS_BYTES)), ("b", b"1")])
    with pytest.raises(LimitError, match="1025 attachments"):
        check_attachments([("a", i.to_bytes(2, "big")) for i in range(1025)])
    for kind in ("", "a" * 65, "é", "a\n"):
        with pytest.raises(SettingsError, match="attachment kind"):
            pack_attachment(kind, b"")
    assert unpack_attachment(pack_attachment("a" * 64, b"1")) == ("a" * 64, b"1")


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"\1", b"\5abc", b"\1\x7fdata", b"\1\x1fdata", b"\x41" + b"a" * 65]
)
def test_malformed_bodies(body: bytes) -> None:
    assert unpack_attachment(body) is None


def test_limits_of_a_reader() -> None:
    packets = split(coded(()))
    zeros = compress(pack_attachment("a", bytes(c.MAX_ATTACHMENTS_BYTES)))
    assert zeros is not None
    full = Packet(ATTACHMENT, 1, 0, 0, 0, zeros)
    more = [
        Packet(ATTACHMENT, 0, 0, 0, 0, pack_attachment("b", bytes([i % 256, i // 256]))) for i in range(1500)
    ]
    reader = Reader(io.BytesIO(join([packets[0], full, *more, *packets[1:]])))
    assert [kind for kind, _ in reader.attachments] == ["a"]
    assert len(reader.warnings) == 1
    reader = Reader(io.BytesIO(join([packets[0], *more, *packets[1:]])))
    assert len(reader.attachments) == c.MAX_ATTACHMENTS
    assert not reader.damage
