"""What is known around a cell when it is coded: the order of passes and the contexts.

The frames of a part are bisected: every 16th, then those half way between, and so on to the odd ones; in each
step the even bins go before the odd ones. So a pass is one vector operation over a strided grid, most cells
have coded neighbours on both sides in time, and no loop runs over frames or symbols.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from dpcodec.coding.body import COARSEST
from dpcodec.coding.magnitude_classes import LIMIT

_KNOWN = 1 << 20
_MARGIN_BINS, _MARGIN_FRAMES = 3, 3 * COARSEST // 2

_EDGES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024, 4096)
"""Lower edges of the activities, in 1/16 of the weighted mean magnitude of the known neighbours."""

_BESIDE_EDGES = (1, 16, 48)
"""The same for the coarser classes of the neighbours in other bins."""

ACTIVITIES = len(_EDGES) + 2
"""Activities there are: nothing known, nothing but zeros (below the first edge), and one for each edge."""

BESIDES = len(_BESIDE_EDGES) + 1

ACTIVITY_OF = 1 + np.searchsorted(_EDGES, np.arange(_EDGES[-1] + 1), "right")
"""The activity of a mean in 1/16, up to the last edge."""
_BESIDE = np.searchsorted(_BESIDE_EDGES, np.arange(_EDGES[-1] + 1), "right")

STAGES = 4
"""Kinds of passes: 0 and 1 the even and odd bins of the first frames, 2 those between, 3 the odd frames."""

Neighbours = tuple[tuple[int, int, int], ...]
"""(bins away, frames away, weight)."""


class SubGrid(Protocol):
    """What is coded in one go: bins `bin0::bin_stride`, frames `frame0::stride`."""

    @property
    def bin0(self) -> int: ...
    @property
    def bin_stride(self) -> int: ...
    @property
    def frame0(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def cells(self) -> tuple[slice, slice]: ...


class Pass(NamedTuple):
    """A strided sub-grid coded in one go: bins `bin0::2`, frames `frame0::stride`."""

    bin0: int
    frame0: int
    stride: int
    stage: int

    @property
    def bin_stride(self) -> int:
        return 2

    @property
    def cells(self) -> tuple[slice, slice]:
        return slice(self.bin0, None, 2), slice(self.frame0, None, self.stride)

    @property
    def in_time(self) -> Neighbours:
        """Neighbours in the same bin; those not coded yet weigh nothing."""
        d = self.stride // 2
        return ((0, -d, 6), (0, d, 6), (0, -3 * d, 1), (0, 3 * d, 1)) if self.frame0 else ()

    @property
    def beside(self) -> Neighbours:
        """Neighbours in the next bins."""
        d = self.stride // 2
        across = ((-1, -d, 1), (-1, d, 1), (1, -d, 1), (1, d, 1)) if self.frame0 else ()
        return across + (((-1, 0, 1), (1, 0, 1)) if self.bin0 else ())


def passes() -> Iterator[Pass]:
    """The passes of a part, in order."""
    distance = COARSEST
    yield Pass(0, 0, distance, 0)
    yield Pass(1, 0, distance, 1)
    while distance > 1:
        for bin0 in (0, 1):
            yield Pass(bin0, distance // 2, distance, 2 + (distance == 2))
        distance //= 2


class Neighbourhood:
    """Magnitudes of the cells coded so far, [K, L] with a margin of unknown cells.

    A cell holds 0 while unknown and `_KNOWN + magnitude` after, so that one weighted sum over neighbours
    gives the sum of magnitudes and the weight of the known ones.
    """

    def __init__(self, bins: int, frames: int) -> None:
        self._padded = np.zeros((bins + 2 * _MARGIN_BINS, frames + 2 * _MARGIN_FRAMES), np.int32)
        self._inner = self._padded[_MARGIN_BINS:, _MARGIN_FRAMES:][:bins, :frames]

    def context(self, step: Pass) -> tuple[np.ndarray, np.ndarray]:
        """Of every cell of a pass: activity 0 .. ACTIVITIES - 1 and class of the next bins 0 .. BESIDES - 1.

        Both int64 [bins of it, frames of it]. Where nothing is known in the same bin, the next bins give the
        activity too.
        """
        weight, mean = self.mean(step, step.in_time)
        weight_beside, mean_beside = self.mean(step, step.beside)
        activity = ACTIVITY_OF[np.where(weight, mean, mean_beside)]
        activity[(weight == 0) & (weight_beside == 0)] = 0
        return activity, _BESIDE[mean_beside]

    def reveal(self, step: SubGrid, coded: np.ndarray, magnitudes: np.ndarray) -> None:
        """Enter a pass: `coded` bool [bins, frames] of it, and the magnitudes int [n] of the coded cells."""
        self._inner[step.cells][coded] = np.minimum(magnitudes, LIMIT) + _KNOWN

    def mean(self, step: SubGrid, neighbours: Neighbours) -> tuple[np.ndarray, np.ndarray]:
        """Weight of the known neighbours, and 16 times their mean magnitude rounded down: int32 each."""
        bins, frames = self._inner[step.cells].shape
        total = np.zeros((bins, frames), np.int32)
        for away_bins, away_frames, weight in neighbours:
            row = _MARGIN_BINS + step.bin0 + away_bins
            column = _MARGIN_FRAMES + step.frame0 + away_frames
            rows, columns = (
                slice(row, row + step.bin_stride * bins, step.bin_stride),
                slice(column, column + step.stride * frames, step.stride),
            )
            total += weight * self._padded[rows, columns][:bins, :frames]
        known = total >> 20
        mean = ((total & (_KNOWN - 1)) << 4) // np.maximum(known, 1)
        return known, np.minimum(mean, _EDGES[-1])
