"""The decoder's loop over segments: what arrived -> what was dropped, inpainted -> samples."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dpcodec.codec.concealment import Concealment
from dpcodec.codec.report import DecodeReport
from dpcodec.codec.solution_check import check_context, fault_of
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader
from dpcodec.errors import FormatError, LimitError
from dpcodec.inpainting.concealment.conceal import Concealer
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.device import resolve_device
from dpcodec.inpainting.problem import Problem, Progress, limit, reinsert
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import agrees, halo_frames, solve_with
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import Segment, join
from dpcodec.modes.frames import segments_and_frames
from dpcodec.records import dataclass
from dpcodec.settings import DecodeSettings
from dpcodec.transform.stft import frame_count

NO_SOLVER = "none"
"""The solver that leaves zeros, for lost packets too."""
GRACE_SECONDS = 5.0
"""For the rest of the file, rebuilt without a solver, once the time limit is over."""


@dataclass(frozen=True)
class TimeRange:
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

    Raises `FormatError` where the header's numbers make no transform.
    """

    def __init__(
        self,
        reader: Reader,
        settings: DecodeSettings,
        solver: SolverSettings,
        report: DecodeReport,
        progress: Progress,
    ) -> None:
        self._reader, self._settings, self._solver = reader, settings, solver
        self._report, self._progress = report, progress
        self._header = reader.header
        self._mode = mode_of_file(reader.header)
        self.transform = self._mode.transform
        self._hop, F = self.transform.hop, self._header.segment_frames
        self.halo, self.ahead = halo_frames(self.transform, settings.solver)
        self.batch = settings.batch_segments or max(1, -(-2 * self.ahead // F))
        self._block_frames = F * self.batch
        if self.halo and solver.device == "auto":  # else nothing is worth looking for a GPU
            self._solver = replace(solver, device=resolve_device("auto"))
        # L frames finish L hop - n_fft / 2 samples, of a signal of which they promise (L - 2) hop
        self._beyond = max(0, 2 * self._hop - self.transform.n_fft // 2)
        self._before, self._after = -(-self.halo // F), -(-self.ahead // F)
        self._concealment: Concealment | None = None
        if settings.solver != NO_SOLVER:
            stop = self._conceal_step
            concealer = Concealer(self.transform, self._header.sample_rate, F, stop)
            self._concealment = Concealment(concealer, reader.total_samples)
        self._segments: dict[int, Segment] = {}
        self._stopped, self._told = False, 0.0
        self._late: float | None = None

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
        first_block = max(0, first - around) // self._block_frames
        synthesis = self._mode.synthesis(first_block * self._block_frames)
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
        first_segment = max(0, first_block * B - self._before)
        last_segment = None if last_frame is None else (last_frame // (F * B) + 1) * B + self._after
        block = first_block
        end = first_segment
        for packets, frames in segments_and_frames(self._reader, first_segment, last_segment):
            segment, problems = self._mode.read(packets, frames)
            self._segments[packets.index] = segment
            self._check_time(packets.index * F)
            self._report.damage += problems
            end = packets.index + 1
            while end >= (block + 1) * B + self._after:
                yield self._solve_block(block, (block + 1) * B)
                block += 1
        while block * B < end:
            yield self._solve_block(block, min((block + 1) * B, end))
            block += 1

    def _solve_block(self, block: int, end_segment: int) -> DecodedRun:
        """One block's own frames, with context if asked; forgets segments that are no longer needed."""
        F, B = self._header.segment_frames, self.batch
        first = block * self._block_frames
        held = sorted(self._segments)
        base = held[0] * F
        known = join([self._segments[s] for s in held])
        last = min(base + known.frames, end_segment * F)
        if last <= first:
            raise FormatError("copies of the header tell different lengths")
        begin, stop = max(base, first - self.halo), min(base + known.frames, last + self.ahead)
        around = known.cut(begin - base, stop - base)
        own = slice(first - begin, last - begin)
        channels = [self._solve(around, begin, block, c)[:, :, own] for c in range(self._header.channels)]
        for s in held:
            if s < min((block + 1) * B - self._before, held[-1]):
                del self._segments[s]
        self._tell(block + 1, f"block {block + 1}")
        segment = around.cut(own.start, own.stop)
        X = self._mode.own_channels(np.concatenate(channels), segment)
        return DecodedRun(first, X, segment.arrived, segment.block_splits)

    def _solve(self, known: Segment, first_frame: int, block: int, channel: int) -> np.ndarray:
        problem = self._mode.problem(known, channel, first_frame, self._reader.total_samples)
        solver = "none" if self._stopped else self._settings.solver
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            estimate, choice = self._estimate(problem, solver, block, channel)
        for warning in caught:
            self._report.warn(str(warning.message))
        self._report.choices[choice] = self._report.choices.get(choice, 0) + 1
        if agrees(choice):
            return estimate
        estimate = limit(problem, estimate)
        if not self._settings.context:
            return estimate
        spectrogram = reinsert(problem, estimate)
        if self._settings.check:
            check_context(problem, spectrogram)
        return spectrogram

    def _estimate(self, problem: Problem, solver: str, block: int, channel: int) -> tuple[np.ndarray, str]:
        """The solver's estimate and why it was this solver; least squares' on the CPU where it is of no use,
        and zeros where that is of none."""
        share, progress = self._share(block), self._steps(block, channel)
        estimate, choice = solve_with(solver, problem, share, progress)
        if agrees(choice):
            return estimate, choice
        fault = fault_of(problem, estimate, share.device)
        if fault and not (choice.startswith("least-squares") and share.device == "cpu"):
            self._report.warn(f"{fault}: solved by least squares on the CPU instead")
            estimate, choice = solve_with("least-squares", problem, replace(share, device="cpu"), progress)
            fault = fault_of(problem, estimate, "cpu")
        if fault:
            self._report.warn(f"{fault}: what was dropped stays zero")
            return solve_with("none", problem, share, progress)
        return estimate, choice

    def _share(self, block: int) -> SolverSettings:
        """The solver's settings with this block's share of the time that is left."""
        now, total = time.monotonic(), self._reader.total_samples
        if self._solver.deadline is None:
            return self._solver
        frames = self._block_frames if total is None else frame_count(total, self._hop)
        left = max(1, -(-frames // self._block_frames) - block) * self._header.channels
        return replace(self._solver, deadline=now + max(0.0, self._solver.deadline - now) / left)

    def _check_time(self, frame: int) -> None:
        """Raise `LimitError` where the time is over, and even without a solver the rest takes too long."""
        now, limit_s = time.monotonic(), self._settings.time_limit
        if limit_s is None or self._solver.deadline is None or now <= self._solver.deadline:
            return
        self._late = now if self._late is None else self._late
        if now - self._late > max(GRACE_SECONDS, limit_s / 4):
            at = frame * self._hop / self._header.sample_rate
            raise LimitError(f"{limit_s:g} s are over at {at:.1f} s of the audio: raise --time-limit")

    def _steps(self, block: int, channel: int) -> Progress:
        """The solver's progress on one channel of a block, told on in seconds of audio."""

        def told(done: float, total: float | None, detail: str) -> bool:
            part = done / max(total or 1, 1)
            line = f"step {done:g}/{total or 0:g}" + (f", {detail}" if detail else "")
            self._tell(block + (channel + part) / self._header.channels, line)
            return self._stopped

        return told

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
        self._told = blocks
        rate, samples = self._header.sample_rate, self._reader.total_samples
        at = blocks * self._block_frames * self._hop / rate
        total = None if samples is None else samples / rate
        if self._progress(at if total is None else min(at, total), total, detail):
            self._stopped = self._report.stopped = True
