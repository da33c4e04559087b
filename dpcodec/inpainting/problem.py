"""What a solver is given: everything the decoder knows about one stretch of audio, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from dpcodec.transform.operator import Operator
    from dpcodec.transform.stft import Span, Stft

Array = Any


class Origin(NamedTuple):
    """Where the first coefficient stands in the file: its channel and frame, and the frames F of a
    segment."""

    channel: int = 0
    frame: int = 0
    segment_frames: int = 1 << 20


@dataclass(frozen=True)
class Problem:
    """A masked spectrogram and what is known of each coefficient; complex of an STFT, real of an MDCT.

    operator   S of the stretch; `operator.forward(x)` and `operator.adjoint(X)`
    kept       bool [C, K, L], True where the coefficient arrived
    value      complex64 or float32 [C, K, L], what the file's own quantiser gives back; zero elsewhere
    centre     the same, middle of the quantiser's box; zero elsewhere
    halfwidth  float32 [C, K, L], real and imaginary part each lie within this of the centre; 0 where exact
    bound      float32 [C, K, L], bound on the modulus of a dropped one; inf where unknown, 0 where kept
    noise      float32 [C, K, L], root mean square that the file tells of a dropped one; 0 where none is told
    origin     of the first coefficient
    """

    operator: Operator
    kept: np.ndarray
    value: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    noise: np.ndarray
    origin: Origin = field(default_factory=Origin)

    @property
    def determination(self) -> float:
        """Kept real numbers per unknown sample: above 1 the kept coefficients may determine the signal."""
        unknowns = self.kept.shape[0] * self.operator.span.samples
        numbers = float(np.count_nonzero(self.kept)) * (2 if np.iscomplexobj(self.value) else 1)
        return numbers / unknowns if unknowns else float("inf")

    def channel(self, c: int) -> Problem:
        """The problem of one channel, [1, K, L]."""
        one = slice(c, c + 1)
        names = ("kept", "value", "centre", "halfwidth", "bound", "noise")
        origin = self.origin._replace(channel=self.origin.channel + c)
        return replace(self, origin=origin, **{name: getattr(self, name)[one] for name in names})


def stft_problem(
    stft: Stft,
    span: Span,
    kept: np.ndarray,
    centre: np.ndarray,
    halfwidth: np.ndarray,
    bound: np.ndarray,
    origin: Origin | None = None,
) -> Problem:
    """A problem of complex coefficients without told noise, whose quantiser gives back its boxes' middles."""
    from dpcodec.transform.operator import StftOperator  # lazy: an encoder has no problems

    noise = np.broadcast_to(np.float32(0), kept.shape)
    return Problem(
        StftOperator(stft, span), kept, centre, centre, halfwidth, bound, noise, origin or Origin()
    )


def reinsert(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """With context: kept coefficients move to the nearest value their interval allows; exact ones come back.

    Dropped coefficients keep the estimate. [C, K, L] in and out, same dtype.
    """
    centre, h = problem.centre, problem.halfwidth
    inside = np.clip(estimate.real, centre.real - h, centre.real + h)
    if np.iscomplexobj(estimate):
        inside = inside + 1j * np.clip(estimate.imag, centre.imag - h, centre.imag + h)
    return np.where(problem.kept, inside, estimate).astype(estimate.dtype)


def limit(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """Scale dropped coefficients whose modulus passes their bound back onto it: [C, K, L]."""
    modulus = np.abs(estimate)
    over = ~problem.kept & (modulus > problem.bound)
    scale = np.divide(problem.bound, modulus, out=np.ones_like(problem.bound), where=over)
    limited: np.ndarray = (estimate * scale).astype(estimate.dtype)
    return limited
