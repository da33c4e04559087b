"""Blocks of segments: what arrived -> what was dropped, inpainted. One after the other, or pieces of a file
by workers, which know all that a block needs and give the same numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.piece_size import piece_size
from dpcodec.codec.solution_check import check_context, fault_of
from dpcodec.container.header import Header
from dpcodec.container.stream import SegmentData
from dpcodec.errors import FormatError
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.problem import Problem, limit, reinsert
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import AUTO, SOLVERS, agrees, halo_frames, solve_with
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import Mode, Segment, join

MOST_SEGMENTS, FEWEST_SEGMENTS = 4, 1
"""Of a piece."""
_mode_of = lru_cache(maxsize=1)(mode_of_file)


class Grid:
    """How the segments of a file are solved: `batch` at a time, with `halo` frames before them and `ahead`
    after, which are in `before` and `after` segments."""

    def __init__(self, header: Header, mode: Mode, settings: DecodeSettings) -> None:
        F = header.segment_frames
        self.halo, self.ahead = halo_frames(mode.transform, settings.solver)
        self.batch = settings.batch_segments or max(1, -(-2 * self.ahead // F))
        self.before, self.after = -(-self.halo // F), -(-self.ahead // F)
        self.block_frames = F * self.batch

    def needed(self, blocks: range, end_segment: int) -> range:
        """The segments that these blocks are solved from, of those up to `end_segment`."""
        first = max(0, blocks.start * self.batch - self.before)
        return range(first, min(blocks.stop * self.batch + self.after, end_segment))


class Watch(Protocol):
    """What watches over the solving: how long it may take, how far it is, whether it is to stop."""

    @property
    def stopped(self) -> bool: ...

    def share(self, block: int) -> SolverSettings:
        """The solver's settings for a block."""

    def steps(self, block: int, channel: int) -> Progress:
        """What the solver of one channel tells its progress to."""


@dataclass
class Told:
    """What solving a block had to say: remarks, and solvers with the reasons for them."""

    warnings: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


class BlockSolver:
    """Solves blocks of a file of so many samples, where that is known."""

    def __init__(self, header: Header, mode: Mode, settings: DecodeSettings, watch: Watch) -> None:
        self._header, self._mode, self._settings, self._watch = header, mode, settings, watch
        self._grid = Grid(header, mode, settings)

    def solve(self, segments: dict[int, Segment], block: int, samples: int | None, told: Told) -> DecodedRun:
        """One block's own frames, with context if asked, from those segments that are there of `Grid.needed`
        and no others after them."""
        grid, F = self._grid, self._header.segment_frames
        first, end_segment = block * grid.block_frames, min((block + 1) * grid.batch, max(segments) + 1)
        held = sorted(segments)
        base = held[0] * F
        known = join([segments[s] for s in held])
        last = min(base + known.frames, end_segment * F)
        if last <= first:
            raise FormatError("copies of the header tell different lengths")
        begin, stop = max(base, first - grid.halo), min(base + known.frames, last + grid.ahead)
        around = known.cut(begin - base, stop - base)
        own = slice(first - begin, last - begin)
        channels = [
            self._channel(around, begin, block, c, samples, told)[:, :, own]
            for c in range(self._header.channels)
        ]
        segment = around.cut(own.start, own.stop)
        X = self._mode.own_channels(np.concatenate(channels), segment)
        return DecodedRun(first, X, segment.arrived, segment.block_splits)

    def _channel(
        self, known: Segment, first_frame: int, block: int, channel: int, samples: int | None, told: Told
    ) -> np.ndarray:
        problem = self._mode.problem(known, channel, first_frame, samples)
        solver = "none" if self._watch.stopped else self._settings.solver
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            estimate, choice = self._estimate(problem, solver, block, channel, told)
        told.warnings += [str(warning.message) for warning in caught]
        told.choices.append(choice)
        if agrees(choice):
            return estimate
        estimate = limit(problem, estimate)
        if not self._settings.context:
            return estimate
        spectrogram = reinsert(problem, estimate)
        if self._settings.check:
            check_context(problem, spectrogram)
        return spectrogram

    def _estimate(
        self, problem: Problem, solver: str, block: int, channel: int, told: Told
    ) -> tuple[np.ndarray, str]:
        """The solver's estimate and why it was this solver; least squares' on the CPU where it is of no use,
        and zeros where that is of none."""
        share, progress = self._watch.share(block), self._watch.steps(block, channel)
        estimate, choice = solve_with(solver, problem, share, progress)
        if agrees(choice):
            return estimate, choice
        fault = fault_of(problem, estimate, share.device)
        if fault and not (choice.startswith("least-squares") and share.device == "cpu"):
            told.warnings.append(f"{fault}: solved by least squares on the CPU instead")
            estimate, choice = solve_with("least-squares", problem, replace(share, device="cpu"), progress)
            fault = fault_of(problem, estimate, "cpu")
        if fault:
            told.warnings.append(f"{fault}: what was dropped stays zero")
            return solve_with("none", problem, share, progress)
        return estimate, choice


class BlockPiece(NamedTuple):
    """Blocks to be solved, with all that they need: the segments' packets and numbers of frames, of a file
    with this header. The problems of segments before `own` are another piece's to tell."""

    header: Header
    settings: DecodeSettings
    solver: SolverSettings
    blocks: range
    own: int
    packets: list[tuple[SegmentData, int | None]]


class SolvedPiece(NamedTuple):
    """Its blocks, what each had to say, and a line for each part that could not be decoded."""

    runs: list[DecodedRun]
    told: list[Told]
    problems: list[str]


class _Unwatched:
    """In a worker."""

    stopped = False

    def __init__(self, solver: SolverSettings) -> None:
        self._solver = solver

    def share(self, block: int) -> SolverSettings:
        return self._solver

    def steps(self, block: int, channel: int) -> Progress:
        return silent


def solve_piece(piece: BlockPiece) -> SolvedPiece:
    """Solve the blocks of a piece."""
    mode = _mode_of(piece.header)
    solver = BlockSolver(piece.header, mode, piece.settings, _Unwatched(piece.solver))
    grid = Grid(piece.header, mode, piece.settings)
    arriving, end = iter(piece.packets), piece.packets[-1][0].index + 1
    segments: dict[int, Segment] = {}
    problems: list[str] = []
    runs, told = [], [Told() for _ in piece.blocks]
    for block, its in zip(piece.blocks, told, strict=True):
        needed = grid.needed(range(block, block + 1), end)
        segments = {s: segment for s, segment in segments.items() if s in needed}
        while not segments or max(segments) + 1 < needed.stop:
            packets, frames = next(arriving)
            segments[packets.index], found = mode.read(packets, frames)
            problems += found if packets.index >= piece.own else []
        runs.append(solver.solve(segments, block, piece.header.samples, its))
    return SolvedPiece(runs, told, problems)


class Sharing(NamedTuple):
    """Workers that solve pieces, so many at a time, and give them back in order."""

    workers: int
    solve: Callable[[Iterator[BlockPiece]], Iterator[SolvedPiece]]

    def can(self, header: Header, settings: DecodeSettings, solver: SolverSettings) -> bool:
        """Whether they give what this process would: without a clock, a device or a function of the
        caller's, and of a file whose length is known."""
        named = isinstance(settings.solver, str) and (
            settings.solver == AUTO or not SOLVERS[settings.solver].torch
        )
        here = solver.device in ("auto", "cpu")  # the first where none is needed
        return named and here and solver.deadline is None and header.samples is not None


def cut(
    header: Header,
    grid: Grid,
    settings: DecodeSettings,
    solver: SolverSettings,
    workers: int,
    first_block: int,
    packets: Iterable[tuple[SegmentData, int | None]],
) -> Iterator[BlockPiece]:
    """Pieces of the blocks from `first_block` on, from packets of the first segment that it needs on."""
    held: dict[int, tuple[SegmentData, int | None]] = {}
    block, end = first_block, 0

    def piece(stop: int) -> BlockPiece:
        blocks = range(block, stop)
        some = [held[s] for s in grid.needed(blocks, end) if s in held]
        own = block * grid.batch + (grid.after if block > first_block else -grid.before)
        return BlockPiece(header, settings, solver, blocks, own, some)

    def size() -> int:
        left = None if header.segments is None else header.segments - block * grid.batch
        return max(1, piece_size(left, workers, FEWEST_SEGMENTS, MOST_SEGMENTS) // grid.batch)

    for one in packets:
        held[one[0].index] = one
        end = one[0].index + 1
        while end >= (block + (count := size())) * grid.batch + grid.after:
            yield piece(block + count)
            block += count
            for index in [s for s in held if s < block * grid.batch - grid.before]:
                del held[index]
    last = -(-end // grid.batch)
    if last > block:
        yield piece(last)
