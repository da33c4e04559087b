"""One file after the other, each by all workers: `dpcodec encode --split`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import click

import dpcodec
from dpcodec.cli.display import Screen
from dpcodec.cli.exits import UsageError
from dpcodec.cli.many import engine_for, wanted_of

Encode = Callable[
    [str, BinaryIO, dpcodec.EncodeSettings, dpcodec.RawFormat | None, Any, Any], dpcodec.EncodeReport
]


@contextlib.contextmanager
def by_runs(context: click.Context, run_s: float) -> Iterator[Encode]:
    """What encodes a source in runs of so many seconds, over the engine that the options name.

    Raises `UsageError` with a manifest, which tells of files that are tasks.
    """
    wanted = wanted_of(context)
    if wanted.manifest is not None:
        raise UsageError("--split works on one file after the other: leave out --manifest")
    with engine_for(wanted, wanted.workers, "encode") as engine:
        if wanted.scheduler:
            context.find_root().ensure_object(Screen).note(engine.about)

        def encode(source: str, out: BinaryIO, settings: dpcodec.EncodeSettings, *rest: Any) -> Any:
            from dpcodec.batch.long_files import encode_runs

            raw, progress, begin = rest
            return encode_runs(source, out, engine, settings, run_s, raw, progress, begin)

        yield encode
