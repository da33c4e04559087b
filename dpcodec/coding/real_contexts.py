"""Passes and contexts of real coefficients, where neighbours in the same frame say most.

Frames are bisected as for complex ones. Of the first frames, whose neighbours in time are far, every fourth
bin goes first, then those half way between, then the odd ones; in the others the even bins, which know frames
on both sides, then the odd ones, which know the even ones too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.coding.contexts import ACTIVITIES, ACTIVITY_OF, COARSEST, Neighbourhood, Neighbours

STAGES = 6
"""Kinds of passes: 0 and 1 the even and odd bins of the first frames, 2 and 3 of those between, 4 and 5 of
the odd frames."""

_BESIDE = ((-1, 0), (1, 0), (-3, 0), (3, 0))
_SECOND_EDGES = (1, 5, 16)
SECONDS = len(_SECOND_EDGES) + 1
_SECOND = np.searchsorted(_SECOND_EDGES, np.arange(len(ACTIVITY_OF)), "right")


@dataclass(frozen=True)
class RealPass:
    """A strided sub-grid coded in one go: bins `bin0::bin_stride`, frames `frame0::stride`."""

    bin0: int
    bin_stride: int
    frame0: int
    stride: int
    stage: int

    @property
    def index(self) -> tuple[slice, slice]:
        return slice(self.bin0, None, self.bin_stride), slice(self.frame0, None, self.stride)

    @property
    def nearest(self) -> Neighbours:
        """Neighbours that give the activity; those not coded yet weigh nothing."""
        d = self.stride // 2
        if not self.frame0:
            if self.bin_stride == 4:
                return ((-2, 0, 1), (2, 0, 1)) if self.bin0 else ()
            return (-1, 0, 8), (1, 0, 8), (-3, 0, 1), (3, 0, 1)
        if self.bin0:
            beside = ((-1, 0, 8), (1, 0, 8), (-3, 0, 1), (3, 0, 1))
            return (*beside, (0, -d, 4), (0, d, 4), (0, -3 * d, 1), (0, 3 * d, 1))
        across = tuple((k, t, w) for t, w in ((-d, 2), (d, 2), (-3 * d, 1), (3 * d, 1)) for k in (-1, 1))
        return ((0, -d, 8), (0, d, 8), (0, -3 * d, 4), (0, 3 * d, 4), *across)

    @property
    def second(self) -> Neighbours:
        """Neighbours that give a second opinion: those in time for even bins, those across for odd ones."""
        d = self.stride // 2
        if not self.frame0:
            return ()
        if self.bin0:
            return tuple((k, t, 1) for k in (-3, -2, -1, 1, 2, 3) for t in (-d, d))
        across = tuple((k, t, 1) for k in (-1, 1) for t in (-d, d))
        return ((0, -d, 2), (0, d, 2), (0, -3 * d, 2), (0, 3 * d, 2), *across)

    @property
    def around(self) -> tuple[tuple[int, int], ...]:
        """Neighbours (rows, frames away) that the networks of shaped symbols see."""
        d = self.stride // 2
        if not self.frame0:
            return (_BESIDE if self.bin_stride == 2 else ((-2, 0), (2, 0))) if self.bin0 else ()
        near = tuple((k, t) for t in (-d, d) for k in (-3, -2, -1, 0, 1, 2, 3))
        far = tuple((k, t) for t in (-3 * d, 3 * d) for k in (-1, 0, 1))
        return near + far + (_BESIDE if self.bin0 else ())

    @property
    def network(self) -> int:
        """The network that sees them: 0, 1, 2 in the first frames, 3 and 4 between."""
        if self.frame0:
            return 3 + self.bin0
        return 2 if self.bin_stride == 2 else self.bin0 // 2

    @property
    def nearness(self) -> int:
        """0 for the first frames and those 8 frames from the ones before, 3 for those next to them."""
        return (COARSEST // self.stride).bit_length() - 1 if self.frame0 else 0

    def context(self, around: Neighbourhood) -> tuple[np.ndarray, np.ndarray]:
        """Of every cell: activity 0 .. ACTIVITIES - 1, and with it second class and stage, the context of
        zero or not; both int64 [bins, frames] of the pass."""
        weight, mean = around.mean(self, self.nearest)
        activity = np.where(weight, ACTIVITY_OF[mean], 0)
        second = _SECOND[around.mean(self, self.second)[1]]
        return activity, (self.stage * ACTIVITIES + activity) * SECONDS + second


def real_passes() -> Iterator[RealPass]:
    """The passes of a part, in order."""
    distance = COARSEST
    yield RealPass(0, 4, 0, distance, 0)
    yield RealPass(2, 4, 0, distance, 0)
    yield RealPass(1, 2, 0, distance, 1)
    while distance > 1:
        for bin0 in (0, 1):
            yield RealPass(bin0, 2, distance // 2, distance, 2 + bin0 + 2 * (distance == 2))
        distance //= 2
