"""The number of frames of each segment, as far as a file tells it."""

from __future__ import annotations

from collections.abc import Iterator

from dpcodec.coding.body import body_frames
from dpcodec.container.header import frame_count
from dpcodec.container.stream import Reader, SegmentData
from dpcodec.errors import FormatError


def segments_and_frames(
    reader: Reader, first: int = 0, last: int | None = None
) -> Iterator[tuple[SegmentData, int | None]]:
    """Segments as `Reader.segments` gives them, each with its number of frames.

    None for the last where the length of the file is not known: its parts say it. Those before it are full.
    One whose parts say that it is full need not wait for the next to show which it is.
    """
    F = reader.header.segment_frames
    held: SegmentData | None = None
    for data in reader.segments(first, last):
        if held is not None:
            yield held, F
            held = None
        if reader.total_samples is not None:
            frames = min(F, frame_count(reader.header, reader.total_samples) - data.index * F)
            if frames > 0:  # a forged copy of the header may tell less than a pipe has brought
                yield data, frames
        elif told_frames(data) == F:
            yield data, F
        else:
            held = data
    if held is not None:
        yield held, None


def told_frames(data: SegmentData) -> int | None:
    """The frames that the first part of a segment tells that tells any; None without one."""
    for _, body in sorted(data.parts.items()):
        try:
            return body_frames(body)
        except FormatError:
            continue
    return None
