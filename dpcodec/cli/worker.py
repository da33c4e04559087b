"""In a worker, of this machine or of another: one job of a batch, done as the command would do it."""

from __future__ import annotations

import contextlib
import platform
import time
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from dpcodec.batch import urls
from dpcodec.cli import exits, signals
from dpcodec.cli.display import Screen

_MODULES = {
    "encode": ("dpcodec.codec.encoder", "dpcodec.modes.perceptual"),
    "decode": ("dpcodec.codec.decoder", "dpcodec.modes.perceptual", "dpcodec.coding.coders"),
}
_PAIR = (("source", -2), ("target", -1))
_DONE = (exits.OK, exits.DAMAGED)


def modules_of(verb: str) -> tuple[str, ...]:
    """What is worth loading before the first job of a verb."""
    return "dpcodec.cli.main", f"dpcodec.cli.commands.{verb}", *_MODULES.get(verb, ())


def work(arguments: Sequence[str], digest: bool = False) -> dict[str, Any]:
    """Run one command line that makes one output; the row of what came of it.

    `code` is the exit code, `lines` what there was to say, `error` the reason where nothing came out, `final`
    there where another try would end as this one.
    """
    run = import_module("dpcodec.cli.main").run  # not above: it imports what begins a batch
    screen = Screen(lines=[], digest=digest)
    started, cpu = time.perf_counter(), time.thread_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries, as in the command
        code = run(list(arguments), screen)
    row = {"source_bytes": urls.size(arguments[-1]), **screen.record, "code": code, "lines": screen.lines}
    row |= {
        "took_s": round(time.perf_counter() - started, 3),
        "cpu_s": round(time.thread_time() - cpu, 3),
        "host": platform.node(),
    }
    if code in _DONE:
        row.pop("error", None)
    else:
        row.setdefault("error", f"exit code {code}")
    if code == exits.USAGE:
        row["final"] = True
    return row


def compare(arguments: Sequence[str]) -> dict[str, Any]:
    """As `work`, of a command line that compares two files."""
    return {**work(arguments), **{f"{name}_bytes": urls.size(arguments[at]) for name, at in _PAIR}}


def without_lines(value: dict[str, Any]) -> dict[str, Any]:
    """A row as a manifest keeps it."""
    return {name: item for name, item in value.items() if name != "lines"}


def clean() -> None:
    """Remove what a job in mid-work would leave behind."""
    with contextlib.suppress(OSError):
        signals.clean()
