"""Which step makes the bytes that are to be spent: a search over the step's logarithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from dpcodec.modes.base import CodedSegment

TOLERANCE = 0.004
"""Half the share of the bytes to spend that may be left. More are spent only where no step makes fewer."""
MOST_TRIALS = 12
_SLOPE = -0.9
"""Of log2 bytes over log2 step, before two trials have shown it."""


def search(
    attempt: Callable[[float], CodedSegment], wanted: int, start: float, finest: float = -math.inf
) -> tuple[CodedSegment, float]:
    """The segment nearest to just below `wanted` bytes, and the log2 of the step that made them.

    attempt  the segment coded at the log2 of a step
    start    log2 to begin at
    finest   log2 of the finest step worth its bytes; where it makes too few, it is taken

    Secant steps on a logarithmic scale, held between the nearest trials on either side.
    """
    low, high = -math.inf, math.inf  # steps known to give too much, too little
    here, slope = max(start, finest), _SLOPE
    aim = wanted * (1 - TOLERANCE)
    best: tuple[float, CodedSegment, float] | None = None
    last: tuple[float, float] | None = None
    for _ in range(MOST_TRIALS):
        coded = attempt(here)
        size = sum(map(len, coded.bodies))
        miss = math.log2(max(size, 1) / aim)
        if best is None or abs(miss) < best[0]:
            best = abs(miss), coded, here
        if here == finest and miss < 0:
            return replace(coded, finest=True), here
        if abs(miss) <= TOLERANCE * math.log2(math.e):
            break
        low, high = (here, high) if miss > 0 else (low, here)
        if last is not None and abs(here - last[0]) > 1e-9:
            slope = min((miss - last[1]) / (here - last[0]), -0.2)
        last = here, miss
        step = max(-4.0, min(4.0, -miss / slope))
        there = max(here + step, finest)
        if not low < there < high:
            there = (low + high) / 2
        if there in (low, high):
            break
        here = there
    assert best is not None  # at least one trial
    return best[1], best[2]
