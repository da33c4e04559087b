"""One progress for many works: linear solutions, steps of a network."""

from __future__ import annotations

from dpcodec.inpainting.progress import Progress

UNITS = 1000
"""Steps told for a channel."""


class ProgressParts:
    """Tells the caller's `progress` about one channel of many; remembers when it asks to stop."""

    def __init__(self, progress: Progress, channel: int, channels: int) -> None:
        self._progress, self._channel, self._channels = progress, channel, channels
        self.stopped = False

    def part(self, first: float, last: float) -> Progress:
        """A progress for a work that takes the channel from the share `first` to the share `last`."""

        def told(done: float, total: float | None, detail: str) -> bool:
            share = first + (last - first) * done / max(total or 1, 1)
            at = round(UNITS * (self._channel + share))
            self.stopped = bool(self._progress(at, UNITS * self._channels, detail)) or self.stopped
            return self.stopped

        return told
