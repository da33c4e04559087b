"""The decoder's loop over segments: what arrived -> what was dropped, inpainted -> samples."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dpcodec.codec.blocks import BlockSolver, Grid, Sharing, Told, cut
from dpcodec.codec.concealment import Concealment
from dpcodec.codec.decode_report import DecodeReport
from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.memory import READ_BYTES
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader, SegmentData
from dpcodec.errors import LimitError
from dpcodec.inpainting.concealment.conceal import Concealer
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.device import resolve_device
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import CELL_BYTES, DEVICE_BYTES, SolverSettings
from dpcodec.inpainting.solvers import side_by_side
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import Segment
from dpcodec.modes.frames import segments_and_frames
from dpcodec.transform.stft import frame_count

NO_SOLVER = "none"
"""The solver that leaves zeros, for lost packets too."""
GRACE_SECONDS = 5.0
"""For the rest of the file, rebuilt without a solver, once the time limit is over."""


class TimeRange(NamedTuple):
    """The samples wanted: first .. last - 1, `last` None for the end."""

    first: int
    last: int | None

    @property
    def partial(self) -> bool:
        """Whether it may be less than the whole file."""
        return self.first > 0 or self.last is not None

    def samples(self, total: int | None) -> int | None:
        """How many there are in a signal of `total` samples."""
        if total is None:
            return None
        return max(0, min(total, total if self.last is None else self.last) - self.first)

    def clipped(self, block: np.ndarray, position: int, total: int | None) -> Iterator[np.ndarray]:
        """The part of a block [C, n] at `position` that lies inside the time range and inside the signal."""
        ends = [position + block.shape[1], *(e for e in (self.last, total) if e is not None)]
        first, last = max(self.first, position), min(ends)
        if last > first:
            yield block[:, first - position : last - position]


def time_range_of(header: Header, settings: DecodeSettings) -> TimeRange:
    """The time range that the settings name, in samples of this file."""
    first = round(settings.start * header.sample_rate)
    if settings.duration is None:
        return TimeRange(first, None)
    return TimeRange(first, first + round(settings.duration * header.sample_rate))


class Rebuild:
    """Walks over a file block by block: `batch` segments, `halo` frames before them and `ahead` after.

    Workers may share the blocks; this then solves none. Raises `FormatError` where the header's numbers make
    no transform.
    """

    def __init__(
        self,
        reader: Reader,
        settings: DecodeSettings,
        solver: SolverSettings,
        report: DecodeReport,
        progress: Progress,
        sharing: Sharing | None = None,
    ) -> None:
        self._reader, self._settings, self._solver = reader, settings, solver
        self._report, self._progress, self._sharing = report, progress, sharing
        self._header = reader.header
        self._mode = mode_of_file(reader.header)
        self.transform = self._mode.transform
        self._hop, F = self.transform.hop, self._header.segment_frames
        self._grid = Grid(self._header, self._mode, settings)
        self.halo, self.batch = self._grid.halo, self._grid.batch
        if self.halo and solver.device == "auto":  # else nothing is worth looking for a GPU
            self._solver = replace(solver, device=resolve_device("auto"))
        # L frames finish L hop - n_fft / 2 samples, of a signal of which they promise (L - 2) hop
        self._beyond = max(0, 2 * self._hop - self.transform.n_fft // 2)
        self._concealment: Concealment | None = None
        if settings.solver != NO_SOLVER:
            stop = self._conceal_step
            concealer = Concealer(self.transform, self._header.sample_rate, F, stop)
            self._concealment = Concealment(concealer, reader.total_samples)
        self._segments: dict[int, Segment] = {}
        self._stopped, self._told = False, 0.0
        self._late: float | None = None
        self._blocks_solver = BlockSolver(self._header, self._mode, settings, self)

    @property
    def together(self) -> int:
        """Blocks that are solved at once: on a device as many as `DEVICE_BYTES` hold there, and a quarter of
        the memory allowed here."""
        if not side_by_side(self._settings.solver, self.device):
            return 1
        cells = (self._grid.block_frames + 2 * self.halo) * self._header.bins * self._header.channels
        there, here = DEVICE_BYTES // CELL_BYTES, self._settings.max_memory // 4 // READ_BYTES
        return max(1, min(there, here) // cells)

    @property
    def device(self) -> str:
        """What the solver runs on."""
        return self._solver.device

    @property
    def waiting(self) -> int:
        """Frames that may wait where something was lost."""
        return 2 * self._concealment.around if self._concealment else 0

    def samples(self, wanted: TimeRange) -> Iterator[np.ndarray]:
        """The finished samples of the time range, float32 [C, n] blocks."""
        first, last = self.transform.frames_under(wanted.first, wanted.last or 0)
        around = self._concealment.around if self._concealment else 0
        first_block = max(0, first - around) // self._grid.block_frames
        synthesis = self._mode.synthesis(first_block * self._grid.block_frames)
        position, held = synthesis.start, np.zeros((self._header.channels, 0), np.float32)
        told: int | None = None
        runs = self._blocks(first_block, None if wanted.last is None else last + around)
        for run in self._concealment.fill(runs) if self._concealment else runs:
            self._note_concealed()
            done = np.concatenate([held, synthesis.push(run.X, run.block_splits)], axis=1)
            ready = done.shape[1] - (self._beyond if self._reader.total_samples is None else 0)
            done, held = np.split(done, [max(ready, 0)], axis=1)
            total = self._reader.total_samples
            yield from wanted.clipped(done, position, total)
            position += done.shape[1]
            told = total if told is None else told
            if wanted.last is not None and position >= wanted.last:
                return
        rest = np.concatenate([held, synthesis.finish(self._samples_total())], axis=1)
        self._check_end(told)
        yield from wanted.clipped(rest, position, self._reader.total_samples)

    def _check_end(self, told: int | None) -> None:
        """Note where a pipe ends elsewhere than its header told while samples were given out."""
        total = self._reader.total_samples
        if told is not None and total != told and not self._report.damage:
            self._report.damage.append(f"the end is at sample {total}, the header told {told}")

    def _samples_total(self) -> int:
        """N; where the file was cut before it was told, up to the last frame that arrived."""
        if self._reader.total_samples is not None:
            return self._reader.total_samples
        F = self._header.segment_frames
        frames = max((index * F + s.frames for index, s in self._segments.items()), default=0)
        return max(0, frames - 1) * self._hop

    def _blocks(self, first_block: int, last_frame: int | None) -> Iterator[DecodedRun]:
        """From `first_block` on: coefficients as estimated, and what arrived of them."""
        F, B = self._header.segment_frames, self.batch
        first_segment = max(0, first_block * B - self._grid.before)
        last_segment = None if last_frame is None else (last_frame // (F * B) + 1) * B + self._grid.after
        arriving = segments_and_frames(self._reader, first_segment, last_segment)
        if self._sharing and self._sharing.can(self._reader.header, self._settings, self._solver):
            yield from self._by_workers(self._sharing, first_block, arriving)
            return
        block = first_block
        end = first_segment
        for packets, frames in arriving:
            segment, problems = self._mode.read(packets, frames)
            self._segments[packets.index] = segment
            self._check_time(packets.index * F)
            self._report.damage += problems
            end = packets.index + 1
            while end >= (block + self.together) * B + self._grid.after:
                yield from self._solve_blocks(range(block, block + self.together))
                block += self.together
        while block * B < end:
            blocks = range(block, min(block + self.together, -(-end // B)))
            yield from self._solve_blocks(blocks)
            block = blocks.stop

    def _solve_blocks(self, blocks: range) -> Iterator[DecodedRun]:
        """The blocks' own frames, with context if asked; forgets segments that are no longer needed."""
        told = [Told() for _ in blocks]
        needed = self._grid.needed(blocks, max(self._segments) + 1)
        segments = {s: segment for s, segment in self._segments.items() if s in needed}
        runs = self._blocks_solver.solve(segments, blocks, self._reader.total_samples, told)
        keep = min(blocks.stop * self._grid.batch - self._grid.before, max(self._segments))
        for s in [s for s in self._segments if s < keep]:
            del self._segments[s]
        for block, run, its in zip(blocks, runs, told, strict=True):
            self._over(block, its)
            yield run

    def _by_workers(
        self, sharing: Sharing, first_block: int, packets: Iterator[tuple[SegmentData, int | None]]
    ) -> Iterator[DecodedRun]:
        """The same, pieces of the file solved elsewhere."""
        about = self._header, self._grid, self._settings, self._solver
        block = first_block
        for piece in sharing.solve(cut(*about, sharing.workers, first_block, packets)):
            self._report.damage += piece.problems
            for run, told in zip(piece.runs, piece.told, strict=True):
                self._over(block, told)
                block += 1
                yield run

    def _over(self, block: int, told: Told) -> None:
        """A block is solved."""
        for text in told.warnings:
            self._report.warn(text)
        for choice in told.choices:
            self._report.choices[choice] = self._report.choices.get(choice, 0) + 1
        self._tell(block + 1, f"block {block + 1}")

    def share(self, block: int, count: int = 1) -> SolverSettings:
        """The solver's settings with the share of the time that is left of so many channels, of this block
        and those after it."""
        now, total = time.monotonic(), self._reader.total_samples
        if self._solver.deadline is None:
            return self._solver
        frames = self._grid.block_frames if total is None else frame_count(total, self._hop)
        left = max(1, -(-frames // self._grid.block_frames) - block) * self._header.channels
        return replace(
            self._solver, deadline=now + max(0.0, self._solver.deadline - now) * min(count / left, 1.0)
        )

    def _check_time(self, frame: int) -> None:
        """Raise `LimitError` where the time is over, and even without a solver the rest takes too long."""
        now, limit_s = time.monotonic(), self._settings.time_limit
        if limit_s is None or self._solver.deadline is None or now <= self._solver.deadline:
            return
        self._late = now if self._late is None else self._late
        if now - self._late > max(GRACE_SECONDS, limit_s / 4):
            at = frame * self._hop / self._header.sample_rate
            raise LimitError(f"{limit_s:g} s are over at {at:.1f} s of the audio: raise --time-limit")

    def steps(self, block: int, channel: int, count: int = 1) -> Progress:
        """The solver's progress on one channel of a block, or on so many from this one on, told on in seconds
        of audio."""

        def told(done: float, total: float | None, detail: str) -> bool:
            part = count * done / max(total or 1, 1)
            line = f"step {done:g}/{total or 0:g}" + (f", {detail}" if detail else "")
            self._tell(block + (channel + part) / self._header.channels, line)
            return self._stopped

        return told

    @property
    def stopped(self) -> bool:
        """Whether the caller has asked to stop."""
        return self._stopped

    def _conceal_step(self) -> bool:
        """Whether to stop estimating: time is over, or the caller asks for it."""
        late = self._solver.deadline is not None and time.monotonic() > self._solver.deadline
        self._tell(self._told, "inpainting what was lost")
        return late or self._stopped

    def _note_concealed(self) -> None:
        """Tell the report how much was lost so far."""
        if self._concealment:
            seconds = self._concealment.frames * self._hop / self._header.sample_rate
            self._report.concealed_s, self._report.concealed_places = seconds, self._concealment.places

    def _tell(self, blocks: float, detail: str) -> None:
        """Tell that so many blocks are over; heed the answer."""
        blocks = self._told = max(blocks, self._told)  # of some that are solved at once each ends by itself
        rate, samples = self._header.sample_rate, self._reader.total_samples
        at = blocks * self._grid.block_frames * self._hop / rate
        total = None if samples is None else samples / rate
        if self._progress(at if total is None else min(at, total), total, detail):
            self._stopped = self._report.stopped = True
