"""What one channel's problem says of the signal, as a weighted least squares on the coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpaint.cells import Cells, cells_of
from dpcodec.inpaint.problem import Problem
from dpcodec.signal.stft import Span, Stft

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

    stft, span  the operator S
    target      complex64 [K, L], Y = Q X / level: from the centres of kept coefficients, 0 elsewhere
    root        float32 [K, L], Q: 1 for the surest kept coefficients, 0 where nothing is known
    level       power of two that brings the largest target near 1: no overflow, no denormals
    variance       mean square of the error of the surest coefficients: the unit of the sum
    determination  known real numbers per sample of the signal: kept coefficients, and bounded ones
    bounded        whether every dropped coefficient has a bound
    cells          the box of every coefficient, where an energy mask was quantised coarsely; else None
    """

    stft: Stft
    span: Span
    target: Array
    root: Array
    level: float
    variance: float
    determination: float
    bounded: bool
    cells: Cells | None

    def forward(self, x: Array) -> Array:
        """Q S x: real [N] -> complex [K, L]."""
        return self.stft.forward(x, self.span) * self.root

    def adjoint(self, Y: Array) -> Array:
        """S* Q Y: complex [K, L] -> real [N]."""
        return self.stft.adjoint(Y * self.root, self.span)

    def diagonal(self) -> Array:
        """diag(S* Q^2 S), real [N]: each frame counts with the c-weighted mean of its Q^2."""
        xp = array_namespace(self.root)
        weights = xp.asarray(self.stft.weights, dtype=self.root.dtype, device=self.root.device)
        share = xp.sum(weights * self.root**2, axis=0) / self.stft.n_fft
        ones = xp.ones(self.span.samples, dtype=self.root.dtype, device=self.root.device)
        return self.stft.adjoint(self.stft.forward(ones, self.span) * share, self.span)

    @property
    def inside(self) -> slice:
        """The samples that a cut end, with frames missing, does not reach."""
        N, n_fft = self.span.samples, self.stft.n_fft
        end = (self.span.frames - 1) * self.stft.hop + n_fft
        first = n_fft if self.span.left == 0 else 0
        last = N - n_fft if self.span.left + N == end else N
        return slice(first, last) if first < last else slice(0, N)

    def missing(self) -> Array:
        """Real [N]: what the frames beyond a cut end would add to diag(S*S); 0 inside the block."""
        d = self.diagonal()
        xp = array_namespace(d)
        whole = self.stft.gram_diagonal(self.span, d)
        lack = xp.max(whole) - whole
        lack[self.inside] = 0
        return lack

    def covered(self) -> bool:
        """Whether some kept frame covers each sample that a frame covers at all."""
        xp = array_namespace(self.root)
        d = self.diagonal()
        whole = self.stft.gram_diagonal(self.span, d)
        return bool(xp.all(d >= COVERED * whole - ROUNDING * xp.max(whole)))


def observe(problem: Problem, channel: int) -> Observation:
    """The observation of one channel, as numpy arrays.

    A kept coefficient's error is uniform within its interval, of variance 2 h^2 / 3 for half-width h; a
    dropped one with a bound b is a zero with the variance `BOUND_VARIANCE` b^2.
    """
    kept = problem.kept[channel]
    centre = np.where(kept, problem.centre[channel], 0).astype(np.complex128)
    peak = float(np.abs(centre).max(initial=0.0))
    level = 2.0 ** math.floor(math.log2(peak)) if peak > 0 else 1.0
    known = kept | np.isfinite(problem.bound[channel])
    root, variance = _certainty(kept, problem.halfwidth[channel] / level, problem.bound[channel] / level)
    return Observation(
        problem.stft,
        problem.span,
        np.asfortranarray(root * centre / level, dtype=np.complex64),
        np.asfortranarray(root, dtype=np.float32),
        level,
        variance,
        2 * np.count_nonzero(known) / max(problem.span.samples, 1),
        bool(known.all()),
        cells_of(problem, channel, level),
    )


def _certainty(kept: np.ndarray, halfwidth: np.ndarray, bound: np.ndarray) -> tuple[np.ndarray, float]:
    """(Q float64 [K, L], the variance for which Q is 1)."""
    bounded = ~kept & np.isfinite(bound)
    variance = np.full(kept.shape, np.inf)
    variance[bounded] = BOUND_VARIANCE * bound[bounded].astype(np.float64) ** 2
    least = EXACT_VARIANCE * float(variance[bounded].mean()) if bounded.any() else 0.0
    variance[kept] = 2 / 3 * halfwidth[kept].astype(np.float64) ** 2
    variance = np.maximum(variance, least)
    surest = float(variance[kept].min()) if kept.any() else 0.0
    certain = variance <= surest
    root = np.sqrt(np.minimum(1.0, surest / np.where(certain, 1.0, variance)))
    root[certain] = 1.0
    return root, surest
