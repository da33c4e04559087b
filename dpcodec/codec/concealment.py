"""The decoder's walk over holes: coefficients pass through at once, and wait only where one is to be filled.

Holes are filled unit by unit of a grid that the file fixes, each from the frames around it alone: any time
range of a file comes out as it does in the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dpcodec.inpainting.concealment import decoded_run, envelope
from dpcodec.inpainting.concealment.conceal import Concealer
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.concealment.envelope import NEAREST, Envelope, envelope_of

UNIT_HALOS, SMALLEST_UNIT = 2, 32
"""Frames of a unit: at least so many, and at least so many times those that matter on each side."""
APART = 4
"""Frames between two holes that count as one, as where every second frame is lost."""


class _Levels:
    """The envelope of a run, found when a hole first asks for it: most files have none."""

    def __init__(self, run: DecodedRun, sample_rate: int) -> None:
        self.first, self.stop = run.first, run.stop
        self._run: DecodedRun | None = run
        self._rate = sample_rate
        self._envelope: Envelope | None = None

    @property
    def envelope(self) -> Envelope:
        """From then on its coefficients are held no longer."""
        if self._envelope is None:
            assert self._run is not None
            run, self._run = self._run, None
            self._envelope = envelope_of(run.first, run.X, run.arrived, self._rate)
        return self._envelope


class Concealment:
    """Takes runs of frames in order and gives them back with their holes filled.

    samples  N of the file, where that is known
    """

    def __init__(self, concealer: Concealer, samples: int | None) -> None:
        self._concealer, self._samples = concealer, samples
        F, least = concealer.segment_frames, max(UNIT_HALOS * concealer.halo, SMALLEST_UNIT)
        self._group = F * max(1, -(-least // F))
        self._parts = max(1, self._group // (2 * least))
        self._held: list[DecodedRun] = []
        self._levels: list[_Levels] = []
        self._out: int | None = None
        self._last_hole = -APART - 1
        self.frames = self.places = 0

    @property
    def around(self) -> int:
        """Frames on each side of a time range that may bear on it."""
        return self._concealer.reach + self._group

    def fill(self, runs: Iterable[DecodedRun]) -> Iterator[DecodedRun]:
        """The same frames, in runs of other lengths. `frames` and `places` count what was filled."""
        for run in runs:
            self._out = run.first if self._out is None else self._out
            self._held.append(run)
            self._levels.append(_Levels(run, self._concealer.sample_rate))
            yield from self._ready(final=False)
        yield from self._ready(final=True)

    def _ready(self, final: bool) -> Iterator[DecodedRun]:
        """What can be given back by now."""
        if not self._held:
            return
        assert self._out is not None
        end = self._held[-1].stop
        while self._out < end:
            hole = self._next_hole()
            stop = end if hole is None else hole
            if stop > self._out:
                yield from self._cuts(self._out, stop)
                self._out = stop
            if hole is None:
                break
            unit_stop = min(self._unit_stop(hole), end if final else 1 << 62)
            if not (final or self._seen(unit_stop, end)):
                break
            yield self._filled(hole, unit_stop)
            self._out = unit_stop
        self._forget()

    def _next_hole(self) -> int | None:
        """The first frame from `_out` on that lacks something."""
        assert self._out is not None
        for held in self._held:
            at = np.flatnonzero(held.holes[max(self._out - held.first, 0) :])
            if at.size:
                return max(self._out, held.first) + int(at[0])
        return None

    def _unit_stop(self, frame: int) -> int:
        """The end of the unit that a frame lies in."""
        group, inside = divmod(frame, self._group)
        part = inside * self._parts // self._group
        stop = -(-(part + 1) * self._group // self._parts)
        return group * self._group + stop

    def _seen(self, unit_stop: int, end: int) -> bool:
        """Whether what comes after a unit has come as far as it matters."""
        if end < unit_stop + self._concealer.halo:
            return False
        if end >= unit_stop + self._concealer.reach:
            return True
        told = sum(
            np.count_nonzero(e.envelope.cut(unit_stop).told) for e in self._levels if e.stop > unit_stop
        )
        return bool(told >= NEAREST)

    def _filled(self, hole: int, unit_stop: int) -> DecodedRun:
        """From a hole to the end of its unit."""
        own = decoded_run.join(list(self._cuts(hole, unit_stop)))
        lacking = np.flatnonzero(own.holes) + hole
        self._count(lacking)
        halo, reach = self._concealer.halo, self._concealer.reach
        around = decoded_run.join(list(self._cuts(hole - halo, int(lacking[-1]) + 1 + halo)))
        first, stop = hole - reach, unit_stop + reach
        levels = envelope.join(
            [e.envelope.cut(first) for e in self._levels if e.stop > first and e.first < stop]
        )
        done = self._concealer.conceal(around, hole, int(lacking[-1]) + 1, levels, self._samples)
        return decoded_run.join([done, own.cut(done.stop, unit_stop)])

    def _count(self, lacking: np.ndarray) -> None:
        self.frames += lacking.size
        before = np.concatenate([[self._last_hole], lacking[:-1]])
        self.places += int(np.count_nonzero(lacking - before > APART))
        self._last_hole = int(lacking[-1])

    def _cuts(self, first: int, stop: int) -> Iterator[DecodedRun]:
        """Frames first .. stop - 1 of what is held."""
        for held in self._held:
            if held.first < stop and held.stop > first:
                yield held if first <= held.first and held.stop <= stop else held.cut(first, stop)

    def _forget(self) -> None:
        """Let go of what no hole to come can ask for."""
        assert self._out is not None
        first = self._out - self._concealer.halo
        if self._held[0].first < first:
            self._held = [
                held if held.first >= first else held.copied(first)
                for held in self._held
                if held.stop > first
            ]
        first = self._out - self._concealer.reach
        self._levels = [e for e in self._levels if e.stop > first]
