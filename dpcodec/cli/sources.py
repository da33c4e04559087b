"""Inputs: a file, a URL, or standard input for "-". One that is gone since it was looked for is missing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dpcodec import FileAccessError
from dpcodec.batch import urls
from dpcodec.cli.exits import MissingInputError


@contextlib.contextmanager
def open_source(name: str) -> Iterator[BinaryIO]:
    """Open an input for reading. Standard input is read only under the name "-", and stays open."""
    if name == "-":
        if sys.stdin is None:
            raise FileAccessError("standard input is closed: name a file")
        yield sys.stdin.buffer
        return
    if urls.is_url(name):
        try:
            with urls.open_read(name) as remote:
                yield remote
        except FileNotFoundError as exc:
            raise MissingInputError("there is no such file: check the URL") from exc
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except FileNotFoundError as exc:
        raise MissingInputError("there is no such file any more: check the name") from exc
    with file:
        yield file
