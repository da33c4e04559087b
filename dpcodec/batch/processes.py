"""Processes that work for this one: each with its own number of threads, and ended when this one ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LEAVE_S = 1.0
"""How long the end of this process waits for workers to clean up."""


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

    They are begun with the first call: forked from this process where that is safe, else from one that has
    loaded the modules where the system can do that, else started one by one. `clean`, a function of a module,
    is called in a worker that must leave in the middle of its work.
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
        kind = _way_to_start()
        context: Any = multiprocessing.get_context(kind)
        if kind == "forkserver":
            context.set_forkserver_preload([__name__, *self._modules])
        elif kind == "fork":
            for module in self._modules:
                import_module(module)
        self._theirs, self._ours = context.Pipe(duplex=False)
        inherited = self._ours if kind == "fork" else None
        return ProcessPoolExecutor(
            self._workers,
            mp_context=context,
            initializer=_leave_when_closed,
            initargs=(self._theirs, self._clean, inherited),
        )

    def _threads(self) -> int:
        return max(1, (os.cpu_count() or 1) // self._workers)

    def _processes(self) -> list[Any]:
        return list((getattr(self._pool, "_processes", None) or {}).values())


def _way_to_start() -> str:
    """A fork has everything at once and shares its memory, but would wait for ever for a lock that another
    thread holds meanwhile: one that holds none says so by `holds_no_lock`. torch misses its threads in one,
    and macOS and Windows have libraries that do."""
    if sys.platform != "linux":
        return "spawn"
    others = [t for t in threading.enumerate() if not getattr(t, "holds_no_lock", False)]
    alone = others == [threading.current_thread()] and "torch" not in sys.modules
    return "fork" if alone else "forkserver"


@contextmanager
def _signals_wait(*some: signal.Signals) -> Iterator[None]:
    """These signals, all of them where none is named, wait for the end of the block, where they can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, some or signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """An interrupt from the keyboard waits for the end of the block. Processes started inside never get one,
    not even before their first line that could answer it; where signals cannot be blocked, they may."""
    with _signals_wait(signal.SIGINT):
        yield


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


def _leave_when_closed(
    pipe: Connection, clean: Callable[[], Any] = bool, inherited: Connection | None = None
) -> None:
    """In a worker. An interrupt from the keyboard reaches it too, and is the parent's to answer. `inherited`
    is the parent's end of the pipe, which a fork has too."""
    if inherited is not None:
        inherited.close()

    def leave(*_: object) -> None:
        with suppress(Exception):
            clean()
        os._exit(1)

    def watch() -> None:
        with suppress(EOFError, OSError):
            pipe.recv()
        leave()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)  # of the pool, when another worker has died, and of service managers
    with _signals_wait():  # in the thread for ever, so that they reach this one, which answers them
        threading.Thread(target=watch, daemon=True).start()
