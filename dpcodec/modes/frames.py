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
            if (known := _frames_of(reader, data)) > 0:
                yield data, known
        elif told_frames(data) == F:
            yield data, F
        else:
            held = data
    if held is not None:  # what follows the last segment of a pipe may have told its length
        frames = None if reader.total_samples is None else _frames_of(reader, held)
        if frames is None or frames > 0:
            yield held, frames


def _frames_of(reader: Reader, data: SegmentData) -> int:
    """The frames that the length of the file leaves for a segment; none where a forged header told less than
    a pipe has brought."""
    total, F = reader.total_samples or 0, reader.header.segment_frames
    return min(F, frame_count(reader.header, total) - data.index * F)


def told_frames(data: SegmentData) -> int | None:
    """The frames that the first part of a segment tells that tells any; None without one."""
    for _, body in sorted(data.parts.items()):
        try:
            return body_frames(body)
        except FormatError:
            continue
    return None
