"""`python -m dpcodec.web FOLDER`: the decoder as a package for npm, into a new folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from dpcodec import __version__
from dpcodec.web.bundle import write_package


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(prog="python -m dpcodec.web")
    parser.add_argument("folder", type=Path)
    write_package(parser.parse_args().folder, __version__)


if __name__ == "__main__":
    main()
