"""Steps of an iterative solver, counted, shown and stopped in one place."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator

from dpcodec.inpainting.progress import Progress

Stage = Iterator[float]
"""Yields how much of the stage is over, 0 .. 1, once before each step, and ends when the stage has to."""


class StepBudget:
    """The steps of one channel, or of some side by side: tells the caller's `progress` how far all channels
    are, and keeps the time.

    Channels share what is left until `deadline` (on the clock of `time.monotonic`, s; None: no limit) evenly;
    `limit` bounds the steps of a channel (None: no bound). Before this one, or these, `channel` are over.
    """

    def __init__(
        self,
        progress: Progress,
        deadline: float | None,
        channel: int,
        channels: int,
        limit: int | None,
        together: int = 1,
    ) -> None:
        self._progress, self._channel, self._channels, self._limit = progress, channel, channels, limit
        self._together = together
        self._end: float | None = None
        if deadline is not None:
            now = time.monotonic()
            self._end = now + (deadline - now) * together / (channels - channel)
        self._left = self._total = 0
        self._stopped = False

    def plan(self, stages: Iterable[int]) -> None:
        """Say how many steps the stages to come may take."""
        wanted = sum(stages)
        self._left = wanted if self._limit is None else min(wanted, self._limit)
        self._total = self._left

    def stage(self, steps: int, share: float = 1.0) -> Stage:
        """At most `steps` steps, and at most a share of the time that is left.

        Yields the larger of the shares of steps and of time that are over, so that a schedule that follows it
        comes to its end when the time is short. A step that would pass the deadline is not begun.
        """
        start = before = time.monotonic()
        end = math.inf if self._end is None else start + share * (self._end - start)
        steps = min(steps, self._left)
        for step in range(0 if self._stopped else steps):
            done = self._channel * self._total + self._together * (self._total - self._left)
            self._stopped = bool(self._progress(done, self._channels * self._total, ""))
            now = time.monotonic()
            if self._stopped or 2 * now - before > end:
                return
            before = now
            yield max(step / steps, (now - start) / (end - start))
            self._left -= 1
