"""What a solver is given: everything the decoder knows about one stretch of audio, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dpcodec.signal.stft import Span, Stft

Array = Any


class Progress(Protocol):
    """Called by solvers as they go. A true answer asks the solver to stop and return its best so far."""

    def __call__(self, done: int, total: int, loss: float | None = None) -> bool | None:
        """`done` of `total` steps are over; `loss` is the solver's own objective."""


def silent(done: int, total: int, loss: float | None = None) -> None:
    """A progress that shows nothing and never stops."""


@dataclass(frozen=True)
class Problem:
    """A masked spectrogram and what is known of each coefficient.

    stft       the operator S; `stft.forward(x, span)` and `stft.adjoint(X, span)`
    span       how the unknown signal lies under the L frames
    kept       bool [C, K, L], True where the coefficient arrived
    centre     complex64 [C, K, L], its value; zero elsewhere
    halfwidth  float32 [C, K, L], real and imaginary part each lie within this of the centre; 0 where exact
    bound      float32 [C, K, L], bound on the modulus of a dropped one; inf where unknown, 0 where kept
    """

    stft: Stft
    span: Span
    kept: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray

    @property
    def determination(self) -> float:
        """Kept real numbers per unknown sample: above 1 the kept coefficients may determine the signal."""
        unknowns = self.kept.shape[0] * self.span.samples
        return 2 * float(np.count_nonzero(self.kept)) / unknowns if unknowns else float("inf")


def reinsert(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """With context: kept coefficients move to the nearest value their interval allows; exact ones come back.

    Dropped coefficients keep the estimate. Complex [C, K, L] in and out, same dtype.
    """
    re, im, h = problem.centre.real, problem.centre.imag, problem.halfwidth
    real = np.clip(estimate.real, re - h, re + h)
    imag = np.clip(estimate.imag, im - h, im + h)
    return np.where(problem.kept, real + 1j * imag, estimate).astype(estimate.dtype)


def limit(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """Scale dropped coefficients whose modulus passes their bound back onto it. Complex [C, K, L]."""
    modulus = np.abs(estimate)
    over = ~problem.kept & (modulus > problem.bound)
    scale = np.divide(problem.bound, modulus, out=np.ones_like(problem.bound), where=over)
    limited: np.ndarray = (estimate * scale).astype(estimate.dtype)
    return limited
