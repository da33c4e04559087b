"""Steps of an iterative solver, counted, shown and stopped in one place."""

from __future__ import annotations

import time
from collections.abc import Iterator

from dpcodec.inpaint.problem import Progress

Stage = Iterator[float]
"""Yields how much of the stage is over, 0 .. 1, once before each step, and ends when the stage has to."""


class Watch:
    """The steps of one channel: tells the caller's `progress` how far all channels are, and keeps the time.

    Channels share what is left until `deadline` (on the clock of `time.monotonic`, s; None: no limit) evenly;
    `limit` bounds the steps of a channel (None: no bound).
    """

    def __init__(
        self, progress: Progress, deadline: float | None, channel: int, channels: int, limit: int | None
    ) -> None:
        self._progress, self._channel, self._channels, self._limit = progress, channel, channels, limit
        self._end: float | None = None
        if deadline is not None:
            now = time.monotonic()
            self._end = now + (deadline - now) / (channels - channel)
        self._done = 0
        self._stopped = False

    def allowed(self, wanted: int, spent: int = 0) -> int:
        """`wanted` steps, or as many as the bound leaves after `spent` others."""
        return wanted if self._limit is None else max(0, min(wanted, self._limit - spent))

    def stage(self, steps: int, total: int) -> Stage:
        """The steps of a stage, of `total` that the channel may take.

        Yields the larger of the shares of steps and of time that are over, so that a schedule that follows it
        comes to its end when the time is short. A step that would pass the deadline is not begun.
        """
        start = before = time.monotonic()
        for step in range(steps):
            done = self._channel * total + self._done
            self._stopped |= bool(self._progress(done, self._channels * total))
            now = time.monotonic()
            late = self._end is not None and 2 * now - before > self._end
            if self._stopped or late:
                return
            before = now
            share = step / steps
            if self._end is not None:
                share = max(share, (now - start) / (self._end - start))
            yield share
            self._done += 1
