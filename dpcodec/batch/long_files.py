"""A long file by many workers: each codes some of its segments, and what they make is joined here.

`share_encoding` reads the source here and hands out its samples; `encode_runs` lets workers read it, which
may be on other machines.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import dpcodec
from dpcodec.audio.raw import RawFormat
from dpcodec.audio.streams import AudioReader
from dpcodec.batch import urls
from dpcodec.batch.engines import Engine, Task, WorkerLostError
from dpcodec.batch.ordered import in_order
from dpcodec.codec.blocks import BlockPiece, Sharing, SolvedPiece, solve_piece
from dpcodec.codec.encoder import Coder
from dpcodec.codec.pieces import MOST_PIECES, CodedPiece, Piece, by_pieces, code_piece
from dpcodec.codec.report import EncodeReport
from dpcodec.codec.runs import Runs, code_run, cut, join_runs

Begin = Callable[[AudioReader, dpcodec.EncodeSettings], dpcodec.EncodeSettings]
"""What is done to a source before it is encoded: its tags changed, say. Gives the settings back."""
_numbers = itertools.count()


def as_they_are(reader: AudioReader, settings: dpcodec.EncodeSettings) -> dpcodec.EncodeSettings:
    """Nothing."""
    return settings


def share_encoding(engine: Engine) -> Coder:
    """For `encode_stream`: workers of the engine code pieces of a few segments. The bytes are the same as
    without; where something leads through the whole file its segments are coded here.

    What fails three times for the loss of its worker raises `WorkerLostError`.
    """

    def code(pieces: Iterator[Piece]) -> Iterator[CodedPiece]:
        return in_order(engine, map(_task_of, pieces), WorkerLostError, _Check(again), most=MOST_PIECES)

    def again(task: Task, state: Any) -> Task:
        return _task_of(replace(task.arguments[-1], state=state))

    return by_pieces(engine.workers, code)


def share_decoding(engine: Engine) -> Sharing:
    """For `decode_stream`: workers of the engine decode pieces of a few segments and solve what was dropped
    in them; the samples are the same as without. A time limit, a device or a file of unknown length is for
    this process alone. Raises as `share_encoding`."""

    def solve(pieces: Iterator[BlockPiece]) -> Iterator[SolvedPiece]:
        tasks = (Task({"piece": next(_numbers)}, solve_piece, (piece,)) for piece in pieces)
        return in_order(engine, tasks, WorkerLostError)

    return Sharing(engine.workers, solve)


def _task_of(piece: Piece) -> Task:
    return Task({"piece": next(_numbers)}, code_piece, (piece,))


def encode_runs(
    source: str,
    out: BinaryIO,
    engine: Engine,
    settings: dpcodec.EncodeSettings | None = None,
    run_s: float = 600.0,
    raw: RawFormat | None = None,
    progress: Any = lambda done, total, detail: None,
    begin: Begin = as_they_are,
) -> EncodeReport:
    """Encode a path or URL into a file object, in runs of about `run_s` seconds that workers share.

    The bytes are those of `encode_stream`, and `progress` is called as there. Where a file cannot be cut (it
    is short, its length is not known, a bit rate, a random mask, `effort` or another rate are asked for) it
    is encoded here in one go. Raises what `encode_stream` raises, and what is left of a run's error after
    three tries. `begin` is called once, with the source that gives the file its tags.
    """
    settings = settings or dpcodec.EncodeSettings()
    with urls.open_any(source) as file, dpcodec.open_audio(file, raw=raw) as reader:
        settings = begin(reader, settings)
        runs = cut(reader, settings, run_s)
        if runs is None:
            return dpcodec.encode_stream(reader, out, settings, progress)
        total = (reader.samples or 0) / reader.sample_rate
        count = len(runs.firsts)

        def task(first: int, state: Any = None) -> Task:
            key = {"source": source, "first": first, "number": next(_numbers)}
            return Task(key, code_file_run, (source, settings, runs, raw, first, state))

        def again(task_before: Task, state: Any) -> Task:
            return task(task_before.arguments[-2], state)

        def told(done: int) -> None:
            progress(total * min(done, count) / count, total, f"run {min(done, count)} of {count}")

        done = in_order(engine, map(task, runs.firsts), instead=_Check(again), told=told)
        segments = (segment for piece in done for segment in piece.segments)
        return join_runs(out, reader, settings, segments)


class _Check:
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


def code_file_run(
    source: str, settings: dpcodec.EncodeSettings, runs: Runs, raw: RawFormat | None, first: int, state: Any
) -> CodedPiece:
    """In a worker: the segments of one run."""
    with urls.open_any(source) as file, dpcodec.open_audio(file, raw=raw) as reader:
        return code_run(reader, settings, runs, first, state)
