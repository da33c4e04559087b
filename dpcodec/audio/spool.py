"""Temporary files between a pipe and libsndfile, which has to seek."""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast

import numpy as np

from dpcodec.audio.byte_source import BLOCK_BYTES, ByteSource
from dpcodec.audio.streams import AudioWriter, write_all
from dpcodec.errors import LimitError

SPOOL_LIMIT_BYTES = 16 << 30
"""The longest input that is kept."""


def temporary_file() -> BinaryIO:
    """A file that is gone once it is closed."""
    return cast(BinaryIO, tempfile.TemporaryFile())


def spool_pipe(source: ByteSource) -> BinaryIO:
    """All of a pipe in a temporary file."""
    spool = temporary_file()
    try:
        while data := source.read(BLOCK_BYTES):
            if source.position > SPOOL_LIMIT_BYTES:
                raise LimitError(f"the pipe gives more than {SPOOL_LIMIT_BYTES} bytes: give a file, or WAV")
            spool.write(data)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


class SpooledWriter(AudioWriter):
    """Sends a temporary file to a pipe once `inner` has finished it."""

    def __init__(self, inner: AudioWriter, spool: BinaryIO, fo: BinaryIO, opened: BinaryIO | None) -> None:
        self.warnings = inner.warnings
        self.clipped = 0
        self._inner = inner
        self._spool = spool
        self._fo = fo
        self._opened = opened

    def write(self, block: np.ndarray) -> None:
        self._inner.write(block)
        self.clipped = self._inner.clipped

    def close(self) -> None:
        try:
            self._inner.close()
            self._spool.seek(0)
            while data := self._spool.read(BLOCK_BYTES):
                write_all(self._fo, data)
            self._fo.flush()
        finally:
            self._release()

    def abandon(self) -> None:
        self._inner.abandon()
        self._release()

    def _release(self) -> None:
        self._spool.close()
        if self._opened:
            self._opened.close()
