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

from dpcodec.container.header import Header
from dpcodec.modes import mode_of
from dpcodec.modes.base import CodedSegment, Mode
from dpcodec.settings import EncodeSettings
from dpcodec.transform.streaming import FrameRun

_mode_of = lru_cache(maxsize=1)(mode_of)


@dataclass(frozen=True)
class Piece:
    """Segments to be coded: the index of the first, the samples of each, those of the segment before, and the
    state which that left, where it is known."""

    first: int
    runs: list[FrameRun]
    before: FrameRun | None = None
    state: Any = None


@dataclass(frozen=True)
class CodedPiece:
    """Its segments, the state that it began with, and the one that it left."""

    segments: list[CodedSegment]
    begun: Any
    left: Any


def cut(mode: Mode, blocks: Iterator[np.ndarray], size: Callable[[int], int]) -> Iterator[Piece]:
    """Blocks of samples float32 [C, n], cut into pieces of `size(index of the first)` segments."""
    runs: list[FrameRun] = []
    before, first, wanted = None, 0, size(0)
    for run in mode.runs(blocks):
        # Of its own, for a slice would hold all that its block holds.
        runs.append(FrameRun(run.samples.copy(), run.span, run.frames))
        if len(runs) == wanted:
            yield Piece(first, runs, before)
            before, first, runs = runs[-1], first + wanted, []
            wanted = size(first)
    if runs:
        yield Piece(first, runs, before)


def code_piece(header: Header, settings: EncodeSettings, piece: Piece) -> CodedPiece:
    """Code a piece of a file with this header, whose coder is `apart`."""
    coder = _mode_of(header).coder(settings)
    if piece.state is not None:
        coder.state = piece.state
    elif piece.before is not None:
        coder.lead(piece.before)
    begun = coder.state
    segments = [coder.code(index, run, _free) for index, run in enumerate(piece.runs, piece.first)]
    return CodedPiece(segments, begun, coder.state)


def _free(segment: int) -> int:
    """The budget of segments that have none."""
    return 0
