"""Keys pressed while a file plays, read without waiting; none where standard input is no terminal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator

from dpcodec.cli import signals

NAMES = {
    " ": "pause",
    "p": "pause",
    "q": "quit",
    "\x1b": "quit",
    "\x1b[C": "forward",
    "\x1b[D": "back",
    "\x1b[A": "far forward",
    "\x1b[B": "far back",
    "l": "forward",
    "h": "back",
}
HELP = "space: pause, arrows: 5 s and 60 s, q: quit"


@contextlib.contextmanager
def pressed() -> Iterator[Callable[[], str]]:
    """Inside, calling it gives the name of a key that was pressed since, "" for none."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield lambda: ""
        return
    if sys.platform == "win32":
        yield _windows_key
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def restore() -> None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    with signals.at_leave(restore):
        try:
            tty.setcbreak(descriptor)
            yield lambda: _posix_key(descriptor)
        finally:
            restore()


def _posix_key(descriptor: int) -> str:
    if not select.select([descriptor], [], [], 0)[0]:
        return ""
    return NAMES.get(os.read(descriptor, 16).decode("ascii", "replace"), "")


def _windows_key() -> str:
    if sys.platform == "win32":
        import msvcrt

        if msvcrt.kbhit():
            key = msvcrt.getwch()
            arrows = {"H": "far forward", "P": "far back", "M": "forward", "K": "back"}
            return arrows.get(msvcrt.getwch(), "") if key in "\x00\xe0" else NAMES.get(key, "")
    return ""
