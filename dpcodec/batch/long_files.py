"""A long file by many workers, on other machines too: each reads and codes a run of it, and what they make is
joined here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import dpcodec
from dpcodec.audio.raw import RawFormat
from dpcodec.audio.streams import AudioReader
from dpcodec.batch import urls
from dpcodec.batch.engines import Engine, Task
from dpcodec.batch.ordered import in_order
from dpcodec.batch.sharing import Check, numbers
from dpcodec.codec.pieces import CodedPiece
from dpcodec.codec.report import EncodeReport
from dpcodec.codec.runs import Runs, code_run, cut, join_runs

Begin = Callable[[AudioReader, dpcodec.EncodeSettings], dpcodec.EncodeSettings]
"""What is done to a source before it is encoded: its tags changed, say. Gives the settings back."""


def as_they_are(reader: AudioReader, settings: dpcodec.EncodeSettings) -> dpcodec.EncodeSettings:
    """Nothing."""
    return settings


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
            key = {"source": source, "first": first, "number": next(numbers)}
            return Task(key, code_file_run, (source, settings, runs, raw, first, state))

        def again(task_before: Task, state: Any) -> Task:
            return task(task_before.arguments[-2], state)

        def told(done: int) -> None:
            progress(total * min(done, count) / count, total, f"run {min(done, count)} of {count}")

        done = in_order(engine, map(task, runs.firsts), instead=Check(again), told=told)
        segments = (segment for piece in done for segment in piece.segments)
        return join_runs(out, reader, settings, segments)


def code_file_run(
    source: str, settings: dpcodec.EncodeSettings, runs: Runs, raw: RawFormat | None, first: int, state: Any
) -> CodedPiece:
    """In a worker: the segments of one run."""
    with urls.open_any(source) as file, dpcodec.open_audio(file, raw=raw) as reader:
        return code_run(reader, settings, runs, first, state)
