"""Unsigned numbers in bytes: seven bits a byte, the lowest first, the top bit set on all but the last."""

from __future__ import annotations

from dpcodec.errors import FormatError

MAX_VARINT_BYTES = 5


def write_varint(value: int) -> bytes:
    """0 <= value < 2**35 -> 1 to 5 bytes.

    >>> write_varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at an offset and the offset after it. Raises `FormatError`.

    >>> read_varint(bytes.fromhex("ac02"), 0)
    (300, 2)
    """
    value = 0
    for k in range(MAX_VARINT_BYTES):
        if at + k >= len(data):
            raise FormatError("coded part: ends within a number")
        byte = data[at + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            if k and not byte:
                raise FormatError("coded part: a number longer than it need be")
            return value, at + k + 1
    raise FormatError(f"coded part: a number of more than {MAX_VARINT_BYTES} bytes")
