"""How processes that work for this one begin and end: with it, cleaned up, not by signals meant for it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

LEAVE_S = 1.0
"""How long the end of this process waits for workers to clean up."""


def can_fork() -> bool:
    """Whether a fork of this process is safe: it would wait for ever for a lock that another thread holds
    meanwhile, but one that holds none says so by `holds_no_lock`. torch misses its threads in one, and macOS
    and Windows have libraries that do."""
    others = [t for t in threading.enumerate() if not getattr(t, "holds_no_lock", False)]
    return sys.platform == "linux" and others == [threading.current_thread()] and "torch" not in sys.modules


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


def leave_after(wait: Callable[[], object], clean: Callable[[], Any] = bool) -> None:
    """In a worker: end, cleaned up, when `wait` returns or raises, which it does when the parent has ended;
    and when the system asks for it. An interrupt from the keyboard reaches it too, and is the parent's to
    answer."""

    def leave(*_: object) -> None:
        with suppress(Exception):
            clean()
        os._exit(1)

    def watch() -> None:
        with suppress(EOFError, OSError):
            wait()
        leave()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)  # of the pool, when another worker has died, and of service managers
    with _signals_wait():  # in the thread for ever, so that they reach this one, which answers them
        threading.Thread(target=watch, daemon=True).start()
