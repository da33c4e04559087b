"""The stretch of audio that a decoder is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.container.header import Header
from dpcodec.settings import DecodeSettings


@dataclass(frozen=True)
class Stretch:
    """The samples wanted: first .. last - 1, `last` None for the end."""

    first: int
    last: int | None

    @property
    def partial(self) -> bool:
        """Whether it may be less than the whole file."""
        return self.first > 0 or self.last is not None

    def samples(self, total: int | None) -> int | None:
        """How many there are in a signal of `total` samples."""
        if total is None:
            return None
        return max(0, min(total, total if self.last is None else self.last) - self.first)

    def clipped(self, block: np.ndarray, position: int, total: int | None) -> Iterator[np.ndarray]:
        """The part of a block [C, n] at `position` that lies inside the stretch and inside the signal."""
        ends = [position + block.shape[1], *(e for e in (self.last, total) if e is not None)]
        first, last = max(self.first, position), min(ends)
        if last > first:
            yield block[:, first - position : last - position]


def stretch_of(header: Header, settings: DecodeSettings) -> Stretch:
    """The stretch that the settings name, in samples of this file."""
    first = round(settings.start * header.sample_rate)
    if settings.duration is None:
        return Stretch(first, None)
    return Stretch(first, first + round(settings.duration * header.sample_rate))
