"""What an experiment is: measurements made one by one, in any order, and told apart afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One measurement: `measure(**arguments)` gives the values of the row that `key` names.

    key        what is measured, in values that JSON holds: clip and its digest, settings, versions;
               two tasks with one key are the same measurement, today or in a run to come
    measure    a function of a module, so that another process can call it
    arguments  what it is called with
    cost_s     estimated seconds on one core: for the time to go and for a budget
    alone      never two of these at a time, whatever the number of jobs: each fills the GPU
    """

    key: Row
    measure: Callable[..., Row]
    arguments: dict[str, Any]
    cost_s: float = 1.0
    alone: bool = False

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the key's digest."""
        return hashlib.sha256(json.dumps(self.key, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Table:
    """Rows for a reader: all have the keys of the first."""

    title: str
    rows: Sequence[Row]


def no_plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """For an experiment whose tables say it all."""
    return []


def no_files(rows: Sequence[Row], folder: Path) -> list[Path]:
    """For an experiment whose rows are all that other programs need."""
    return []


@dataclass(frozen=True)
class Experiment:
    """Tasks in order of importance (a budget cuts from the end), and how their rows are read.

    tables   rows -> what is printed and what stands in docs/benchmarks.md; works on any subset of the rows
    plots    rows, folder -> the files drawn there
    files    rows, folder -> what was written there for other programs
    timed    timings are measured: one task at a time, whatever the number of jobs
    notes    what the user should know first: programs that are absent, the cost of it all
    """

    name: str
    tasks: Sequence[Task]
    tables: Callable[[Sequence[Row]], list[Table]]
    plots: Callable[[Sequence[Row], Path], list[Path]] = no_plots
    files: Callable[[Sequence[Row], Path], list[Path]] = no_files
    timed: bool = False
    notes: list[str] = field(default_factory=list)


def spell(seconds: float) -> str:
    """A time in two digits or so.

    >>> spell(40), spell(600), spell(200000), spell(2e6)
    ('40 s', '10 min', '2 d 8 h', '23 d')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds > 864000:
        return f"{seconds / 86400:.0f} d"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
