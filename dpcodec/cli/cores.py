"""One long file on all cores: when that is worth it, and the processes that do it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dpcodec.cli.display import Screen
from dpcodec.cli.many import engine_for, wanted_of

if TYPE_CHECKING:
    from dpcodec import batch

LONG_S = 60.0
"""What lasts longer is shared by the cores that there are."""


class Cores:
    """The processes of `--jobs`, one a core by default, begun with the first long file."""

    def __init__(self, context: click.Context, stack: contextlib.ExitStack) -> None:
        wanted, screen = wanted_of(context), context.find_root().ensure_object(Screen)
        workers = wanted.jobs or cores()
        alone = screen.lines is not None or wanted.careful or workers == 1  # or one of many workers
        self._wanted = None if alone else wanted._replace(jobs=workers)
        self._verb = context.info_name or ""
        self._stack = stack
        self._engine: batch.Engine | None = None

    def engine_for(self, source: str, samples: int | None, rate: int) -> batch.Engine | None:
        """What shares a source of so many samples; None where it is short, or comes as it is made."""
        if self._wanted is None or samples is None or samples <= LONG_S * rate or not Path(source).is_file():
            return None
        if self._engine is None:
            workers = self._wanted.workers
            self._engine = self._stack.enter_context(engine_for(self._wanted, workers, self._verb))
        return self._engine


@contextlib.contextmanager
def of(context: click.Context) -> Iterator[Cores]:
    """As the options of a verb say."""
    with contextlib.ExitStack() as stack:
        yield Cores(context, stack)


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
