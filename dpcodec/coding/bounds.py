"""What a stored mask says of the coefficients that it dropped: how large they may be at most.

A cell that the energy mask dropped is no larger than any kept one of its column, one that the significance
mask dropped no larger than any kept one of its channel. What the quantiser made zero is smaller still. So the
smallest upper end of what arrived bounds both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_ROUNDING = 1 + 2**-20
"""What makes up for rounding to float32, so that no bound is too small."""


class StoredBound(NamedTuple):
    """The rule of one mask.

    by_segment  whether one threshold holds for all columns of a channel; None: the mask bounds nothing
    keeps_none  whether the mask keeps so little that a column without kept coefficients says nothing
    """

    by_segment: bool | None
    keeps_none: bool = False

    def of_part(self, kept: np.ndarray, modulus: np.ndarray, quiet: float) -> tuple[np.ndarray, float]:
        """Bound on the dropped cells of a part, float32 [Kp, L], 0 where kept, inf where unknown; and bound
        on all of a column in which no part kept anything.

        kept     bool [Kp, L]
        modulus  float64 [Kp, L], upper end of the modulus of kept cells
        quiet    largest modulus that the quantiser makes zero
        """
        if self.by_segment is None:
            return np.where(kept, np.float32(0), np.float32(np.inf)), float("inf")
        over = (0, 1) if self.by_segment else 0
        column = np.where(kept, modulus * _ROUNDING, np.inf).min(axis=over, initial=np.inf)
        bound = np.where(column > _FLOAT32_MAX, np.inf, column).astype(np.float32)
        return np.where(kept, np.float32(0), bound), min(quiet * _ROUNDING, _FLOAT32_MAX)

    def share(
        self, bound: np.ndarray, kept: np.ndarray, arrived: np.ndarray, quiet: np.ndarray
    ) -> np.ndarray:
        """Bounds once parts are together: a column's smallest holds for all of it that arrived.

        bound float32 [C, K, L] and kept bool [C, K, L] of the parts laid on the grid; arrived bool [K], the
        rows whose part did; quiet float [C], the parts' largest. Cells of lost parts may have been kept and
        stay as they are. In a column of which all parts arrived and kept nothing, what the mask kept became
        zero: `quiet` bounds it, and so what was dropped. Float32 [C, K, L].
        """
        over = (1, 2) if self.by_segment else 1
        column = np.where(kept, np.float32(np.inf), bound).min(axis=over, keepdims=True, initial=np.inf)
        if arrived.all():
            least = np.float32(np.inf) if self.keeps_none else quiet.astype(np.float32)[:, None, None]
            column = np.where(kept.any(axis=over, keepdims=True), column, least)
        shared: np.ndarray = np.where(~kept & arrived[:, None], np.minimum(bound, column), bound)
        return shared
