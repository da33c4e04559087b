"""The box that a coarse quantiser leaves for each coefficient where an energy mask dropped the small ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpcodec.inpaint.problem import Problem

Array = Any

KEPT_PULL, KEPT_WALL = 3.0, 6.0
"""Weights of a kept coefficient over the square of its step; 6 is one over the variance of its error."""
DROPPED_PULL, DROPPED_WALL = 0.9, 6.0
"""Weights of a dropped one: little draws it to zero, but its box holds it."""
FULL_EDGE = 1.5
"""Half-width of a dropped coefficient's box in a full column, in moduli of the least kept one."""
COARSE = 2.0
"""Most steps that the least kept modulus may have, in the median column, for steps to count as coarse."""


@dataclass(frozen=True)
class Cells:
    """Where real and imaginary parts of a channel's coefficients lie: |value - centre| <= edge.

    centre  complex64 [K, L], 0 where dropped
    edge    float32 [K, L]
    pull    float32 [K, L], weight that draws a value to its centre anywhere
    wall    float32 [K, L], weight of the box, felt towards its edge
    power   float32 [L], square of the quantiser's step around each frame
    unit    the square of the least step: what the weights are multiples of
    """

    centre: Array
    edge: Array
    pull: Array
    wall: Array
    power: np.ndarray
    unit: float

    def moved(self, move: Callable[[np.ndarray], Array]) -> Cells:
        """The same with the large arrays on another device."""
        centre, edge, pull, wall = (move(a) for a in (self.centre, self.edge, self.pull, self.wall))
        return Cells(centre, edge, pull, wall, self.power, self.unit)


def cells_of(problem: Problem, channel: int, level: float) -> Cells | None:
    """The cells of one channel divided by `level`, or None where the mask or the steps are of another kind.

    A column that keeps fewer coefficients than another lost some to the quantiser: whatever is below those is
    below half a step. In a full column the mask's threshold may lie anywhere below the least kept modulus.
    """
    kept, bound = problem.kept[channel], problem.bound[channel].astype(np.float64)
    h = problem.halfwidth[channel].astype(np.float64)
    if not (kept.any() and (h[kept] > 0).all() and np.isfinite(bound[~kept]).all()):
        return None
    some = kept.any(axis=0)
    step = np.where(some, 2 * h.max(axis=0), math.sqrt(2) * bound.max(axis=0)) / level
    least = float(step[step > 0].min())
    step = np.where(step > 0, step, least)
    modulus = np.where(kept, np.abs(problem.centre[channel].astype(np.complex128)), np.inf).min(axis=0)
    smallest = np.where(some, np.maximum(modulus / level / step, 1.0), 1.0)
    if np.median(smallest[some]) > COARSE:
        return None
    count = kept.sum(axis=0)
    full = count == count.max()
    reach = step * np.where(full, FULL_EDGE * smallest, 0.5)
    edge = np.where(kept, step / 2, np.minimum(reach, np.where(bound > 0, bound / level, reach)))
    certain = np.where(kept, 1.0, 1 / np.where(full, smallest, 1.0) ** 2) * (least / step) ** 2
    return Cells(
        np.asfortranarray(np.where(kept, problem.centre[channel] / level, 0), dtype=np.complex64),
        np.asfortranarray(edge, dtype=np.float32),
        np.asfortranarray(certain * np.where(kept, KEPT_PULL, DROPPED_PULL), dtype=np.float32),
        np.asfortranarray(certain * np.where(kept, KEPT_WALL, DROPPED_WALL), dtype=np.float32),
        (step**2).astype(np.float32),
        least**2,
    )
