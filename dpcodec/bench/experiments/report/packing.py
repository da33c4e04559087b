"""Bytes as text that stands in a page of UTF-8, unharmed by any browser or line ending.

Seven bits a character: eight bytes stand for seven, where base 64 takes 9.3. HTML keeps all 128 characters of
that many bits but three: NUL, the carriage return and `<`, which could end the element. They are written 256
higher, and a reader takes the lowest seven bits of each.
"""

from __future__ import annotations

import zlib

import numpy as np

_BITS = 7
_HIGHER = {code: code + 256 for code in (0, ord("\r"), ord("<"))}


def as_text(data: bytes) -> str:
    """Seven bits a character, the highest first; the last is filled up with zeros.

    >>> as_text(b"ab"), as_text(bytes(7)) == 8 * chr(256)
    ('0X@', True)
    """
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    sevens = np.pad(bits, (0, -bits.size % _BITS)).reshape(-1, _BITS)
    return (
        (sevens @ (1 << np.arange(_BITS)[::-1])).astype(np.uint8).tobytes().decode("ascii").translate(_HIGHER)
    )


def deflated(text: str) -> bytes:
    """UTF-8, compressed as browsers inflate it ("deflate-raw", RFC 1951)."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return compressor.compress(text.encode()) + compressor.flush()


class Store:
    """Files one behind the other, each of which is found again by (offset, length)."""

    def __init__(self) -> None:
        self._files: dict[bytes, tuple[int, int]] = {}
        self._size = 0

    def put(self, data: bytes) -> tuple[int, int]:
        """Take a file; where it lies. Equal ones lie there once."""
        if data not in self._files:
            self._files[data] = (self._size, len(data))
            self._size += len(data)
        return self._files[data]

    @property
    def content(self) -> bytes:
        """All of them."""
        return b"".join(self._files)
