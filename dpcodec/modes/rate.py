"""Which step makes the bytes that are to be spent: a search over the step's logarithm."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dpcodec.modes.base import Allowance, CodedSegment

TOLERANCE = 0.004
"""Half the share of the bytes to spend that may be left. More are spent only where no step makes fewer."""
MOST_TRIALS = 12
WIDEST = 0.02
_SLOPE = -0.9
"""Of log2 bytes over log2 step, before two trials have shown it."""
_FORECAST_SLOPE = 0.8
"""The same over log2 of a forecast, which knows nothing of side information."""
_NEAREST = 1 / 256
"""Between steps whose logarithms are no further apart, size hardly changes, or jumps."""
_SECANTS = 4
"""Trials after which a step between two is the middle."""
_LOG2_STEPS = 4
"""Values are counted in quarters of an octave."""
_SMALLEST, _LARGEST = -40, 40


GROUP, LAG = 4, 8
"""Segments of a group, in which each may spend what those before it have left; and groups between one and the
last whose size it may know of. So groups can be coded at the same time, and come out as in one go."""


def tolerance_of(segment: int) -> float:
    """`TOLERANCE` of all bytes up to a segment, as a share of its own, WIDEST at most, and half of that where
    a group ends: what it leaves the next one of its group may spend, or later ones, so a file is as near to
    its bit rate as if each segment were."""
    return min(TOLERANCE * (segment + 1), WIDEST / 2 if segment % GROUP == GROUP - 1 else WIDEST)


class Spending:
    """What has been spent of a group."""

    def __init__(self) -> None:
        self._spent = 0

    def wanted(self, index: int, allowance: Allowance) -> int:
        """Bytes for the bodies of a segment."""
        if index % GROUP == 0:
            self._spent = 0
        return max(allowance.upto - self._spent, allowance.least, 1)

    def spend(self, coded: CodedSegment) -> CodedSegment:
        """The same segment, counted."""
        self._spent += coded.size
        return coded


class Forecast:
    """What values cost at a step, up to a factor: the sum of log2(1 + (x / step)**2) / 2.

    magnitudes  [...], in steps of log2 0
    """

    def __init__(self, magnitudes: np.ndarray) -> None:
        tiny = 2.0 ** (_SMALLEST - 1)
        octaves = np.log2(np.maximum(magnitudes.ravel(), tiny))
        bins = np.clip(np.rint(octaves * _LOG2_STEPS) - _SMALLEST * _LOG2_STEPS, -1, self._bins() - 1)
        counts = np.bincount(bins.astype(np.int64) + 1, minlength=self._bins() + 1)[1:]
        self._some = np.flatnonzero(counts)
        self._counts = counts[self._some]
        self._octaves = self._some / _LOG2_STEPS + _SMALLEST

    def log2_cost(self, log2_step: float) -> float:
        """Log2 of the cost at a step."""
        each = np.log2(1 + np.exp2(2 * (self._octaves - log2_step)))
        return math.log2(max(float(self._counts @ each), 2.0**-60))

    def log2_step(self, log2_cost: float) -> float:
        """The step of a cost: the inverse, by bisection."""
        low, high = float(_SMALLEST), float(_LARGEST)
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.log2_cost(middle) > log2_cost else (low, middle)
        return low

    @staticmethod
    def _bins() -> int:
        return (_LARGEST - _SMALLEST) * _LOG2_STEPS


def search(
    attempt: Callable[[float], CodedSegment],
    wanted: int,
    start: float,
    finest: float = -math.inf,
    forecast: Forecast | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[CodedSegment, float]:
    """The segment nearest to just below `wanted` bytes, and the log2 of the step that made them.

    attempt    the segment coded at the log2 of a step
    start      log2 to begin at
    finest     log2 of the finest step worth its bytes; where it makes too few, it is taken
    forecast   how bytes follow the step; None: a straight line on logarithmic scales
    tolerance  half the share of the bytes that may be left

    Secant steps on a logarithmic scale, held between the nearest trials on either side.
    """
    low, high = -math.inf, math.inf  # steps known to give too much, too little
    here, slope = max(start, finest), _FORECAST_SLOPE if forecast else _SLOPE
    aim = wanted * (1 - tolerance)
    best: tuple[tuple[bool, float], CodedSegment, float] | None = None
    last: tuple[float, float] | None = None
    for trial in range(1, MOST_TRIALS + 1):
        coded = attempt(here)
        size = coded.size
        miss = math.log2(max(size, 1) / aim)
        rank = size > wanted, abs(miss)
        if best is None or rank < best[0]:
            best = rank, coded, here
        if here == finest and miss < 0:
            return coded._replace(finest=True), here
        if abs(miss) <= tolerance * math.log2(math.e):
            break
        low, high = (here, high) if miss > 0 else (low, here)
        at = forecast.log2_cost(here) if forecast else here
        if last is not None and abs(at - last[0]) > 1e-9:
            slope = (miss - last[1]) / (at - last[0])
            slope = max(slope, 0.25) if forecast else min(slope, -0.2)
        last = at, miss
        at += max(-4.0, min(4.0, -miss / slope))
        there = max(forecast.log2_step(at) if forecast else at, finest)
        if trial >= _SECANTS or not low < there < high:
            there = (low + high) / 2 if math.isfinite(high - low) else there
        if high - low < _NEAREST:
            break
        here = there
    assert best is not None  # at least one trial
    return best[1], best[2]
