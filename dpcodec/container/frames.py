"""The number of frames of each segment, as far as a file tells it."""

from __future__ import annotations

from collections.abc import Iterator

from dpcodec.container.header import frame_count
from dpcodec.container.stream import Reader, SegmentData


def segments_and_frames(
    reader: Reader, first: int = 0, last: int | None = None
) -> Iterator[tuple[SegmentData, int | None]]:
    """Segments as `Reader.segments` gives them, each with its number of frames.

    None for the last where the length of the file is not known: its parts say it. Those before it are full.
    """
    F = reader.header.segment_frames
    held: SegmentData | None = None
    for data in reader.segments(first, last):
        if held is not None:
            yield held, F
            held = None
        if reader.total_samples is None:
            held = data
        else:
            yield data, min(F, frame_count(reader.header, reader.total_samples) - data.index * F)
    if held is not None:
        yield held, None
