"""The box that a coarse quantiser leaves for each coefficient where an energy mask dropped the small ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from dpcodec.inpainting.arrays import by_frames, peak, some
from dpcodec.inpainting.problem import Problem

Array = Any

KEPT_CENTRE_WEIGHT, KEPT_BOX_WEIGHT = 3.0, 6.0
"""Weights of a kept coefficient over the square of its step; 6 is one over the variance of its error."""
DROPPED_CENTRE_WEIGHT, DROPPED_BOX_WEIGHT = 0.9, 6.0
"""Weights of a dropped one: little draws it to zero, but its box holds it."""
FULL_EDGE = 1.5
"""Half-width of a dropped coefficient's box in a full column, in moduli of the least kept one."""
COARSE = 2.0
"""Most steps that the least kept modulus may have, in half of the columns, for steps to count as coarse."""
FARTHEST = 1e4
"""The most that steps and bounds count in levels, so that float32 holds them."""


class QuantiserBoxes(NamedTuple):
    """Where real and imaginary parts of the coefficients of B signals lie: |value - centre| <= edge.

    centre         complex64 [B, K, L], 0 where dropped
    edge           float32 [B, K, L]
    centre_weight  float32 [B, K, L], weight that draws a value to its centre anywhere
    box_weight     float32 [B, K, L], weight of the box, felt towards its edge
    power          float32 [B, 1, L], square of the quantiser's step around each frame
    unit           float32 [B, 1, 1], the square of the least step: what the weights are multiples of
    found          whether a signal has boxes; of one that has none the numbers mean nothing
    """

    centre: Array
    edge: Array
    centre_weight: Array
    box_weight: Array
    power: Array
    unit: Array
    found: tuple[bool, ...]

    def some(self, which: Sequence[int]) -> QuantiserBoxes | None:
        """Of some of the signals, in order; None where none of them has any."""
        if not any(self.found[i] for i in which):
            return None
        names = ("centre", "edge", "centre_weight", "box_weight", "power", "unit")
        arrays = {name: some(getattr(self, name), which) for name in names}
        return QuantiserBoxes(**arrays, found=tuple(self.found[i] for i in which))


def boxes_of(problem: Problem, level: Array) -> QuantiserBoxes | None:
    """The boxes of the channels divided by their levels, [B, 1, 1]; None where the masks or the steps of all
    of them are of another kind.

    A column that keeps fewer coefficients than another lost some to the quantiser: whatever is below those is
    below half a step. In a full column the mask's threshold may lie anywhere below the least kept modulus.
    """
    if problem.operator.orthonormal:
        return None  # a box says nothing of other coefficients
    xp = array_namespace(level)
    kept, h = problem.kept, problem.halfwidth
    bounded = xp.isfinite(problem.bound)
    some = xp.any(kept, axis=-2, keepdims=True)
    usable = xp.any(some, axis=-1, keepdims=True) & xp.all(
        xp.where(kept, h > 0, bounded), axis=(-2, -1), keepdims=True
    )
    if not xp.any(usable):
        return None
    zero, one = xp.zeros_like(h), xp.ones_like(h)
    bound = xp.minimum(xp.where(bounded & ~kept, problem.bound, zero), FARTHEST * level) / level
    widest = xp.max(xp.minimum(h, FARTHEST * level) / level, axis=-2, keepdims=True)
    step = xp.where(some, 2 * widest, math.sqrt(2) * xp.max(bound, axis=-2, keepdims=True))
    least = -peak(xp.where(step > 0, -step, -xp.inf * xp.ones_like(step)))
    least = xp.where(xp.isfinite(least), least, xp.ones_like(least))
    step = xp.where(step > 0, step, least)
    modulus = xp.where(kept, xp.abs(problem.centre) / level, xp.inf * one)
    modulus = xp.min(modulus, axis=-2, keepdims=True)
    smallest = xp.where(some & (modulus > step), modulus / step, xp.ones_like(step))
    fine = xp.sum(smallest > COARSE, axis=-1, keepdims=True)
    usable = usable & (2 * fine <= xp.sum(some, axis=-1, keepdims=True))
    if not xp.any(usable):
        return None
    count = xp.sum(kept, axis=-2, keepdims=True)
    full = count == xp.max(count, axis=-1, keepdims=True)
    reach = step * xp.where(full, FULL_EDGE * smallest, xp.ones_like(step) / 2)
    edge = xp.where(kept, step / 2, xp.minimum(reach, xp.where(bound > 0, bound, reach)))
    loose = 1 / xp.where(full, smallest, xp.ones_like(smallest)) ** 2
    certain = xp.where(kept, one, loose) * (least / step) ** 2
    return QuantiserBoxes(
        by_frames(xp.where(kept, problem.centre / level, xp.zeros_like(problem.centre))),
        by_frames(edge),
        by_frames(certain * xp.where(kept, KEPT_CENTRE_WEIGHT * one, DROPPED_CENTRE_WEIGHT * one)),
        by_frames(certain * xp.where(kept, KEPT_BOX_WEIGHT * one, DROPPED_BOX_WEIGHT * one)),
        step**2,
        least**2,
        tuple(xp.reshape(usable, (-1,)).tolist()),
    )
