"""Ctrl-C and kill: the process leaves within two seconds, whatever it is doing, and leaves no partial file.

A thread waits for signals, so that neither a long step inside a library nor a blocked read can hold them up:
it removes what must not stay behind and ends the process. Only while a solver is fitting the first SIGINT
asks it, politely, for its best so far; if that does not end the work within `GRACE_S`, or on a second signal,
the process leaves as well.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from dpcodec.cli import platforms

GRACE_S = 1.5

NOTHING_KEPT = "nothing was kept of the unfinished output"

_at_leave: list[Callable[[], None]] = []
_told = [NOTHING_KEPT]
_stop = threading.Event()
_fitting = threading.Event()
_settled = threading.Event()


def install() -> None:
    """Watch for SIGINT, SIGTERM and SIGHUP from now on, except where the parent had them ignored."""
    send, receive, read = _ends()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            # The handler only makes Python write the number to the wakeup descriptor.
            signal.signal(number, lambda number, frame: None)
    signal.set_wakeup_fd(send, warn_on_full_buffer=False)
    _Watcher(target=_watch, args=(receive, read), name="signals", daemon=True).start()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    """In a process forked from this one: signals that it gets, and unfinished outputs, are not its own."""
    signal.set_wakeup_fd(-1)
    _at_leave.clear()
    _told[1:] = []


@contextlib.contextmanager
def at_leave(action: Callable[[], None]) -> Iterator[None]:
    """Have `action` done if a signal ends the process inside the `with` block."""
    _at_leave.append(action)
    try:
        yield
    finally:
        _at_leave.remove(action)


@contextlib.contextmanager
def telling(text: str) -> Iterator[None]:
    """If a signal ends the process inside the `with` block, say this of what was kept."""
    _told.append(text)
    try:
        yield
    finally:
        _told.remove(text)


@contextlib.contextmanager
def polite() -> Iterator[None]:
    """Inside, once `stop_asked` has been called, the first SIGINT only makes it true."""
    try:
        yield
    finally:
        _fitting.clear()


def stop_asked() -> bool:
    """Called by a fit at each step: whether it shall stop. From the first call on, a SIGINT is polite."""
    _fitting.set()
    return _stop.is_set()


def alone() -> bool:
    """Whether no thread runs but the main one and the one that waits here."""
    return all(
        isinstance(one, _Watcher) for one in threading.enumerate() if one is not threading.main_thread()
    )


def interrupted() -> bool:
    """Whether a polite SIGINT has come."""
    return _stop.is_set()


def settle() -> None:
    """The output that the polite SIGINT waited for is kept: the main thread ends the process itself."""
    _settled.set()


class _Watcher(threading.Thread):
    """It only waits: a process may be forked meanwhile (`batch.processes`)."""

    holds_no_lock = True


def _ends() -> tuple[int, int, Callable[[], bytes]]:
    """Where Python writes the numbers of signals, where they come out, and what waits for one and reads
    it."""
    if not platforms.WINDOWS:
        receive, send = os.pipe()
        os.set_blocking(send, False)
        return send, receive, lambda: os.read(receive, 1)
    import socket  # Windows waits for sockets only, and knows no pipes that do not block

    here, there = socket.socketpair()
    there.setblocking(False)
    return there.detach(), here.fileno(), lambda: here.recv(1)


def _watch(receive: int, read: Callable[[], bytes]) -> None:
    """The thread that waits."""
    number = read()[0]
    if number == signal.SIGINT and _fitting.is_set():
        _stop.set()
        select.select([receive], [], [], GRACE_S)
        if _settled.is_set():
            return
    _leave(number)


def clean() -> None:
    """Do what must be done before the process ends. Actions may fail because the main thread has just done
    them itself."""
    for action in reversed(_at_leave.copy()):
        with contextlib.suppress(OSError, ValueError):
            action()


def _leave(number: int) -> None:
    """End the process now."""
    clean()
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"dpcodec: interrupted: {_told[-1]}\n")
            sys.stderr.flush()
    os._exit(128 + number)
