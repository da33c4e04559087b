"""Bytes of a file object read forward, with a look ahead, and written whole. A pipe is never sought in."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from dpcodec.errors import FileAccessError

BLOCK_BYTES = 1 << 20


class ByteSource:
    """Reads `fo` from where it stands.

    position  bytes read so far
    size      bytes from the start to the end; None for a pipe, a device or whatever else cannot seek
    """

    def __init__(self, fo: BinaryIO) -> None:
        self._fo = fo
        self._ahead = b""
        self.position = 0
        self.size = bytes_left(fo)
        self._start = fo.tell() if self.size is not None else 0

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        data = self._fill(count)
        self._ahead = data[count:]
        self.position += min(count, len(data))
        return data[:count]

    def peek(self, count: int) -> bytes:
        """What `read` would give, without moving."""
        self._ahead = self._fill(count)
        return self._ahead[:count]

    def skip(self, count: int) -> int:
        """Move over up to `count` bytes and return how many there were. Memory is bounded."""
        if self.size is not None:
            there = min(count, self.size - self.position)
            self.seek(self.position + there)
            return there
        left = count
        while left:
            data = self.read(min(left, BLOCK_BYTES))
            if not data:
                break
            left -= len(data)
        return count - left

    def seek(self, position: int) -> None:
        """Move to `position`. Only where `size` is known."""
        self._ahead = b""
        self._fo.seek(self._start + position)
        self.position = position

    def _fill(self, count: int) -> bytes:
        """The look-ahead made `count` bytes long, as far as there are any; pipes may give them piecemeal."""
        if len(self._ahead) >= count:
            return self._ahead
        parts = [self._ahead]
        missing = count - len(self._ahead)
        while missing:
            data = self._fo.read(missing)
            if data is None:
                raise FileAccessError(
                    "the input has nothing ready and does not wait: open it in blocking mode"
                )
            if not data:
                break
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)


def bytes_left(fo: BinaryIO) -> int | None:
    """Bytes from here to the end of a regular file or of one in memory, else None."""
    seekable = getattr(fo, "seekable", None)
    if seekable is None or not seekable():
        return None
    try:
        if not stat.S_ISREG(os.fstat(fo.fileno()).st_mode):
            return None
    except (AttributeError, OSError):
        pass  # in memory: no descriptor to ask
    try:
        here = fo.tell()
        end = fo.seek(0, os.SEEK_END)
        fo.seek(here)
    except (OSError, ValueError):  # compressed files and the like, which seek forward only
        return None
    return end - here
