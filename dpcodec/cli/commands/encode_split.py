"""One file after the other, each by all workers: `dpcodec encode --split`, and whatever is long."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import click

import dpcodec
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import UsageError
from dpcodec.cli.many import Wanted, engine_for, wanted_of

Encode = Callable[
    [str, BinaryIO, dpcodec.EncodeSettings, dpcodec.RawFormat | None, Any, Any], dpcodec.EncodeReport
]
LONG_S = 60.0
"""What lasts longer is shared by the cores that there are."""
RUNS_EACH = 3
SHORTEST_RUN_S = 15.0


@contextlib.contextmanager
def by_runs(context: click.Context, run_s: float) -> Iterator[Encode]:
    """What encodes a source in runs of so many seconds, over the engine that the options name.

    Raises `UsageError` with a manifest, which tells of files that are tasks.
    """
    wanted = wanted_of(context)
    if wanted.manifest is not None:
        raise UsageError("--split works on one file after the other: leave out --manifest")
    with engine_for(wanted, wanted.workers) as engine:
        if wanted.scheduler:
            context.find_root().ensure_object(Screen).note(engine.about)

        def encode(source: str, out: BinaryIO, settings: dpcodec.EncodeSettings, *rest: Any) -> Any:
            from dpcodec.batch.long_files import encode_runs

            raw, progress, begin = rest
            return encode_runs(source, out, engine, settings, run_s, raw, progress, begin)

        yield encode


@contextlib.contextmanager
def by_cores(context: click.Context, in_one_go: Encode) -> Iterator[Encode]:
    """What encodes a long source in runs over the processes of `--jobs`, one a core by default, and others
    `in_one_go`: the bytes are the same."""
    wanted, screen = wanted_of(context), context.find_root().ensure_object(Screen)
    workers = wanted.jobs or cores()
    if screen.lines is not None or wanted.careful or workers == 1:  # in a worker, or alone
        yield in_one_go
        return
    with contextlib.ExitStack() as stack:
        engines: list[Any] = []

        def encode(source: str, out: BinaryIO, settings: dpcodec.EncodeSettings, *rest: Any) -> Any:
            raw, progress, begin = rest
            seconds = _seconds_of(source, settings, raw)
            if seconds <= LONG_S:
                return in_one_go(source, out, settings, raw, progress, begin)
            from dpcodec.batch.long_files import encode_runs

            if not engines:
                engines.append(stack.enter_context(engine_for(_with(wanted, workers), workers)))
            run_s = max(SHORTEST_RUN_S, seconds / (RUNS_EACH * workers))
            return encode_runs(source, out, engines[0], settings, run_s, raw, progress, begin)

        yield encode


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _with(wanted: Wanted, workers: int) -> Wanted:
    return replace(wanted, jobs=workers)


def _seconds_of(source: str, settings: dpcodec.EncodeSettings, raw: dpcodec.RawFormat | None) -> float:
    """What a source lasts; 0 where it must be encoded in one go: something leads through all of it, or it is
    no file whose end is where it says."""
    through = settings.bitrate is not None or settings.effort or settings.rate or settings.sanitize
    if through or not Path(source).is_file():
        return 0.0
    with Path(source).open("rb") as file, dpcodec.open_audio(file, raw=raw) as reader:
        last = (reader.samples or 1) - 1
        if last <= LONG_S * reader.sample_rate or reader.skip(last) < last or not reader.read(1).shape[1]:
            return 0.0
        return last / reader.sample_rate
