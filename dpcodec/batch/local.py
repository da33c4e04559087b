"""Processes on this machine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from dpcodec.batch.engines import Answer, Engine, Task
from dpcodec.batch.leaving import can_fork


class LocalPool:
    """See `engines.Engine`. Processes that are begun with the first task: forked from this one where that is
    safe, else started.

    modules  loaded before the first task
    clean    called in a worker that must leave in mid-work
    """

    def __init__(self, workers: int, modules: tuple[str, ...] = (), clean: Callable[[], Any] = bool) -> None:
        self.about, self.workers, self.width = f"{workers} processes", workers, 2 * workers + 1
        self._modules, self._clean = modules, clean
        self._pool: Engine | None = None

    def submit(self, task: Task) -> None:
        """As `Engine.submit`."""
        if self._pool is None:
            self._pool = self._begun()
        self._pool.submit(task)

    def next_done(self) -> Answer:
        """As `Engine.next_done`."""
        assert self._pool is not None  # something was submitted
        return self._pool.next_done()

    def close(self) -> None:
        """As `Engine.close`."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def leave(self) -> None:
        """As `Engine.leave`."""
        if self._pool is not None:
            self._pool.leave()

    def _begun(self) -> Engine:
        if can_fork():
            for module in self._modules:
                import_module(module)
            from dpcodec.batch.forked import ForkedPool  # lazy: not everywhere

            return ForkedPool(self.workers, self._clean)
        from dpcodec.batch.started import StartedPool  # lazy: twenty milliseconds

        return StartedPool(self.workers, self._modules, self._clean)
