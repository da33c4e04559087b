"""A file by many workers, read and written here: each codes pieces of a few segments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dpcodec.batch.engines import Engine, Task, WorkerLostError
from dpcodec.batch.ordered import in_order

if TYPE_CHECKING:
    from dpcodec.codec.blocks import BlockPiece, Sharing, SolvedPiece
    from dpcodec.codec.encoder import Coder
    from dpcodec.codec.pieces import CodedPiece, Piece

numbers = itertools.count()
"""Of tasks, for their keys: those of one engine must differ."""


def share_encoding(engine: Engine) -> Coder:
    """For `encode_stream`: workers of the engine code pieces of a few segments. The bytes are the same as
    without; where something leads through the whole file its segments are coded here.

    What fails three times for the loss of its worker raises `WorkerLostError`.
    """

    from dpcodec.codec.pieces import MOST_PIECES, by_pieces, code_piece  # lazy: a decoder needs none

    def task_of(piece: Piece) -> Task:
        return Task({"piece": next(numbers)}, code_piece, (piece,))

    def code(pieces: Iterator[Piece]) -> Iterator[CodedPiece]:
        return in_order(engine, map(task_of, pieces), WorkerLostError, Check(again), most=MOST_PIECES)

    def again(task: Task, state: Any) -> Task:
        return task_of(replace(task.arguments[-1], state=state))

    return by_pieces(engine.workers, code)


def share_decoding(engine: Engine) -> Sharing:
    """For `decode_stream`: workers of the engine decode pieces of a few segments and solve what was dropped
    in them; the samples are the same as without. A time limit, a device or a file of unknown length is for
    this process alone. Raises as `share_encoding`."""

    from dpcodec.codec.blocks import Sharing, solve_piece  # lazy: an encoder needs none

    def solve(pieces: Iterator[BlockPiece]) -> Iterator[SolvedPiece]:
        tasks = (Task({"piece": next(numbers)}, solve_piece, (piece,)) for piece in pieces)
        return in_order(engine, tasks, WorkerLostError)

    return Sharing(engine.workers, solve)


class Check:
    """Called with each task and its value, in order: whether it began with what the one before had left. A
    task that begins so where it did not."""

    def __init__(self, again: Callable[[Task, Any], Task]) -> None:
        self._again = again
        self._left: Any = None

    def __call__(self, task: Task, value: CodedPiece) -> Task | None:
        if self._left is not None and value.begun != self._left:
            return self._again(task, self._left)
        self._left = value.left
        return None
