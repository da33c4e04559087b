"""The number of frames of each segment, as far as a file tells it."""

from __future__ import annotations

from collections.abc import Iterator

from dpcodec.container.stream import Reader, SegmentData
from dpcodec.transform.stft import frame_count


def segments_and_frames(
    reader: Reader, first: int = 0, last: int | None = None
) -> Iterator[tuple[SegmentData, int | None]]:
    """Segments as `Reader.segments` gives them, each with its number of frames.

    None for the last where the length of the file is not known: its parts say it. Those before it are full.
    """
    F, hop = reader.header.segment_frames, reader.header.hop
    held: SegmentData | None = None
    for data in reader.segments(first, last):
        if held is not None:
            yield held, F
            held = None
        if reader.total_samples is None:
            held = data
        else:
            yield data, min(F, frame_count(reader.total_samples, hop) - data.index * F)
    if held is not None:
        yield held, None
