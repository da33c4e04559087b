"""What is known around a cell when it is coded: the order of passes and the contexts.

The frames of a part are bisected: every 16th, then those half way between, and so on to the odd ones; in each
step the even bins go before the odd ones. So a pass is one vector operation over a strided grid, most cells have
coded neighbours on both sides in time, and no loop runs over frames or symbols.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.coding.levels import FLOORS

COARSEST = 16
"""Distance in frames of the first pass."""

LIMIT = 1023
"""Magnitudes count up to this in a neighbourhood."""

_KNOWN = 1 << 20
_MARGIN = (2, 3 * COARSEST // 2)

_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024, 4096)
"""Lower edges of the contexts, in 1/16 of the mean weighted magnitude of the known neighbours."""

ACTIVITIES = len(_STEPS) + 2
"""Contexts a neighbourhood may give: nothing known, nothing but zeros, and one for each edge."""

_OF_ACTIVITY = (1 + np.searchsorted(_STEPS, np.arange(_STEPS[-1] + 1), "right")).astype(np.int64)

STAGES = 4
"""Kinds of passes, by how much is known in time: nothing, coarse, close, both (the odd bins of the last)."""


@dataclass(frozen=True)
class Pass:
    """A strided sub-grid coded in one go: bins `bin0::2`, frames `frame0::stride`."""

    bin0: int
    frame0: int
    stride: int
    stage: int

    @property
    def index(self) -> tuple[slice, slice]:
        return slice(self.bin0, None, 2), slice(self.frame0, None, self.stride)

    @property
    def neighbours(self) -> tuple[tuple[int, int, int], ...]:
        """(bins away, frames away, weight); those not coded yet weigh nothing."""
        d = self.stride // 2 if self.frame0 else 0
        same = ((-1, 0, 2), (1, 0, 2), (-2, 0, 1), (2, 0, 1)) if self.bin0 else ()
        if not d:
            return same
        near = [(0, s * d, 4) for s in (-1, 1)] + [(0, 3 * s * d, 1) for s in (-1, 1)]
        diagonal = [(k, s * d, 1) for k in (-1, 1) for s in (-1, 1)]
        return (*same, *near, *diagonal)


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
    """Magnitudes of the cells coded so far, [K, L] with a margin of unknown cells."""

    def __init__(self, bins: int, frames: int) -> None:
        self._padded = np.zeros((bins + 2 * _MARGIN[0], frames + 2 * _MARGIN[1]), np.int32)
        self._inner = self._padded[_MARGIN[0] : _MARGIN[0] + bins, _MARGIN[1] : _MARGIN[1] + frames]

    def activity(self, step: Pass) -> np.ndarray:
        """The context of every cell of a pass, int64 [bins of it, frames of it], 0 .. ACTIVITIES - 1."""
        shape = self._inner[step.index].shape
        total = np.zeros(shape, np.int32)
        for k, l, weight in step.neighbours:
            first = (_MARGIN[0] + step.bin0 + k, _MARGIN[1] + step.frame0 + l)
            rows = slice(first[0], first[0] + 2 * shape[0], 2)
            columns = slice(first[1], first[1] + step.stride * shape[1], step.stride)
            total += weight * self._padded[rows, columns][: shape[0], : shape[1]]
        known = total // _KNOWN
        mean = 16 * (total % _KNOWN) // np.maximum(known, 1)
        activity = _OF_ACTIVITY[np.minimum(mean, _STEPS[-1])]
        return np.where(known > 0, activity, 0)

    def reveal(self, step: Pass, coded: np.ndarray, levels: np.ndarray) -> None:
        """Enter a pass: `coded` bool [bins, frames] of it, and the levels int [n, 2] of the coded cells."""
        magnitudes = np.minimum(FLOORS[levels].sum(1), LIMIT) + _KNOWN
        self._inner[step.index][coded] = magnitudes
