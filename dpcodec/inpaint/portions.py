"""One progress for many works: linear solutions, steps of a network."""

from __future__ import annotations

from dpcodec.inpaint.problem import Progress

UNITS = 1000
"""Steps told for a channel."""


class Portions:
    """Tells the caller's `progress` about one channel of many; remembers when it asks to stop."""

    def __init__(self, progress: Progress, channel: int, channels: int) -> None:
        self._progress, self._channel, self._channels = progress, channel, channels
        self.stopped = False

    def part(self, first: float, last: float) -> Progress:
        """A progress for a work that takes the channel from the share `first` to the share `last`."""

        def told(done: int, total: int, loss: float | None = None) -> bool:
            share = first + (last - first) * done / max(total, 1)
            at = round(UNITS * (self._channel + share))
            self.stopped = bool(self._progress(at, UNITS * self._channels, loss)) or self.stopped
            return self.stopped

        return told

    def split(self, first: float, last: float, count: int) -> list[Progress]:
        """Equal parts, one after the other."""
        step = (last - first) / max(count, 1)
        return [self.part(first + i * step, first + (i + 1) * step) for i in range(count)]
