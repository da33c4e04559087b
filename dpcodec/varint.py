"""Unsigned integers of variable length (LEB128): seven bits a byte, lowest first, bit 7 set on all but the
last."""

from __future__ import annotations

from dpcodec.errors import FormatError

MAX_VARINT_BYTES = 9


def write_varint(value: int) -> bytes:
    """The shortest coding of 0 <= value < 2^63.

    >>> write_varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The integer at `position` and the position after it.

    Raises `FormatError` if the data ends within it, it is longer than nine bytes, or not the shortest coding.
    """
    value = 0
    for count in range(MAX_VARINT_BYTES):
        if position + count >= len(data):
            raise FormatError("invalid field: the data ends within an integer")
        byte = data[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            if byte == 0 and count:
                raise FormatError("invalid field: an integer is longer than it needs to be")
            return value, position + count + 1
    raise FormatError("invalid field: an integer is longer than nine bytes")
