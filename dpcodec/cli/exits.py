"""Exit codes: what each means and which error leads to which."""

from __future__ import annotations

import errno

import dpcodec

OK = 0
INPUT_OUTPUT = 1
USAGE = 2
AUDIO = 3
FORMAT = 4
DAMAGED = 5
LIMIT = 6
PIPE_CLOSED = 141


class UsageError(dpcodec.DpcodecError):
    """The command line asks for something that cannot be done: wrong names, an output that exists."""


class MissingInputError(dpcodec.DpcodecError):
    """An input file is not there."""


class OutputError(dpcodec.DpcodecError):
    """What was written is not what was meant."""


def code_of(error: Exception) -> int:
    """The exit code for an error; 1 for those that dpcodec does not raise itself."""
    table: tuple[tuple[type[Exception], int], ...] = (
        (dpcodec.VersionError, 8),
        (dpcodec.DeviceError, 7),
        (dpcodec.LimitError, LIMIT),
        (MemoryError, LIMIT),
        (dpcodec.FormatError, FORMAT),
        (dpcodec.AudioError, AUDIO),
        (MissingInputError, AUDIO),
        (dpcodec.SettingsError, USAGE),
        (UsageError, USAGE),
    )
    return next((code for kind, code in table if isinstance(error, kind)), INPUT_OUTPUT)


def message_of(error: Exception) -> str:
    """One line for the user: what is wrong, what to do."""
    if isinstance(error, dpcodec.DpcodecError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory: close other programs, or lower --max-memory and --batch-segments"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {_remedy(error)}"
    return f"unexpected {type(error).__name__}: {error}: run again with --debug and report what it prints"


def pipe_closed(error: BaseException | None) -> bool:
    """Whether the error, or what led to it, is that the reader of our output went away."""
    while error is not None:
        if isinstance(error, BrokenPipeError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _remedy(error: OSError) -> str:
    remedies = {
        errno.ENOSPC: "free some space, or write elsewhere with -o",
        getattr(errno, "EDQUOT", -1): "free some space, or write elsewhere with -o",
        errno.EFBIG: "raise the limit on file sizes, or write elsewhere with -o",
        errno.ENOENT: "make the folder first, or give another path",
        errno.EACCES: "change its permissions, or give another path",
        errno.EPERM: "change its permissions, or give another path",
        errno.EROFS: "write elsewhere with -o",
        errno.ENAMETOOLONG: "give a shorter name",
    }
    return remedies.get(error.errno or 0, "check the device and the path")
