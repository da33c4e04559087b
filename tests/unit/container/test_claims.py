"""Packets that claim more than there is: refused where it cannot be, or no part of the audio."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
from streams import join, pieces_of

from dpcodec.container import constants as c
from dpcodec.container.header import pack_header
from dpcodec.container.packets import pack_packet
from dpcodec.errors import LimitError

from .small_files import HEADER, LONG, Opened, SlowPipe, build, check_good, kinds, read


@pytest.mark.parametrize("kind", ["packet", "segments", "maze"])
def test_bombs_are_refused(opened: Opened, kind: str) -> None:
    with pytest.raises(LimitError):
        read(opened(_bomb(kind)))


def test_a_far_last_segment_without_an_end() -> None:
    data = join([pack_packet(c.TYPE_HEAD, pack_header(HEADER)), _stray(2**32 - 2)])
    with pytest.raises(LimitError):
        read(data)
    reader, segments = read(SlowPipe(data))
    assert (segments, kinds(reader)) == ([], {"place", "end"})


def _stray(segment: int) -> bytes:
    return pack_packet(c.TYPE_DATA, b"x", segment=segment, part=0, parts=1)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("at", [1, 3, 9])
@pytest.mark.parametrize("segment", [2, 3, 40, 3000])
def test_a_stray_packet_makes_no_audio(opened: Opened, known: bool, at: int, segment: int) -> None:
    pieces = pieces_of(build(450, None if known else SlowPipe()))
    fo = opened(join([*pieces[:at], _stray(segment), *pieces[at:]]))
    reader, segments = read(fo)
    if (segment, at, known) == (2, 9, False) and not fo.seekable():
        assert segments.pop().parts == {0: b"x"}  # by all that a pipe has shown it was the next one
    check_good(reader, segments)
    assert len(segments) == 2
    assert kinds(reader) == {"place"}
    assert reader.total_samples == 450


def test_a_long_loss_on_a_pipe_of_unknown_length() -> None:
    """A jump that the packets after it go on from is loss, not a stray."""
    pieces = pieces_of(build(LONG, SlowPipe()))
    del pieces[1 + 4 * 5 : 1 + 4 * 35]
    for end in (0, 1):
        reader, segments = read(SlowPipe(join(pieces[: len(pieces) - end])))
        check_good(reader, segments, [(s, p) for s in range(5, 35) for p in range(4)])
        assert len(segments) == 40


def _bomb(kind: str) -> bytes:
    header = pack_packet(c.TYPE_HEAD, pack_header(HEADER))
    if kind == "packet":
        return join([header, _head(2**32 - 1)])
    if kind == "segments":
        huge = replace(HEADER, samples=2**47, hop=64, segment_frames=2**20)
        return join([pack_packet(c.TYPE_HEAD, pack_header(huge)), pack_packet(c.TYPE_DATA, b"x", parts=1)])
    return join([header, _head(1 << 24) * 100_000])


def _head(length: int) -> bytes:
    head = struct.pack("<4sHHIBBI", c.SYNC, c.TYPE_DATA, 0, 0, 0, 1, length)
    return head + struct.pack("<I", zlib.crc32(head))
