"""Decoding, stage by stage: packets -> coefficients -> what was dropped, inpainted -> audio."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from dpcodec.codec.grid import Grid, join, read_grid, stft_of
from dpcodec.codec.guard import check_context, fault_of
from dpcodec.codec.mdct_rebuild import MdctRebuild
from dpcodec.codec.report import DecodeReport, Progress, silent
from dpcodec.codec.stretch import Stretch, stretch_of
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader, SegmentData
from dpcodec.errors import LimitError
from dpcodec.inpaint.choose import halo_frames, solve_with
from dpcodec.inpaint.device import require_torch, resolve_device
from dpcodec.inpaint.problem import Problem, limit, reinsert
from dpcodec.inpaint.problem import Progress as SolverProgress
from dpcodec.inpaint.solver_settings import FitMemory, SolverSettings
from dpcodec.settings import DecodeSettings
from dpcodec.signal.audio import SampleFormat
from dpcodec.signal.blocks import StreamingInverse
from dpcodec.signal.stft import Span, Stft, frame_count
from dpcodec.signal.streams import AudioWriter

SOLVER_BYTES_A_CELL = 160
"""Memory a solver needs for each cell of a block: its arrays, the problem's and the FFT's scratch space."""


@dataclass(frozen=True)
class StreamInfo:
    """What a sink must know before the first sample; `samples` None where the file cannot tell yet."""

    sample_rate: int
    channels: int
    samples: int | None
    sample_format: SampleFormat
    tags: tuple[tuple[str, str], ...]


def decode_stream(
    source: BinaryIO,
    open_writer: Callable[[StreamInfo], AudioWriter],
    settings: DecodeSettings,
    progress: Progress = silent,
) -> DecodeReport:
    """Decode a file object, seekable or not, into the writer that `open_writer` makes for it.

    Lost packets become missing coefficients; the report says so. Memory is bounded by a few segments. Raises
    `FormatError`, `VersionError` or `LimitError` before any output where nothing can be decoded,
    `DeviceError` before anything is read where the device is not there, `SettingsError` for a solver that the
    file's transform has no use for.
    """
    if settings.solver == "deep-prior":
        require_torch("solver deep-prior")
    device = resolve_device(settings.device)
    deadline = None if settings.time_limit is None else time.monotonic() + settings.time_limit
    reader = Reader(source)
    header = reader.header
    report = DecodeReport(header.sample_rate, header.channels)
    rebuild: _Rebuild | MdctRebuild
    stretch = stretch_of(header, settings)
    _check_limits(header, reader.total_samples, settings, stretch)
    info = StreamInfo(
        header.sample_rate,
        header.channels,
        stretch.samples(reader.total_samples),
        SampleFormat(header.container, header.subtype),
        reader.tags,
    )
    solver = SolverSettings(
        device=device,
        iterations=settings.iterations,
        deadline=deadline,
        seed=settings.seed,
        network=settings.network,
        fit=settings.fit,
        without=settings.without,
        loss=settings.loss,
        memory=FitMemory(),
    )
    if header.transform == "mdct":
        rebuild = MdctRebuild(reader, settings.solver, report, progress)
    else:
        rebuild = _Rebuild(stft_of(header), reader, settings, solver, report, progress)
    with open_writer(info) as writer:
        for block in rebuild.samples(stretch):
            writer.write(block)
            report.samples += block.shape[1]
    report.clipped = writer.clipped
    for text in writer.warnings:
        report.warn(text)
    report.damage += [str(d) for d in reader.damage]
    report.damaged = bool(report.damage) or not (reader.whole or stretch.partial)
    report.warnings[:0] = reader.warnings
    return report


class _Rebuild:
    """Walks over the file block by block: `batch_segments` segments and a halo of frames on each side."""

    def __init__(
        self,
        stft: Stft,
        reader: Reader,
        settings: DecodeSettings,
        solver: SolverSettings,
        report: DecodeReport,
        progress: Progress,
    ) -> None:
        self._stft, self._reader, self._settings, self._solver = stft, reader, settings, solver
        self._report, self._progress = report, progress
        self._header = reader.header
        self._block_frames = self._header.segment_frames * settings.batch_segments
        self._halo = halo_frames(stft, settings.solver)
        self._grids: dict[int, Grid] = {}
        self._stopped = False

    def samples(self, stretch: Stretch) -> Iterator[np.ndarray]:
        """The finished samples of the stretch, float32 [C, n] blocks."""
        half, hop = self._stft.n_fft // 2, self._stft.hop
        first_block = max(0, (stretch.first - half) // hop) // self._block_frames
        inverse = StreamingInverse(self._stft, self._header.channels, first_block * self._block_frames)
        position = inverse.start
        for X in self._blocks(first_block, stretch):
            done = inverse.push(X)
            yield from stretch.clipped(done, position, self._reader.total_samples)
            position += done.shape[1]
            if stretch.last is not None and position >= stretch.last:
                return
        total = self._samples_total()
        yield from stretch.clipped(inverse.finish(total), position, self._reader.total_samples)

    def _samples_total(self) -> int:
        """N; where the file was cut before it was told, up to the last frame that arrived."""
        if self._reader.total_samples is not None:
            return self._reader.total_samples
        frames = max((s * self._header.segment_frames + g.frames for s, g in self._grids.items()), default=0)
        return max(0, frames - 1) * self._stft.hop

    def _blocks(self, first_block: int, stretch: Stretch) -> Iterator[np.ndarray]:
        """Estimated spectrograms [C, K, L] of the blocks from `first_block` on, without their halos."""
        F, B = self._header.segment_frames, self._settings.batch_segments
        around = -(-self._halo // F)
        first_segment = max(0, first_block * B - around)
        last_segment = None
        if stretch.last is not None:
            last_frame = -(-(stretch.last + self._stft.n_fft // 2) // self._stft.hop)
            last_segment = (last_frame // (F * B) + 1) * B + around
        block = first_block
        end = first_segment
        for data in self._reader.segments(first_segment, last_segment):
            self._grids[data.index] = self._grid(data)
            end = data.index + 1
            while end >= (block + 1) * B + around:
                yield self._solve_block(block, (block + 1) * B)
                block += 1
        while block * B < end:
            yield self._solve_block(block, min((block + 1) * B, end))
            block += 1

    def _grid(self, data: SegmentData) -> Grid:
        F, total = self._header.segment_frames, self._reader.total_samples
        frames = None
        if total is not None:
            frames = min(F, frame_count(total, self._stft.hop) - data.index * F)
        grid, problems = read_grid(self._header, data, frames)
        self._report.damage += problems
        return grid

    def _solve_block(self, block: int, end_segment: int) -> np.ndarray:
        """The estimate of one block's own frames, with context if asked; forgets grids no longer needed."""
        F, B = self._header.segment_frames, self._settings.batch_segments
        first = block * self._block_frames
        held = sorted(self._grids)
        base = held[0] * F
        known = join([self._grids[s] for s in held])
        last = min(base + known.frames, end_segment * F)
        begin, stop = max(base, first - self._halo), min(base + known.frames, last + self._halo)
        around = known.cut(begin - base, stop - base)
        own = slice(first - begin, last - begin)
        channels = [
            self._solve(around.channel(c), begin, block, c)[:, :, own] for c in range(self._header.channels)
        ]
        keep_from = (block + 1) * B - -(-self._halo // F)
        for s in held:
            if s < min(keep_from, held[-1]):
                del self._grids[s]
        self._tell(block + 1, f"block {block + 1}")
        return np.concatenate(channels)

    def _solve(self, grid: Grid, first_frame: int, block: int, channel: int) -> np.ndarray:
        problem = Problem(self._stft, self._span(first_frame, grid.frames), *grid.fields())
        solver = "none" if self._stopped else self._settings.solver
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            share, watch = self._share(block), self._watch(block, channel)
            estimate, choice = solve_with(solver, problem, share, watch)
            if fault := fault_of(problem, estimate, share.device):
                self._report.warn(f"{fault}: solved by least squares on the CPU instead")
                estimate, choice = solve_with("least-squares", problem, replace(share, device="cpu"), watch)
        for warning in caught:
            self._report.warn(str(warning.message))
        self._report.choices[choice] = self._report.choices.get(choice, 0) + 1
        estimate = limit(problem, estimate)
        if not self._settings.context:
            return estimate
        spectrogram = reinsert(problem, estimate)
        if self._settings.check:
            check_context(problem, spectrogram)
        return spectrogram

    def _share(self, block: int) -> SolverSettings:
        """The solver's settings with this block's share of the time that is left."""
        if self._solver.deadline is None:
            return self._solver
        now, total = time.monotonic(), self._reader.total_samples
        frames = self._block_frames if total is None else frame_count(total, self._stft.hop)
        left = max(1, -(-frames // self._block_frames) - block) * self._header.channels
        return replace(self._solver, deadline=now + max(0.0, self._solver.deadline - now) / left)

    def _span(self, first_frame: int, frames: int) -> Span:
        """How the signal lies under a block of frames: clipped to the samples 0 .. N - 1."""
        hop, n_fft = self._stft.hop, self._stft.n_fft
        start = first_frame * hop - n_fft // 2
        stop = start + (frames - 1) * hop + n_fft
        total = self._reader.total_samples
        stop = stop if total is None else min(stop, total)
        return Span(stop - max(start, 0), frames, max(0, -start))

    def _watch(self, block: int, channel: int) -> SolverProgress:
        """The solver's progress on one channel of a block, told on in seconds of audio."""

        def watch(done: int, total: int, loss: float | None = None) -> bool:
            detail = f"step {done}/{total}" + ("" if loss is None else f", loss {loss:.4g}")
            self._tell(block + (channel + done / max(total, 1)) / self._header.channels, detail)
            return self._stopped

        return watch

    def _tell(self, blocks: float, detail: str) -> None:
        """Tell that so many blocks are over; heed the answer."""
        rate, samples = self._header.sample_rate, self._reader.total_samples
        at = blocks * self._block_frames * self._stft.hop / rate
        total = None if samples is None else samples / rate
        if self._progress(at if total is None else min(at, total), total, detail):
            self._stopped = self._report.stopped = True


def _check_limits(header: Header, total: int | None, settings: DecodeSettings, stretch: Stretch) -> None:
    """Refuse before anything large is allocated."""
    seconds = (stretch.samples(total) or 0) / header.sample_rate
    if settings.max_duration is not None and seconds > settings.max_duration:
        raise LimitError(
            f"{seconds:.0f} s of audio pass the limit of {settings.max_duration:g} s: raise --max-duration"
        )
    frames = header.segment_frames * settings.batch_segments
    if total is not None:
        frames = min(frames, frame_count(total, header.hop))
    cells = frames * header.bins
    needed = cells * (SOLVER_BYTES_A_CELL + 3 * 17 * header.channels)
    if needed > settings.max_memory:
        raise LimitError(
            f"a segment needs about {needed >> 20} MiB of memory, "
            f"the limit is {settings.max_memory >> 20} MiB: raise --max-memory"
        )
