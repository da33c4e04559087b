"""Where the command begins: signals are watched before anything that takes time is imported."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

from dpcodec.cli import signals, standard

BLAS_WAITS = "16"
"""Log2 of the turns that a thread of OpenBLAS waits awake for more work. By its default, 26, each burns 40 ms
of a core as soon as numpy is loaded."""
WITH_ARRAYS = frozenset(
    ("encode", "decode", "info", "test", "tag", "play", "repair", "protect", "eval", "bench")
)
"""Verbs that need numpy."""


def main() -> None:
    """The command `dpcodec`."""
    gc.disable()  # nothing that is imported goes again; a verb turns it on
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", BLAS_WAITS)
    standard.prepare()
    signals.install()
    if WITH_ARRAYS.intersection(sys.argv) and not {"-h", "--help"}.intersection(sys.argv):
        # Here and not deep in click: near the end of a chunk of the interpreter's stack each of numpy's calls
        # would map the next chunk anew, which is 10 ms in all.
        import numpy  # noqa: F401
    from dpcodec.cli.main import run  # what takes time: click, and the verb

    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")  # of libraries; dpcodec's own reach the user through the reports
    code = run(sys.argv[1:])
    if signals.interrupted():
        os._exit(code)  # taking the libraries down in good order can take longer than a user should wait
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process with all that was asked to be done at its end, but without taking every module apart,
    which is 5 ms."""
    if signals.alone():
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # what could not be written has been told of
                if stream is not None:
                    stream.flush()
        os._exit(code)
    gc.freeze()  # Python need not look for what can go
    sys.exit(code)
