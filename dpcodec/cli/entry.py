"""Where the command begins: signals are watched before anything that takes time is imported."""

from __future__ import annotations

import os
import sys

from dpcodec.cli import signals, standard


def main() -> None:
    """The command `dpcodec`."""
    standard.prepare()
    signals.install()
    from dpcodec.cli.main import run  # what takes time: click, and numpy where a verb needs it

    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")  # of libraries; dpcodec's own reach the user through the reports
    code = run(sys.argv[1:])
    if signals.interrupted():
        os._exit(code)  # taking the libraries down in good order can take longer than a user should wait
    sys.exit(code)
