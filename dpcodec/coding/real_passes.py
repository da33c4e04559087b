"""Passes of real coefficients, and the neighbours that a cell of each may look at.

Frames are bisected as for complex ones. Of the first frames, whose neighbours in time are far, every fourth
bin goes first, then those half way between, then the odd ones; in the others the even bins, which know frames
on both sides, then the odd ones, which know the even ones too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dpcodec.coding.contexts import COARSEST

STAGES = 6
"""Kinds of passes: 0 and 1 the even and odd bins of the first frames, 2 and 3 of those between, 4 and 5 of
the odd frames."""

_BESIDE = ((-1, 0), (1, 0), (-3, 0), (3, 0))


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
    def around(self) -> tuple[tuple[int, int], ...]:
        """Neighbours (rows, frames away) that its network sees."""
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
