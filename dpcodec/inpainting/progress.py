"""How far the work is, told while it goes on."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called as work goes on, by the codec in seconds of audio, by a solver in steps.

    A true answer asks a decoder to stop: its solver gives its best so far, the rest of the file is rebuilt
    with solver none, and the report says so. The encoder ignores the answer.
    """

    def __call__(self, done: float, total: float | None, detail: str) -> bool | None:
        """`done` of `total` (None: not known) are over; `detail` is one line for the eye."""


def silent(done: float, total: float | None, detail: str) -> None:
    """A progress that shows nothing and never stops."""
