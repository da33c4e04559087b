"""Small files made by formula, and what reading gives of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import BinaryIO

from streams import Pipe

from dpcodec.container.header import Header, segment_count
from dpcodec.container.stream import Reader, SegmentData, Writer

Opened = Callable[[bytes], BinaryIO]
SlowPipe = partial(Pipe, most=7)
"""Far less at once than any packet."""
HEADER = Header(
    sample_rate=16000,
    channels=2,
    samples=None,
    n_fft=64,
    hop=32,
    window="sine",
    mask="energy",
    drop_q32=2**31,
    segment_frames=8,
    parts=4,
)
LONG = 32 * 8 * 40 - 32
"""Samples of 40 segments of HEADER's."""


def bodies_of(segment: int) -> list[bytes]:
    """The bodies of a segment's parts, all different."""
    return [bytes([segment % 251, part, 7]) * (3 + (segment + part) % 5) for part in range(HEADER.parts)]


def build(samples: int = 450, out: io.BytesIO | None = None, tags: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes of a file of `samples` samples; 450 make two segments of HEADER's."""
    out = out or io.BytesIO()
    writer = Writer(out, HEADER, tags)
    for segment in range(segment_count(HEADER, samples)):
        writer.write_segment(segment, bodies_of(segment))
    writer.close(samples)
    assert writer.bytes_written == len(out.getvalue())
    return out.getvalue()


def read(source: BinaryIO | bytes) -> tuple[Reader, list[SegmentData]]:
    """The reader after all segments were read, and the segments."""
    reader = Reader(io.BytesIO(source) if isinstance(source, bytes) else source)
    return reader, list(reader.segments())


def kinds(reader: Reader) -> set[str]:
    return {d.kind for d in reader.damage}


def check_good(reader: Reader, segments: list[SegmentData], lost: Collection[tuple[int, int]] = ()) -> None:
    """Everything but the (segment, part) pairs `lost` is there, and right."""
    assert [s.index for s in segments] == list(range(len(segments)))
    for segment in segments:
        expected = dict(enumerate(bodies_of(segment.index)))
        for index, part in lost:
            if index == segment.index:
                expected.pop(part)
        assert segment.parts == expected
        assert segment.total_parts == 4
