"""The box that a coarse quantiser leaves for each coefficient where an energy mask dropped the small ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dpcodec.inpainting.problem import Problem

Array = Any

KEPT_CENTRE_WEIGHT, KEPT_BOX_WEIGHT = 3.0, 6.0
"""Weights of a kept coefficient over the square of its step; 6 is one over the variance of its error."""
DROPPED_CENTRE_WEIGHT, DROPPED_BOX_WEIGHT = 0.9, 6.0
"""Weights of a dropped one: little draws it to zero, but its box holds it."""
FULL_EDGE = 1.5
"""Half-width of a dropped coefficient's box in a full column, in moduli of the least kept one."""
COARSE = 2.0
"""Most steps that the least kept modulus may have, in the median column, for steps to count as coarse."""


class QuantiserBoxes(NamedTuple):
    """Where real and imaginary parts of a channel's coefficients lie: |value - centre| <= edge.

    centre         complex64 [K, L], 0 where dropped
    edge           float32 [K, L]
    centre_weight  float32 [K, L], weight that draws a value to its centre anywhere
    box_weight     float32 [K, L], weight of the box, felt towards its edge
    power          float32 [L], square of the quantiser's step around each frame
    unit           the square of the least step: what the weights are multiples of
    """

    centre: Array
    edge: Array
    centre_weight: Array
    box_weight: Array
    power: np.ndarray
    unit: float

    def moved(self, move: Callable[[np.ndarray], Array]) -> QuantiserBoxes:
        """The same with the large arrays on another device."""
        names = ("centre", "edge", "centre_weight", "box_weight")
        return self._replace(**{name: move(getattr(self, name)) for name in names})


def boxes_of(problem: Problem, channel: int, level: float) -> QuantiserBoxes | None:
    """The boxes of one channel divided by `level`, or None where the mask or the steps are of another kind.

    A column that keeps fewer coefficients than another lost some to the quantiser: whatever is below those is
    below half a step. In a full column the mask's threshold may lie anywhere below the least kept modulus.
    """
    kept, bound = problem.kept[channel], problem.bound[channel].astype(np.float64)
    h = problem.halfwidth[channel].astype(np.float64)
    if problem.operator.orthonormal:
        return None  # a box says nothing of other coefficients
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
    return QuantiserBoxes(
        np.asfortranarray(np.where(kept, problem.centre[channel] / level, 0), dtype=np.complex64),
        np.asfortranarray(edge, dtype=np.float32),
        np.asfortranarray(
            certain * np.where(kept, KEPT_CENTRE_WEIGHT, DROPPED_CENTRE_WEIGHT), dtype=np.float32
        ),
        np.asfortranarray(certain * np.where(kept, KEPT_BOX_WEIGHT, DROPPED_BOX_WEIGHT), dtype=np.float32),
        (step**2).astype(np.float32),
        least**2,
    )
