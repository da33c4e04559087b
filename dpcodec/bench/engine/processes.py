"""Processes that measure: with threads of their own number, and ended when the one that asked ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def threads_each(count: int) -> Iterator[None]:
    """Processes started inside have so many threads for linear algebra."""
    with _environment(dict.fromkeys(THREADS, str(count))):
        yield


@contextmanager
def pools(*sizes: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Pools of so many processes, which end at once when the block is left by an exception, whatever they are
    doing: they hold one end of a pipe and leave when the other is closed, by us or by our death."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    # Where this process is interrupted, Python's tracker cleans up after it; it need not say so.
    ignored = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker")))
    with _environment({"PYTHONWARNINGS": ignored}):
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


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """An interrupt from the keyboard waits for the end of the block. Processes started inside never get one,
    not even before their first line that could answer it; where signals cannot be blocked, they may."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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


def _leave_when_closed(pipe: Connection) -> None:
    """In a worker. An interrupt from the keyboard reaches it too, and is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        with suppress(EOFError, OSError):
            pipe.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
