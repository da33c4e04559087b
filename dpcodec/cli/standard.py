"""Standard input and output where they are closed, and where a write to them fails.

A descriptor that is closed would be given to the next file that is opened, so it is taken first, by something
that can be neither read nor written. Results are printed through a stream that says in its error that it was
standard output, and says it once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import dpcodec

if TYPE_CHECKING:
    from typing_extensions import Buffer

_closed: set[int] = set()


def prepare() -> None:
    """Called before any file is opened."""
    useless = ((sys.stdin, os.O_WRONLY), (sys.stdout, os.O_RDONLY), (sys.stderr, os.O_WRONLY))
    for descriptor, (stream, mode) in enumerate(useless):
        if stream is None:
            _closed.add(descriptor)
            try:
                os.fstat(descriptor)
            except OSError:
                os.open(os.devnull, mode)  # the lowest descriptor that is free: this one
    if sys.stdout is None or not sys.stdout.isatty():
        encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
        writer = io.BufferedWriter(_Results())
        sys.stdout = io.TextIOWrapper(writer, encoding=encoding, errors="backslashreplace")
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def check_open(descriptor: int) -> None:
    """Raise `FileAccessError` if it was closed when the command began."""
    if descriptor in _closed:
        name = ("input", "output", "error")[descriptor]
        raise dpcodec.FileAccessError(f"standard {name} is closed: open it, or name a file")


class _Results(io.RawIOBase):
    """Descriptor 1. The first write that fails raises; what comes after it goes nowhere."""

    _failed = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, data: Buffer) -> int:
        if self._failed:
            return len(memoryview(data).cast("B"))
        self._failed = True
        check_open(1)
        try:
            written = os.write(1, data)
        except BrokenPipeError as exc:
            # Without the number by which click would know it, and end the process as it likes.
            raise BrokenPipeError("nobody reads standard output") from exc
        except OSError as exc:
            exc.filename = "standard output"
            raise
        self._failed = False
        return written
