"""Blocks of segments: what arrived -> what was dropped, inpainted. One after the other, or pieces of a file
by workers, which know all that a block needs and give the same numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.piece_size import piece_size
from dpcodec.codec.solution_check import check_context, fault_of
from dpcodec.container.header import Header
from dpcodec.container.stream import SegmentData
from dpcodec.errors import FormatError
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.problem import Problem, joined, limit, reinsert
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import AUTO, SOLVERS, agrees, halo_frames, side_by_side, solve_with
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

    def share(self, block: int, count: int = 1) -> SolverSettings:
        """The solver's settings for so many channels, of a block and of those after it."""

    def steps(self, block: int, channel: int, count: int = 1) -> Progress:
        """What the solver of one channel tells its progress to, or of so many from this one on."""


@dataclass
class Told:
    """What solving a block had to say: remarks, and solvers with the reasons for them."""

    warnings: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


class _Asked(NamedTuple):
    """The problem of one channel of a block, its own frames, and what is to be told of it."""

    problem: Problem
    block: int
    channel: int
    own: slice
    told: Told


class BlockSolver:
    """Solves blocks of a file of so many samples, where that is known."""

    def __init__(self, header: Header, mode: Mode, settings: DecodeSettings, watch: Watch) -> None:
        self._header, self._mode, self._settings, self._watch = header, mode, settings, watch
        self._grid = Grid(header, mode, settings)

    def solve(
        self, segments: dict[int, Segment], blocks: range, samples: int | None, told: Sequence[Told]
    ) -> list[DecodedRun]:
        """Own frames of blocks, with context if asked, from those segments that are there of `Grid.needed`
        and no others after them. Where the solver is at its best so, channels of all of them are solved side
        by side, else one after the other."""
        base, C = min(segments) * self._header.segment_frames, self._header.channels
        known = join([segments[s] for s in sorted(segments)])
        frames = [self._frames(block, base, base + known.frames) for block in blocks]
        around = [known.cut(begin - base, stop - base) for begin, stop, _ in frames]
        asked = (
            _Asked(self._mode.problem(part, c, begin, samples), block, c, own, its)
            for part, (begin, _, own), block, its in zip(around, frames, blocks, told, strict=True)
            for c in range(C)
        )
        solved = self._side_by_side(list(asked)) if self._together() else map(self._channel, asked)
        runs = []
        for part, (begin, _, own) in zip(around, frames, strict=True):
            segment = part.cut(own.start, own.stop)
            X = self._mode.own_channels(np.concatenate(list(islice(solved, C))), segment)
            runs.append(DecodedRun(begin + own.start, X, segment.arrived, segment.block_splits))
        return runs

    def _frames(self, block: int, base: int, end: int) -> tuple[int, int, slice]:
        """First and last frame of those from `base` to `end` that a block is solved from, and its own."""
        grid = self._grid
        first, last = block * grid.block_frames, min((block + 1) * grid.block_frames, end)
        if last <= first:
            raise FormatError("copies of the header tell different lengths")
        begin, stop = max(base, first - grid.halo), min(end, last + grid.ahead)
        return begin, stop, slice(first - begin, last - begin)

    def _solver(self) -> str:
        return "none" if self._watch.stopped else self._settings.solver

    def _together(self) -> bool:
        return not self._watch.stopped and side_by_side(self._settings.solver, self._watch.share(0).device)

    def _side_by_side(self, asked: list[_Asked]) -> Iterator[np.ndarray]:
        """Of all that is asked, one after the other; problems of one operator are solved at once."""
        groups: dict[Any, list[_Asked]] = {}
        for one in asked:  # frames cut into blocks may differ, and stay alone
            operator = one.problem.operator
            groups.setdefault(id(one) if operator.orthonormal else operator, []).append(one)
        first: dict[int, tuple[np.ndarray, str]] = {}
        for group in groups.values():
            where = group[0].block, group[0].channel, len(group)
            with _caught(group[0].told):
                found, choice = solve_with(
                    self._solver(),
                    joined([one.problem for one in group]),
                    self._watch.share(where[0], where[2]),
                    self._watch.steps(*where),
                )
            first.update((id(one), (found[i : i + 1], choice)) for i, one in enumerate(group))
        return (self._channel(one, first.pop(id(one))) for one in asked)

    def _channel(self, asked: _Asked, first: tuple[np.ndarray, str] | None = None) -> np.ndarray:
        """Own frames of a channel, of the estimate and the reason for its solver if these are known."""
        problem, told = asked.problem, asked.told
        with _caught(told):
            estimate, choice = self._estimate(asked, first)
        told.choices.append(choice)
        if agrees(choice):
            return estimate[:, :, asked.own]
        estimate = limit(problem, estimate)
        if self._settings.context:
            estimate = reinsert(problem, estimate)
            if self._settings.check:
                check_context(problem, estimate)
        return estimate[:, :, asked.own]

    def _estimate(self, asked: _Asked, first: tuple[np.ndarray, str] | None) -> tuple[np.ndarray, str]:
        """The solver's estimate and why it was this solver; least squares' on the CPU where it is of no use,
        and zeros where that is of none."""
        problem, told = asked.problem, asked.told
        share, progress = self._watch.share(asked.block), self._watch.steps(asked.block, asked.channel)
        estimate, choice = first or solve_with(self._solver(), problem, share, progress)
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


@contextmanager
def _caught(told: Told) -> Iterator[None]:
    """Warnings about numbers become remarks."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    told.warnings += [str(warning.message) for warning in caught]


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

    def share(self, block: int, count: int = 1) -> SolverSettings:
        return self._solver

    def steps(self, block: int, channel: int, count: int = 1) -> Progress:
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
        runs += solver.solve(segments, range(block, block + 1), piece.header.samples, [its])
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
