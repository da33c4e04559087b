"""Tasks by the standard library's pool of processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from dpcodec.batch.engines import Answer, Task, WorkerLostError, call
from dpcodec.batch.processes import WarmPool


class StartedPool:
    """See `engines.Engine`: warm processes where this one cannot be forked.

    Where one dies the standard pool is broken, and does not say by which task: those that were running are
    run again one at a time, so that only the one that kills its worker is told as lost.
    """

    def __init__(self, workers: int, modules: tuple[str, ...] = (), clean: Callable[[], Any] = bool) -> None:
        self.about, self.workers, self.width = f"{workers} processes", workers, workers
        self._pool = WarmPool(workers, modules, clean)
        self._running: dict[Future[Any], Task] = {}
        self._waiting: deque[Task] = deque()
        self._suspects: deque[Task] = deque()
        self._done: deque[Answer] = deque()

    def submit(self, task: Task) -> None:
        """As `Engine.submit`."""
        self._waiting.append(task)
        self._fill()

    def next_done(self) -> Answer:
        """As `Engine.next_done`."""
        while not self._done:
            self._fill()
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                if isinstance(future.exception(), BrokenProcessPool):
                    self._begin_anew()
                    break
                self._take(future)
        return self._done.popleft()

    def close(self) -> None:
        """As `Engine.close`."""
        self._pool.close()

    def leave(self) -> None:
        """As `Engine.leave`."""
        self._pool.leave()

    def _fill(self) -> None:
        if self._suspects:
            if not self._running:
                self._start(self._suspects.popleft())
            return
        while self._waiting and len(self._running) < self.width:
            self._start(self._waiting.popleft())

    def _start(self, task: Task) -> None:
        try:
            self._running[self._pool.submit(call, task)] = task
        except BrokenProcessPool:  # a worker has died with nothing to do
            self._pool.restart()
            self._running[self._pool.submit(call, task)] = task

    def _take(self, future: Future[Any]) -> None:
        error = future.exception()
        self._done.append((self._running.pop(future), error or future.result()))

    def _begin_anew(self) -> None:
        wait(self._running)
        lost = []
        for future in list(self._running):
            if isinstance(future.exception(), BrokenProcessPool):
                lost.append(self._running.pop(future))
            else:
                self._take(future)
        if len(lost) == 1:
            what = "the process that worked on it has ended, perhaps for its memory"
            self._done.append((lost[0], WorkerLostError(f"{what}: give it more, or fewer --jobs")))
        else:
            self._suspects.extend(lost)
        self._pool.restart()
