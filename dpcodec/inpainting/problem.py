"""What a solver is given: everything the decoder knows about one stretch of audio, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
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
    """A masked spectrogram and what is known of each coefficient; complex of an STFT, real of an MDCT. Arrays
    are numpy's; those that `dpcodec.inpaint` makes of tensors for least squares are tensors.

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

    @property
    def largest(self) -> float:
        """The largest modulus of a kept coefficient's middle."""
        return float(abs(self.centre).max()) if 0 not in self.centre.shape else 0.0

    def channel(self, c: int) -> Problem:
        """The problem of one channel, [1, K, L]."""
        return self.part(c, c + 1)

    def part(self, first: int, last: int) -> Problem:
        """The problem of channels first .. last - 1, of those that there are."""
        names = ("kept", "value", "centre", "halfwidth", "bound", "noise")
        origin = self.origin._replace(channel=self.origin.channel + first)
        return replace(self, origin=origin, **{name: getattr(self, name)[first:last] for name in names})


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


def joined(problems: Sequence[Problem]) -> Problem:
    """The channels of problems of one operator as one problem, [C, K, L]; where they stand is forgotten."""
    names = ("kept", "value", "centre", "halfwidth", "bound", "noise")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in problems]) for name in names
    }
    return replace(problems[0], **arrays, origin=Origin())


def reinsert(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """With context: kept coefficients move to the nearest value their interval allows; exact ones come back.

    Dropped coefficients keep the estimate. [C, K, L] in and out, same dtype.
    """
    from dpcodec.transform.stft import array_namespace  # lazy: an encoder has no problems

    xp, centre, h = array_namespace(estimate), problem.centre, problem.halfwidth
    if not xp.isdtype(estimate.dtype, "complex floating"):
        inside = xp.clip(estimate, centre - h, centre + h)
    else:
        parts = ((part(estimate), part(centre)) for part in (xp.real, xp.imag))
        real, imag = (xp.clip(there, middle - h, middle + h) for there, middle in parts)
        inside = real + 1j * imag
    back: np.ndarray = xp.astype(xp.where(problem.kept, inside, estimate), estimate.dtype)
    return back


def limit(problem: Problem, estimate: np.ndarray) -> np.ndarray:
    """Scale dropped coefficients whose modulus passes their bound back onto it: [C, K, L]."""
    from dpcodec.transform.stft import array_namespace  # lazy, as above

    xp = array_namespace(estimate)
    modulus = xp.abs(estimate)
    over, one = ~problem.kept & (modulus > problem.bound), xp.ones_like(modulus)
    scale = xp.where(over, problem.bound / xp.where(over, modulus, one), one)
    limited: np.ndarray = xp.astype(estimate * scale, estimate.dtype)
    return limited
