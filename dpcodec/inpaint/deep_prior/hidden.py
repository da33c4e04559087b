"""Kept coefficients hidden from the linear solver, so that a network can learn, and a choice be judged, on
values that are known (J. Batson, L. Royer, "Noise2Self", ICML 2019; B. Yaman et al., "Self-supervised
learning of physics-guided reconstruction neural networks without fully sampled reference data", Magn. Reson.
Med. 84, 2020).

What is hidden looks like what was dropped: where whole frames are missing whole frames are hidden, in gaps of
the same lengths; else single coefficients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dpcodec.inpaint.hiding import without
from dpcodec.inpaint.problem import Problem

SHARE = 0.05
"""Of the kept coefficients hidden where single ones are."""
FOLDS = 3
"""Groups of hidden coefficients, or gaps. Each can judge a network that was fitted to the others."""
SHIFTS = 16
"""Places tried for the hidden gaps."""


class Hidden(NamedTuple):
    """The problem without what is hidden, and the hidden cells' groups 1 .. FOLDS, 0 elsewhere [1, K, L]."""

    problem: Problem
    group: np.ndarray

    def folds(self, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """(hidden cells to fit, hidden cells to judge by), bool [1, K, L], for so many of the groups: those
        that leave cells for both."""
        found = []
        for judge in range(1, count + 1):
            fitted, judged = (self.group > 0) & (self.group != judge), self.group == judge
            if fitted.any() and judged.any():
                found.append((fitted, judged))
        return found


def hide(problem: Problem, seed: int) -> Hidden:
    """Hide kept coefficients of a problem of one channel; the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    gone = np.logical_not(problem.kept.any(axis=(0, 1)))
    if gone.any() and not gone.all() and 2 * problem.kept.shape[1] * gone.sum() > (~problem.kept).sum():
        number = _gaps(gone, rng)[None, None, :] * problem.kept
    else:
        number = _scattered(problem.kept, SHARE, rng)
    hidden = number > 0
    return Hidden(without(problem, hidden), np.where(hidden, 1 + (number - 1) % FOLDS, 0))


def set_aside(problem: Problem, share: float, seed: int) -> np.ndarray:
    """Bool [C, K, L]: a scattered share of the kept coefficients."""
    return _scattered(problem.kept, share, np.random.default_rng(seed)) > 0


def _scattered(kept: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """int64 like `kept`: a share of the kept cells numbered 1, 2, 3 ... in random order, 0 elsewhere."""
    places = rng.permutation(np.flatnonzero(kept))
    number = np.zeros(kept.size, np.int64)
    count = round(share * places.size)
    number[places[:count]] = 1 + np.arange(count)
    return number.reshape(kept.shape)


def _gaps(gone: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """int64 [L]: the gaps moved by one shift to where frames are known, numbered 1, 2, 3 ...

    Of a few shifts the one that keeps most frames apart from the gaps that are there already.
    """
    near = gone | np.roll(gone, 1) | np.roll(gone, -1)
    shifts = rng.permutation(np.arange(1, gone.size))[:SHIFTS]
    best = max(shifts, key=lambda shift: int((np.roll(gone, shift) & ~near).sum()))
    moved = np.roll(gone, best) & ~gone
    starts = moved & ~np.concatenate([[False], moved[:-1]])
    return np.where(moved, np.cumsum(starts), 0)
