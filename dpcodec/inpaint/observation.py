"""What one channel's problem says of the signal, as a weighted least squares on the coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

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
    """sum_kl c_k |Q_kl ((Sx)_kl - X_kl)|^2, on the device of its arrays.

    stft, span  the operator S
    target      complex64 [K, L], X: centres of kept coefficients, 0 elsewhere
    root        float32 [K, L], Q: 1 for the surest kept coefficients, 0 where nothing is known
    variance       mean square of the error of the surest coefficients: the unit of the sum
    determination  kept real numbers per sample of the signal
    bounded        whether every dropped coefficient has a bound
    """

    stft: Stft
    span: Span
    target: Array
    root: Array
    variance: float
    determination: float
    bounded: bool

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
    kept, h = problem.kept[channel], problem.halfwidth[channel].astype(np.float64)
    b = problem.bound[channel].astype(np.float64)
    bounded = ~kept & np.isfinite(b)
    variance = np.where(kept, 2 / 3 * h**2, np.inf)
    variance[bounded] = BOUND_VARIANCE * b[bounded] ** 2
    if bounded.any():
        variance = np.maximum(variance, EXACT_VARIANCE * variance[bounded].mean())
    exact = kept & (variance == 0)
    surest = 0.0 if exact.any() or not kept.any() else float(variance[kept].min())
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.where(exact, 1.0, np.minimum(1.0, np.sqrt(surest / variance)))
    root = np.nan_to_num(root, nan=1.0)
    target = np.where(kept, problem.centre[channel], 0)
    return Observation(
        problem.stft,
        problem.span,
        target.astype(np.complex64),
        root.astype(np.float32),
        surest,
        2 * np.count_nonzero(kept) / max(problem.span.samples, 1),
        bool((kept | bounded).all()),
    )
