"""What the coefficients of some channels say of their signals, as a weighted least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from dpcodec.inpainting.arrays import by_frames, dot, peak, power, some
from dpcodec.inpainting.normal import Normal
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.quantiser_boxes import QuantiserBoxes, boxes_of
from dpcodec.transform.operator import Operator
from dpcodec.transform.stft import constant

Array = Any

BOUND_VARIANCE = 0.1
"""Mean square of a dropped coefficient, as a share of its bound's square."""
EXACT_VARIANCE = 1e-3
"""Variance given to exact coefficients beside bounded ones, as a share of the bounded ones' mean variance."""
COVERED = 1e-3
"""Share of a sample's weight in all frames that the kept ones must have for it to count as covered."""
ROUNDING = 1e-6
"""Share of the largest weight below which a weight is rounding."""
LOWEST_LEVEL, FARTHEST = -126.0, 1e4
"""Binary logarithm of the least level, and the most that half-widths and bounds count in levels, so that
float32 holds them: it is all that some devices have."""


class Known(NamedTuple):
    """How much is known of one signal.

    sounding       whether anything that is known of it is not zero
    determination  known real numbers per sample: kept coefficients, and bounded ones
    bounded        whether every dropped coefficient has a bound
    covered        whether some kept frame covers each sample that a frame covers at all
    exact          whether the surest coefficients have no error
    boxed          whether each coefficient has a box (`QuantiserBoxes`)
    """

    sounding: bool
    determination: float
    bounded: bool
    covered: bool
    exact: bool
    boxed: bool


@dataclass(frozen=True)
class Observation:
    """sum_kl c_k |Q_kl (Sx)_kl - Y_kl|^2 of each of B signals, on the device of its arrays, which are stored
    frame by frame.

    operator    S, the same for all
    target      complex64 or float32 [B, K, L], Y = Q X / level: from the values of kept ones, 0 elsewhere
    root        float32 [B, K, L], Q: 1 for the surest kept coefficients, 0 where nothing is known
    level       float32 [B, 1, 1], power of two that brings the largest target near 1: no overflow
    variance    float32 [B, 1, 1], mean square of the error of the surest coefficients: the unit of the sum
    boxes       the box of every coefficient, where an energy mask was quantised coarsely; None: nowhere
    known       of each signal, in numbers of Python's
    shown       called with the estimates after each step; None: nobody looks
    """

    operator: Operator
    target: Array
    root: Array
    level: Array
    variance: Array
    boxes: QuantiserBoxes | None
    known: tuple[Known, ...] = ()
    shown: Callable[[Array], None] | None = None

    def some(self, which: Sequence[int]) -> Observation:
        """Of some of the signals, in order."""
        names = ("target", "root", "level", "variance")
        boxes = None if self.boxes is None else self.boxes.some(which)
        arrays = {name: some(getattr(self, name), which) for name in names}
        return replace(self, boxes=boxes, known=tuple(self.known[i] for i in which), **arrays)

    def forward(self, x: Array) -> Array:
        """Q S x: real [B, N] -> [B, K, L]."""
        return self.operator.forward(x) * self.root

    def adjoint(self, Y: Array) -> Array:
        """S* Q Y: [B, K, L] -> real [B, N]."""
        return self.operator.adjoint(Y * self.root)

    @cached_property
    def square(self) -> Array:
        """Q^2, real [B, K, L]."""
        return self.root**2

    @cached_property
    def _normal(self) -> Normal:
        return Normal(self.operator, self.root)

    def normal(self, x: Array) -> Array:
        """S* Q^2 S x: real [B, N] -> real [B, N]."""
        return self._normal.times(x, self.square)

    def first(self) -> Array:
        """Where to start, real [B, N]: silence, or of an orthonormal S the signal of what is known."""
        if not self.operator.orthonormal:
            return 0 * self.adjoint(self.target)
        xp = array_namespace(self.root)
        sure = self.root > 0
        values = self.target / xp.where(sure, self.root, xp.ones_like(self.root))
        return self.operator.adjoint(xp.where(sure, values, xp.zeros_like(values)))

    def show(self, x: Array) -> None:
        """Tell whoever looks that a step has led to the estimates x, real [B, N]."""
        if self.shown is not None:
            self.shown(x)

    def misfit(self, x: Array) -> float:
        """Mean of |Q S x - Y|^2 over all cells, in the unit of the coefficients' squares."""
        xp = array_namespace(self.target)
        return float(xp.mean(self.level**2 * power(self.forward(x) - self.target)))

    def diagonal(self) -> Array:
        """diag(S* Q^2 S), real [B, N]: each frame counts with the c-weighted mean of its Q^2."""
        return diagonal(self.operator, self.square)

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
        whole = self.operator.gram_diagonal(self.root)
        lack = array_namespace(whole).max(whole) - whole
        lack[self.inside] = 0
        return lack


def diagonal(operator: Operator, weights: Array) -> Array:
    """diag(S* W S), real [B, N], for real weights [B, K, L]: each frame counts with their c-weighted mean."""
    xp = array_namespace(weights)
    share = operator.weights / operator.weights.sum()
    return operator.diagonal(xp.sum(constant(share, weights) * weights, axis=-2))


def observe(problem: Problem) -> Observation:
    """The observation of all channels, on the problem's device.

    The error of a kept coefficient's parts is uniform within their interval, of variance h^2 / 3 each for
    half-width h; a dropped one with a bound b is a zero with the variance `BOUND_VARIANCE` b^2.
    """
    xp = array_namespace(problem.value)
    value = xp.where(problem.kept, problem.value, xp.zeros_like(problem.value))
    largest = peak(xp.abs(value))
    silent = ~(largest > 0)
    binary = xp.floor(xp.log2(xp.where(silent, xp.ones_like(largest), largest)))
    level = 2.0 ** xp.where(binary < LOWEST_LEVEL, LOWEST_LEVEL * xp.ones_like(binary), binary)
    root, variance = _certainty(problem, level)
    seen = Observation(
        problem.operator,
        by_frames(root * (value / level)),
        by_frames(root),
        level,
        variance,
        boxes_of(problem, level),
    )
    return replace(seen, known=_known(problem, seen))


def _known(problem: Problem, seen: Observation) -> tuple[Known, ...]:
    xp = array_namespace(seen.root)
    b = seen.adjoint(seen.target)
    told = problem.kept | xp.isfinite(problem.bound)
    parts = 1 if problem.operator.orthonormal else 2
    unknown = max(problem.operator.span.samples, 1)
    diagonal, whole = seen.diagonal(), seen.operator.gram_diagonal(seen.root)
    covered = xp.all(diagonal >= COVERED * whole - ROUNDING * xp.max(whole), axis=-1)
    columns = (
        (dot(b, b) > 0).tolist(),
        [parts * count / unknown for count in xp.sum(told, axis=(-2, -1)).tolist()],
        xp.all(told, axis=(-2, -1)).tolist(),
        covered.tolist(),
        [not variance > 0 for variance in xp.reshape(seen.variance, (-1,)).tolist()],
        [False] * len(b) if seen.boxes is None else seen.boxes.found,
    )
    return tuple(Known(*row) for row in zip(*columns, strict=True))


def _certainty(problem: Problem, level: Array) -> tuple[Array, Array]:
    """(Q float32 [B, K, L], the variance for which Q is 1, [B, 1, 1]), of coefficients over the level."""
    xp = array_namespace(level)
    kept, bounded = problem.kept, ~problem.kept & xp.isfinite(problem.bound)
    zero, infinite = xp.zeros_like(problem.bound), xp.inf * xp.ones_like(problem.bound)
    bound = xp.minimum(xp.where(bounded, problem.bound, zero), FARTHEST * level) / level
    halfwidth = xp.minimum(xp.where(kept, problem.halfwidth, zero), FARTHEST * level) / level
    free = BOUND_VARIANCE * bound**2
    count = xp.astype(xp.sum(bounded, axis=(-2, -1), keepdims=True), level.dtype)
    mean = xp.sum(free, axis=(-2, -1), keepdims=True) / xp.maximum(count, xp.ones_like(count))
    parts = 1 if problem.operator.orthonormal else 2
    variance = xp.maximum(xp.where(kept, parts / 3 * halfwidth**2, free), EXACT_VARIANCE * mean)
    variance = xp.where(kept | bounded, variance, infinite)
    surest = -peak(xp.where(kept, -variance, -infinite))
    surest = xp.where(xp.isfinite(surest), surest, xp.zeros_like(surest))
    certain = variance <= surest
    root = xp.sqrt(surest / xp.where(certain, xp.ones_like(variance), variance))
    return xp.where(certain, xp.ones_like(root), root), surest
