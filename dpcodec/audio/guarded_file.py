"""A file object that C code may call back into."""

from __future__ import annotations

import errno
import io
from typing import BinaryIO

from dpcodec.errors import AudioError

_FARTHEST = 2**63 - 1


class GuardedFile:
    """Reads and writes `fo`, whose present position counts as 0. No exception can pass through C: the first
    one is kept until `check`."""

    def __init__(self, fo: BinaryIO) -> None:
        self._fo = fo
        self._start = fo.tell()
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise what a callback met."""
        if self._failure is not None:
            raise self._failure

    def read(self, count: int) -> bytes:
        try:
            return self._fo.read(count)
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return b""

    def write(self, data: bytes) -> int:
        try:
            return self._fo.write(data)
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._seek(offset + self._base(whence)) - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def tell(self) -> int:
        try:
            return self._fo.tell() - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def _base(self, whence: int) -> int:
        """Where `seek` counts from, in the file."""
        if whence == io.SEEK_SET:
            return self._start
        return self._fo.tell() if whence == io.SEEK_CUR else self._fo.seek(0, io.SEEK_END)

    def _seek(self, position: int) -> int:
        """Sizes in a damaged file may lead to places that no file has."""
        try:
            if self._start <= position <= _FARTHEST:
                return self._fo.seek(position)
        except OSError as exc:
            if exc.errno != errno.EINVAL:  # too far for the file system
                raise
        raise AudioError("the audio is damaged: its sizes lead out of the file")
