"""A file object that C code may call back into."""

from __future__ import annotations

from typing import BinaryIO


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
            return self._fo.seek(offset + (self._start if whence == 0 else 0), whence) - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def tell(self) -> int:
        try:
            return self._fo.tell() - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0
