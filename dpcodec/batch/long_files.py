"""A long file by many workers: each codes a run of its segments, and what they make is joined here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import dpcodec
from dpcodec.audio.raw import RawFormat
from dpcodec.audio.streams import AudioReader
from dpcodec.batch import urls
from dpcodec.batch.engines import Engine, Task
from dpcodec.batch.runner import RETRIES, attempts
from dpcodec.codec.report import EncodeReport
from dpcodec.codec.runs import Runs, code_run, cut, join_runs

if TYPE_CHECKING:
    from dpcodec.modes.base import CodedSegment


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
        tasks = [
            Task({"source": source, "first": first}, code_file_run, (source, settings, runs, first, raw))
            for first in runs.firsts
        ]

        def coded() -> Iterator[CodedSegment]:
            """In order; those that end early wait."""
            waiting: dict[int, list[CodedSegment]] = {}
            due = iter(runs.firsts)
            first = next(due, None)
            for done, (task, value, _) in enumerate(attempts(engine, tasks, RETRIES), 1):
                if isinstance(value, Exception):
                    raise value
                waiting[task.key["first"]] = value
                progress(total * done / len(tasks), total, f"run {done} of {len(tasks)}")
                while first in waiting:
                    yield from waiting.pop(first)
                    first = next(due, None)

        return join_runs(out, reader, settings, coded())


def code_file_run(
    source: str, settings: dpcodec.EncodeSettings, runs: Runs, first: int, raw: RawFormat | None
) -> list[CodedSegment]:
    """In a worker: the segments of one run."""
    with urls.open_any(source) as file, dpcodec.open_audio(file, raw=raw) as reader:
        return code_run(reader, settings, runs, first)
