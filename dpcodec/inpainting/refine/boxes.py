"""One channel's coefficients with their boxes, frame by frame."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dpcodec.inpainting.problem import Problem
from dpcodec.transform.operator import Operator

DEAD_ZONE = 2 / 3
"""A bound on what became zero, in steps of its quantiser."""
LOUDER, LOUDEST, SOFTEST, UNTOLD = 1.6, 0.4, 0.2, 0.2
"""Root mean square of what became zero: of the told level, for noise is filled in softer than what it stands
for; at most and at least, in steps; and in steps where the file tells no level at all."""

ATTACK = 3
"""Split exponent from which on nothing moves: longer windows spread what begins or stops there."""
ROWS_ABOVE = 8
"""Rows above the last one with a value into which a tone may spread. Farther up there is told noise alone."""
FRAMES_NEARBY = 8
"""Frames on each side in which a row, or one above it, must have a value or a noise level for a bound to
count: a segment tells no step of rows above the last one that it codes."""


class ChannelBoxes(NamedTuple):
    """Coefficients of the rows in which anything is coded, and a few more: float32 [L, K] where nothing else
    is said.

    operator  S, of all its rows
    start     sample of the file with which the signal begins
    level     power of two that values are divided by: no square overflows
    value     what the quantiser gives back
    step      of its quantiser; 0 where nothing is known or all
    low, high     the box, in steps from the value; see `_sides`
    noise     told level, in steps
    variance  of the error of the value
    symbol    its magnitude in whole steps, 0 where dropped
    split     bool [L, 1], whether the frame is cut into blocks
    attack    bool [L, 1], whether it is cut into so many that longer windows cannot tell of it
    """

    operator: Operator
    start: int
    level: float
    value: np.ndarray
    step: np.ndarray
    low: np.ndarray
    high: np.ndarray
    noise: np.ndarray
    variance: np.ndarray
    symbol: np.ndarray
    split: np.ndarray
    attack: np.ndarray

    @property
    def in_steps(self) -> np.ndarray:
        """The values in steps."""
        return _over(self.value, self.step)

    def samples(self, estimate: np.ndarray) -> np.ndarray:
        """The signal, float32 [N], of an estimate [L, K]."""
        whole = np.zeros((len(estimate), self.operator.bins), np.float32)
        whole[:, : estimate.shape[1]] = estimate
        samples: np.ndarray = np.asarray(self.operator.adjoint(whole.T), np.float32)
        return samples

    def coefficients(self, x: np.ndarray) -> np.ndarray:
        """Of signals float32 [n, N]: [n, L, K]."""
        found = np.swapaxes(self.operator.forward(x), -1, -2)[..., : self.value.shape[1]]
        return np.ascontiguousarray(found)


def channel_boxes(problem: Problem, channel: int) -> ChannelBoxes | None:
    """Those of one channel of an MDCT, or None where nothing can be refined."""
    kept = problem.kept[channel]
    coded = np.flatnonzero(kept.any(axis=1))
    peak = float(np.abs(problem.value[channel]).max(initial=0.0))
    if not len(coded) or not peak > 0:
        return None
    rows, level = slice(0, int(coded[-1]) + 1 + ROWS_ABOVE), 2.0 ** math.floor(math.log2(peak))

    def taken(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray((values[channel, rows] / level).T, dtype=np.float32)

    kept = np.ascontiguousarray(kept[rows].T)
    value, bound, told_noise = taken(problem.value), taken(problem.bound), taken(problem.noise)
    step = np.where(kept, 2 * taken(problem.halfwidth), bound / np.float32(DEAD_ZONE))
    step[~np.isfinite(step)] = 0
    if told_noise.any():
        step[_untold(kept | (told_noise > 0))] = 0
    if not step.any():
        return None
    middle = np.where(kept, _over(taken(problem.centre) - value, step), np.float32(0))
    told_noise = _over(told_noise, step)
    symbol = np.where(kept, np.maximum(np.rint(np.abs(_over(value, step))), 1), 0).astype(np.float32)
    loud = (symbol == 1) & told_noise.any()
    return ChannelBoxes(
        problem.operator,
        max(0, problem.origin.frame * problem.operator.hop - problem.operator.n_fft // 2),
        level,
        value,
        step,
        *_sides(kept, middle, loud, value),
        told_noise,
        _variance(kept, step, told_noise),
        symbol,
        _splits(problem.operator)[:, None] > 0,
        _splits(problem.operator)[:, None] >= ATTACK,
    )


def _sides(
    kept: np.ndarray, middle: np.ndarray, loud: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of the boxes around `middle`, in steps from the values. Those that are loud on purpose, for
    their band's energy, may grow and not shrink."""
    half = np.where(kept, np.float32(0.5), np.float32(DEAD_ZONE))
    low, high = np.minimum(middle - half, 0), np.maximum(middle + half, 0)
    low[loud & (value > 0)] = 0
    high[loud & (value < 0)] = 0
    return low, high


def _untold(told: np.ndarray) -> np.ndarray:
    """Cells above all of which anything is told in frames nearby, bool [L, K]: their bounds are not meant."""
    L, K = told.shape
    above = np.where(told.any(axis=1), K - np.argmax(told[:, ::-1], axis=1), 0)
    padded = np.pad(above, FRAMES_NEARBY)
    highest = np.max([padded[i : i + L] for i in range(2 * FRAMES_NEARBY + 1)], axis=0)
    untold: np.ndarray = np.arange(K) >= highest[:, None]
    return untold


def _variance(kept: np.ndarray, step: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Of a box that is hit evenly, or what the told level, in steps, lets expect of what became zero."""
    zero = np.clip(LOUDER * noise, SOFTEST, LOUDEST) if noise.any() else np.float32(UNTOLD)
    variance: np.ndarray = (np.where(kept, np.float32(1 / 12), zero**2) * step**2).astype(np.float32)
    return variance


def _splits(operator: Operator) -> np.ndarray:
    """Split exponents of the frames, int [L]."""
    none = np.zeros(operator.span.frames, np.int64)
    splits: np.ndarray = np.asarray(getattr(operator, "block_splits", none))
    return splits


def _over(values: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Values in steps, 0 where there is no step."""
    quotient: np.ndarray = np.divide(values, step, out=np.zeros_like(values), where=step > 0)
    return quotient
