"""The bytes that segments may take, so that all of a file is at its bit rate and none of it above."""

from __future__ import annotations

import math
from collections.abc import Callable

from dpcodec.container.constants import COPY_MIN_BYTES, INDEX_SEGMENTS, OVERHEAD_BYTES
from dpcodec.container.header import Header
from dpcodec.modes.base import Allowance, CodedSegment
from dpcodec.modes.rate import LAG, ends_group, first_of, place_of
from dpcodec.transform.streaming import FrameRun

LAST_FRAME = 0.01
"""Share of the bytes that is kept for a last frame, as nobody knows whether the next segment holds more."""
_PLACE_BYTES, _COPY_BYTES, _SILENT_BYTES = 3, 80, 32
"""Of a segment in the index, a copy of the header, and a part of silence: no fewer than they are."""


class BitRate:
    """By the groups of `modes.rate`. The last LAG - 1 before a group may not be written yet when it is begun:
    they count as what they may take at most, but silence as what it takes.

    bytes_per_sample  of the bit rate; 0 where only what searches found is wanted
    written           bytes of the file if it were closed now
    """

    def __init__(self, header: Header, bytes_per_sample: float, written: Callable[[], int]) -> None:
        self._header, self._nominal, self._written = header, bytes_per_sample, written
        self._overhead = header.parts * OVERHEAD_BYTES + _PLACE_BYTES
        self._after = [written()]
        self._promised: list[int] = []
        self._found: list[tuple[float, float] | None] = []
        self._base = self._bodies = 0
        self._start: tuple[float, float] | None = None

    def allow(self, index: int, run: FrameRun, samples: int) -> Allowance:
        """What a segment may take, of those that have been asked for in order; so many samples have come."""
        group, place = place_of(index)
        header, length = self._header, self._header.segment_frames * self._header.hop
        start, end = index * length, min(samples, (index + 1) * length)
        if not place:
            self._begin(group)
        allowed = int(self._nominal * end) - self._base - (place + 1) * self._overhead
        frame = self._nominal * min(header.hop, end * LAST_FRAME)
        least = int(max(self._nominal * (end - start) / 2, frame))
        if not run.last:
            allowed -= self._overhead + math.ceil(frame)
        if run.samples.any():
            self._bodies = max(allowed, self._bodies + least)
        else:
            self._bodies += _SILENT_BYTES * header.parts
        self._promised[group] = self._bodies + (place + 1) * self._overhead
        return Allowance(allowed, least, self._start)

    def _begin(self, group: int) -> None:
        known = max(0, group - LAG + 1)
        self._base = self._after[known] + sum(self._promised[known:])
        if first_of(group + 1) > INDEX_SEGMENTS >= first_of(known):
            self._base += OVERHEAD_BYTES + _PLACE_BYTES * (INDEX_SEGMENTS + 1)
        if self._base > COPY_MIN_BYTES:
            self._base += _COPY_BYTES
        self._start = next((found for found in reversed(self._found[:known]) if found), None)
        self._bodies = 0
        self._promised.append(0)

    def told(self, index: int, coded: CodedSegment) -> None:
        """A segment is written, of a file where groups are of use to anybody or not."""
        if not self._promised:
            return
        if not place_of(index)[1]:
            self._found.append(None)
        self._found[-1] = coded.found or self._found[-1]
        if ends_group(index):
            self._after.append(self._written() if self._nominal else 0)
