"""Inputs: a file, or standard input for "-"."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import dpcodec


@contextlib.contextmanager
def open_source(name: str) -> Iterator[BinaryIO]:
    """Open an input for reading. Standard input is read only under the name "-", and stays open."""
    if name == "-":
        if sys.stdin is None:
            raise dpcodec.FileAccessError("standard input is closed: name a file")
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file
