"""What runs tasks: this process, a pool of processes on this machine, or a Dask cluster.

An engine takes a task and some time later gives it back with its value or with what went wrong. It decides
nothing: which task comes next, and how often one is tried, is `runner`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from dpcodec.errors import DpcodecError

RETRIES = 2
"""How often a task that failed is tried again."""


class WorkerLostError(DpcodecError):
    """The process that ran a task has ended: killed, or out of memory. `tries`: how often the engine itself
    has tried, where it has; it is then not tried again."""

    def __init__(self, message: str, tries: int = 0) -> None:
        super().__init__(message)
        self.tries = tries


@dataclass(frozen=True)
class Task:
    """One call: `function(*arguments)`.

    key        what the task is, in values that JSON holds: two tasks with one key are the same, today or in a
               run to come
    function   a function of a module, so that another process can call it
    arguments  what it is called with; small ones, since they travel: names of files rather than samples
    resources  what a Dask worker must have free, as {"GPU": 1}; other engines take no notice
    cost_s     estimated seconds: for the time to go
    """

    key: dict[str, Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    resources: dict[str, float] = field(default_factory=dict)
    cost_s: float = 1.0

    @cached_property
    def id(self) -> str:
        """Twenty hexadecimal digits of the key's digest."""
        return hashlib.sha256(json.dumps(self.key, sort_keys=True).encode()).hexdigest()[:20]


Answer = tuple[Task, Any]
"""A task, and its value or the exception that it raised."""


class Engine(Protocol):
    """Runs tasks. `about` says where, for people; `workers` how many it works on at a time, `width` how many
    are worth handing over."""

    @property
    def about(self) -> str: ...

    @property
    def workers(self) -> int: ...

    @property
    def width(self) -> int: ...

    def submit(self, task: Task) -> None:
        """Hand a task over."""

    def next_done(self) -> Answer:
        """Wait for a task that was handed over; `WorkerLostError` for a value where its worker died."""

    def close(self) -> None:
        """Let go of it all, finished or not."""

    def leave(self) -> None:
        """The same where this process must end now: called from any thread, and waits for next to nothing."""


def call(task: Task) -> Any:
    """The value of a task, or the exception that it raised."""
    try:
        return task.function(*task.arguments)
    except Exception as error:  # noqa: BLE001 - told with the task, whatever it is
        return error


class InProcess:
    """One task after the other, here."""

    about = "this process"
    workers = width = 1

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()

    def submit(self, task: Task) -> None:
        """As `Engine.submit`."""
        self._waiting.append(task)

    def next_done(self) -> Answer:
        """As `Engine.next_done`."""
        task = self._waiting.popleft()
        return task, call(task)

    def close(self) -> None:
        """As `Engine.close`."""

    def leave(self) -> None:
        """As `Engine.leave`."""
