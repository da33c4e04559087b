"""What one channel's problem says of the signal, as a weighted least squares on the coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from dpcodec.inpainting.arrays import power
from dpcodec.inpainting.normal import Normal
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.quantiser_boxes import QuantiserBoxes, boxes_of
from dpcodec.transform.operator import Operator

Array = Any

BOUND_VARIANCE = 0.1
"""Mean square of a dropped coefficient, as a share of its bound's square."""
EXACT_VARIANCE = 1e-3
"""Variance given to exact coefficients beside bounded ones, as a share of the bounded ones' mean variance."""
COVERED = 1e-3
"""Share of a sample's weight in all frames that the kept ones must have for it to count as covered."""
ROUNDING = 1e-6
"""Share of the largest weight below which a weight is rounding."""


@dataclass(frozen=True)
class Observation:
    """sum_kl c_k |Q_kl (Sx)_kl - Y_kl|^2, on the device of its arrays, which are stored frame by frame.

    operator    S
    target      complex64 or float32 [K, L], Y = Q X / level: from the values of kept ones, 0 elsewhere
    root        float32 [K, L], Q: 1 for the surest kept coefficients, 0 where nothing is known
    level       power of two that brings the largest target near 1: no overflow, no denormals
    variance       mean square of the error of the surest coefficients: the unit of the sum
    determination  known real numbers per sample of the signal: kept coefficients, and bounded ones
    bounded        whether every dropped coefficient has a bound
    boxes          the box of every coefficient, where an energy mask was quantised coarsely; else None
    shown          called with the estimate after each step; None: nobody looks
    """

    operator: Operator
    target: Array
    root: Array
    level: float
    variance: float
    determination: float
    bounded: bool
    boxes: QuantiserBoxes | None
    shown: Callable[[Array], None] | None = None

    def forward(self, x: Array) -> Array:
        """Q S x: real [N] -> [K, L]."""
        return self.operator.forward(x) * self.root

    def adjoint(self, Y: Array) -> Array:
        """S* Q Y: [K, L] -> real [N]."""
        return self.operator.adjoint(Y * self.root)

    @cached_property
    def square(self) -> Array:
        """Q^2, real [K, L]."""
        return self.root**2

    @cached_property
    def _normal(self) -> Normal:
        return Normal(self.operator, self.root)

    def normal(self, x: Array) -> Array:
        """S* Q^2 S x: real [N] -> real [N]."""
        return self._normal.times(x, self.square)

    def first(self) -> Array:
        """Where to start, real [N]: silence, or of an orthonormal S the signal of what is known."""
        if not self.operator.orthonormal:
            return 0 * self.adjoint(self.target)
        xp = array_namespace(self.root)
        sure = self.root > 0
        values = self.target / xp.where(sure, self.root, xp.ones_like(self.root))
        return self.operator.adjoint(xp.where(sure, values, xp.zeros_like(values)))

    def show(self, x: Array) -> None:
        """Tell whoever looks that a step has led to the estimate x, real [N]."""
        if self.shown is not None:
            self.shown(x)

    def misfit(self, x: Array) -> float:
        """Mean of |Q S x - Y|^2 over all cells, in the unit of the coefficients' squares."""
        xp = array_namespace(self.target)
        return self.level**2 * float(xp.mean(power(self.forward(x) - self.target)))

    def diagonal(self) -> Array:
        """diag(S* Q^2 S), real [N]: each frame counts with the c-weighted mean of its Q^2."""
        xp = array_namespace(self.root)
        weights = xp.asarray(self.operator.weights, dtype=self.root.dtype, device=device(self.root))
        share = xp.sum(weights * self.root**2, axis=0) / float(self.operator.weights.sum())
        return self.operator.diagonal(share)

    @property
    def inside(self) -> slice:
        """The samples that a cut end, with frames missing, does not reach."""
        span, n_fft = self.operator.span, self.operator.n_fft
        N, end = span.samples, (span.frames - 1) * self.operator.hop + n_fft
        first = n_fft if span.left == 0 else 0
        last = N - n_fft if span.left + N == end else N
        return slice(first, last) if first < last else slice(0, N)

    def missing(self) -> Array:
        """Real [N]: what the frames beyond a cut end would add to diag(S*S); 0 inside the block."""
        d = self.diagonal()
        xp = array_namespace(d)
        whole = self.operator.gram_diagonal(d)
        lack = xp.max(whole) - whole
        lack[self.inside] = 0
        return lack

    def covered(self) -> bool:
        """Whether some kept frame covers each sample that a frame covers at all."""
        xp = array_namespace(self.root)
        d = self.diagonal()
        whole = self.operator.gram_diagonal(d)
        return bool(xp.all(d >= COVERED * whole - ROUNDING * xp.max(whole)))


def observe(problem: Problem, channel: int) -> Observation:
    """The observation of one channel, as numpy arrays.

    The error of a kept coefficient's parts is uniform within their interval, of variance h^2 / 3 each for
    half-width h; a dropped one with a bound b is a zero with the variance `BOUND_VARIANCE` b^2.
    """
    kept = problem.kept[channel]
    value = np.where(kept, problem.value[channel], 0)
    wide = value.astype(np.result_type(value, np.float64))
    peak = float(np.abs(wide).max(initial=0.0))
    level = 2.0 ** math.floor(math.log2(peak)) if peak > 0 else 1.0
    known = kept | np.isfinite(problem.bound[channel])
    parts = 2 if np.iscomplexobj(value) else 1
    # In float64: a level of denormal size overflows in float32.
    halfwidth, bound = (x[channel].astype(np.float64) / level for x in (problem.halfwidth, problem.bound))
    root, variance = _certainty(kept, halfwidth, bound, parts)
    return Observation(
        problem.operator,
        np.asfortranarray(root * wide / level, dtype=value.dtype),
        np.asfortranarray(root, dtype=np.float32),
        level,
        variance,
        parts * np.count_nonzero(known) / max(problem.operator.span.samples, 1),
        bool(known.all()),
        boxes_of(problem, channel, level),
    )


def _certainty(
    kept: np.ndarray, halfwidth: np.ndarray, bound: np.ndarray, parts: int
) -> tuple[np.ndarray, float]:
    """(Q float64 [K, L], the variance for which Q is 1) of coefficients of `parts` real numbers."""
    bounded = ~kept & np.isfinite(bound)
    variance = np.full(kept.shape, np.inf)
    variance[bounded] = BOUND_VARIANCE * bound[bounded].astype(np.float64) ** 2
    least = EXACT_VARIANCE * float(variance[bounded].mean()) if bounded.any() else 0.0
    variance[kept] = parts / 3 * halfwidth[kept].astype(np.float64) ** 2
    variance = np.maximum(variance, least)
    surest = float(variance[kept].min()) if kept.any() else 0.0
    certain = variance <= surest
    root = np.sqrt(np.minimum(1.0, surest / np.where(certain, 1.0, variance)))
    root[certain] = 1.0
    return root, surest
