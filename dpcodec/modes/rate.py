"""Which step makes the bytes that are to be spent: a search over the step's logarithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from dpcodec.modes.base import Allowance, CodedSegment

TOLERANCE = 0.003
"""Half the share of the bytes to spend that may be left. More are spent only where no step makes fewer."""
WIDEST, OF_ALL = 0.03, 0.006
"""The same of a segment whose rest the next one may spend, and as a share of all bytes of the file so far,
for the next one may be too short to spend it."""
_LAST, _LAST_BYTES = 0.002, 4
"""The same of a file's last, as a share and in bytes, whichever is more, a quarter at most."""
MOST_TRIALS = 12
_SLOPE = -0.9
"""Of log2 bytes over log2 step, about."""
_NEAREST = 1 / 256
"""Between steps whose logarithms are no further apart, size hardly changes, or jumps."""
_GUESSES = 4
"""Trials after which a step between two is the middle."""
_MOST_ESTIMATES, _NEAR, _FARTHEST = 8, 0.4, 8.0
"""Of one step, how near to what is wanted is good enough, as a share of the tolerance, and octaves that one
trial may be away from the one before."""

FIRST_GROUP, GROUP, LAG = 16, 4, 8
"""Segments of the first group and of others, in which each may spend what those before it have left; and
groups between one and the last whose size it may know of. So groups can be coded at the same time, and come
out as in one go; a short file is one group."""


def place_of(segment: int) -> tuple[int, int]:
    """The group of a segment, and its place there.

    >>> place_of(0), place_of(15), place_of(16), place_of(21)
    ((0, 0), (0, 15), (1, 0), (2, 1))
    """
    if segment < FIRST_GROUP:
        return 0, segment
    group, place = divmod(segment - FIRST_GROUP, GROUP)
    return group + 1, place


def first_of(group: int) -> int:
    """The first segment of a group."""
    return FIRST_GROUP + (group - 1) * GROUP if group else 0


def ends_group(segment: int) -> bool:
    """Whether it is the last of its group."""
    return place_of(segment + 1)[1] == 0


class Spending:
    """What has been spent of a group."""

    def __init__(self) -> None:
        self._spent = 0

    def wanted(self, index: int, allowance: Allowance, last: bool) -> tuple[int, float]:
        """Bytes for the bodies of a segment, and half the share of them that may be left: of a file's last
        and of a group's, whose rest comes back late, little, else as much as saves most trials."""
        _, place = place_of(index)
        if not place:
            self._spent = 0
        wanted = max(allowance.upto - self._spent, allowance.least, 1)
        if last:
            return wanted, min(max(_LAST, _LAST_BYTES / wanted), 0.25)
        before = max(allowance.upto, wanted) / (place + 1) * (index + 1)
        return wanted, TOLERANCE if ends_group(index) else min(OF_ALL * before / wanted, WIDEST)

    def spend(self, coded: CodedSegment) -> CodedSegment:
        """The same segment, counted."""
        self._spent += coded.size
        return coded


def search(
    attempt: Callable[[float], CodedSegment],
    estimate: Callable[[float], float],
    wanted: int,
    start: float,
    finest: float = -math.inf,
    tolerance: float = TOLERANCE,
    dearer: float = 0.0,
) -> tuple[CodedSegment, tuple[float, float]]:
    """The segment nearest to just below `wanted` bytes, and what was found: the log2 of the step that made
    them, and log2 of how many more they were than estimated.

    attempt    the segment coded at the log2 of a step
    estimate   its bytes, about, of which the search asks before it codes
    start      log2 of a step that may be near
    finest     log2 of the finest step worth its bytes; where it makes too few, it is taken
    tolerance  half the share of the bytes that may be left
    dearer     log2 of how many more than estimated are expected

    Each trial tells how much dearer than estimated the segment is; the next step is held between the nearest
    trials on either side.
    """
    low, high = -math.inf, math.inf  # steps known to give too much, too little
    aim = math.log2(wanted * (1 - tolerance))
    log2_bytes = lru_cache(maxsize=None)(lambda log2_step: math.log2(max(estimate(log2_step), 2.0**-60)))
    best: tuple[tuple[bool, float], CodedSegment, float] | None = None
    last: tuple[float, float] | None = None
    slope = 1.0  # of log2 bytes over that of their estimate
    here = max(_step_of(log2_bytes, aim - dearer, max(start, finest), tolerance), finest)
    for trial in range(1, MOST_TRIALS + 1):
        coded = attempt(here)
        miss = math.log2(max(coded.size, 1)) - aim
        rank = coded.size > wanted, abs(miss)
        if best is None or rank < best[0]:
            best = rank, coded, here
        if here == finest and miss < 0:
            best = rank, coded._replace(finest=True), here
            break
        if abs(miss) <= tolerance * math.log2(math.e):
            break
        low, high = (here, high) if miss > 0 else (low, here)
        at = log2_bytes(here)
        if last is not None and abs(at - last[0]) > 1e-9:
            slope = max(0.25, min(4.0, (miss - last[1]) / (at - last[0])))
        last = at, miss
        there = max(_step_of(log2_bytes, at - miss / slope, here, tolerance / slope), finest)
        if trial >= _GUESSES or not low < there < high:
            there = (low + high) / 2 if math.isfinite(high - low) else there
        if high - low < _NEAREST:
            break
        here = there
    assert best is not None  # at least one trial
    return best[1], (best[2], math.log2(max(best[1].size, 1)) - log2_bytes(best[2]))


def _step_of(log2_bytes: Callable[[float], float], wanted: float, start: float, tolerance: float) -> float:
    """Log2 of the step of so many, of which it makes fewer the larger it is: secants from `start` on."""
    here, slope = start, _SLOPE
    miss = log2_bytes(here) - wanted
    for _ in range(_MOST_ESTIMATES):
        there = max(start - _FARTHEST, min(start + _FARTHEST, here - miss / slope))
        if abs(miss) <= _NEAR * tolerance or there == here:
            break
        new = log2_bytes(there) - wanted
        slope = max(-2.0, min(-0.2, (new - miss) / (there - here)))
        here, miss = there, new
    return here
