"""Pieces of a file, each some segments that are coded apart, which join to the same bytes as in one go.

What a segment leaves to the next is its coder's state, of an MDCT how its last frames are cut into blocks.
A piece guesses what the one before leaves from that one's last segment; `CodedPiece.begun` tells what was
guessed, so that whoever joins pieces can see whether it was right, and have the piece coded again if not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dpcodec.codec.encoder import Coder, one_by_one
from dpcodec.codec.piece_size import piece_size
from dpcodec.container.header import Header
from dpcodec.modes import mode_of
from dpcodec.modes.base import Allowance, Budget, CodedSegment
from dpcodec.modes.rate import LAG, first_of, place_of
from dpcodec.settings import EncodeSettings
from dpcodec.transform.streaming import FrameRun

MOST_SEGMENTS, FEWEST_SEGMENTS = 8, 2
"""Of a piece: the segment before is looked at for each, and all workers should end together."""
MOST_PIECES = LAG
"""Begun before the first of them is written: what a piece may take at a bit rate depends on those before."""
_mode_of = lru_cache(maxsize=1)(mode_of)


@dataclass(frozen=True)
class Piece:
    """Segments of a file with this header to be coded: the index of the first, the samples of each, those of
    the segment before, the state which that left, where it is known, and of a group what each may take."""

    header: Header
    settings: EncodeSettings
    first: int
    runs: list[FrameRun]
    before: FrameRun | None = None
    state: Any = None
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True)
class CodedPiece:
    """Its segments, the state that it began with, and the one that it left."""

    segments: list[CodedSegment]
    begun: Any
    left: Any


def by_pieces(workers: int, code: Callable[[Iterator[Piece]], Iterator[CodedPiece]]) -> Coder:
    """For `encode_stream`: `code` has so many workers code pieces, and gives them back in order. Where
    a function of the caller's makes the mask, its segments are coded here, one by one."""

    def coder(
        header: Header, blocks: Iterator[np.ndarray], settings: EncodeSettings, budget: Budget
    ) -> Iterator[CodedSegment]:
        if settings.custom is not None:  # a function may be called in order, and here
            yield from one_by_one(header, blocks, settings, budget)
            return
        for piece in code(_cut(header, blocks, settings, workers, budget)):
            yield from piece.segments

    return coder


def _cut(
    header: Header,
    blocks: Iterator[np.ndarray],
    settings: EncodeSettings,
    workers: int,
    budget: Budget,
) -> Iterator[Piece]:
    """Pieces; where segments of a group know of each other they are the groups."""
    by_groups = mode_of(header).coder(settings).by_groups

    def size(first: int) -> int:
        left = None if header.segments is None else header.segments - first
        if by_groups:
            return first_of(place_of(first)[0] + 1) - first
        return piece_size(left, workers, FEWEST_SEGMENTS, MOST_SEGMENTS)

    runs: list[FrameRun] = []
    allowances: list[Allowance] = []
    before, first, wanted = None, 0, size(0)
    for index, run in enumerate(mode_of(header).runs(blocks)):
        # Of its own, for a slice would hold all that its block holds.
        runs.append(FrameRun(run.samples.copy(), run.span, run.frames))
        allowances += [budget(index, run)] if by_groups else []
        if len(runs) == wanted:
            yield Piece(header, settings, first, runs, before, allowances=tuple(allowances))
            before, first, runs, allowances = runs[-1], first + wanted, [], []
            wanted = size(first)
    if runs:
        yield Piece(header, settings, first, runs, before, allowances=tuple(allowances))


def code_piece(piece: Piece) -> CodedPiece:
    """Code a piece of a file."""
    coder = _mode_of(piece.header).coder(piece.settings)
    if piece.state is not None:
        coder.state = piece.state
    elif piece.before is not None:
        coder.lead(piece.before, piece.allowances[0].found if piece.allowances else None)
    begun = coder.state

    def budget(index: int, run: FrameRun) -> Allowance:
        return piece.allowances[index - piece.first]

    segments = [coder.code(index, run, budget) for index, run in enumerate(piece.runs, piece.first)]
    return CodedPiece(segments, begun, coder.state)
