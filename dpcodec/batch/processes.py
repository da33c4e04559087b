"""Processes that work for this one: each with its own number of threads, and ended when this one ends."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from dpcodec.batch.leaving import LEAVE_S, interrupts_wait, leave_after

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def threads_each(count: int, *, replace: bool = True) -> Iterator[None]:
    """Processes started inside have so many threads for linear algebra; without `replace` only where nothing
    is said yet."""
    names = [name for name in THREADS if replace or name not in os.environ]
    with _environment(dict.fromkeys(names, str(count))):
        yield


@contextmanager
def pools(*sizes: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Pools of so many processes, which end at once when the block is left by an exception, whatever they are
    doing: they hold one end of a pipe and leave when the other is closed, by us or by our death."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    with _quiet_tracker():
        made = [
            ProcessPoolExecutor(size, mp_context=context, initializer=_leave_when_closed, initargs=(theirs,))
            for size in sizes
        ]
    try:
        yield made
    except BaseException:
        ours.close()
        raise
    finally:
        for pool in made:
            pool.shutdown(cancel_futures=True)
        ours.close()
        theirs.close()


class WarmPool:
    """Processes that have loaded `modules` before their first call, and leave with this one.

    They are begun with the first call: forked from a process that has loaded the modules where the system can
    do that, else started one by one. `clean`, a function of a module, is called in a worker that must leave
    in the middle of its work.
    """

    def __init__(self, workers: int, modules: tuple[str, ...] = (), clean: Callable[[], Any] = bool) -> None:
        self._workers, self._modules, self._clean = workers, modules, clean
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The future of a call."""
        with interrupts_wait(), _quiet_tracker(), threads_each(self._threads(), replace=False):
            if self._pool is None:
                self._pool = self._start()
            return self._pool.submit(function, *arguments)

    def restart(self) -> None:
        """Begin anew after a worker has died: the standard pool is of no use then."""
        self.close()

    def close(self) -> None:
        """Let go of the workers, idle or not."""
        if self._pool is None:
            return
        processes = self._processes()
        self._ours.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.join(LEAVE_S)
        self._theirs.close()
        self._pool = None

    def leave(self) -> None:
        """The end of this process, called from any thread: workers clean up and go."""
        if self._pool is None:
            return
        processes = self._processes()
        with suppress(OSError):
            self._ours.close()
        for process in processes:
            with suppress(OSError, ValueError, AssertionError):
                process.join(LEAVE_S)

    def _start(self) -> ProcessPoolExecutor:
        kind = (
            "forkserver" if sys.platform == "linux" else "spawn"
        )  # others miss what it needs, or forks fail
        context: Any = multiprocessing.get_context(kind)
        if kind == "forkserver":
            context.set_forkserver_preload([__name__, *self._modules])
        self._theirs, self._ours = context.Pipe(duplex=False)
        return ProcessPoolExecutor(
            self._workers,
            mp_context=context,
            initializer=_leave_when_closed,
            initargs=(self._theirs, self._clean),
        )

    def _threads(self) -> int:
        return max(1, (os.cpu_count() or 1) // self._workers)

    def _processes(self) -> list[Any]:
        return list((getattr(self._pool, "_processes", None) or {}).values())


def _quiet_tracker() -> Any:
    """Where this process is interrupted, Python's tracker cleans up after it; it need not say so."""
    ignored = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker")))
    return _environment({"PYTHONWARNINGS": ignored})


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _leave_when_closed(pipe: Connection, clean: Callable[[], Any] = bool) -> None:
    leave_after(pipe.recv, clean)
