"""Changes of bytes that know nothing of a format, and numbers that readers trip over."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 257, 1023, 4096, 65535, 65536)
"""Numbers at which sizes, tables and fields end."""


def any_number(random: Random, bits: int) -> int:
    """Below `2**bits`: an edge, a power of two or its neighbour, or of a length drawn first."""
    top = (1 << bits) - 1
    way = random.randrange(3)
    if way == 0:
        return random.choice(EDGES) & top
    if way == 1:
        return ((1 << random.randrange(bits + 1)) + random.randrange(-1, 2)) & top
    return random.getrandbits(random.randrange(1, bits + 1))


def near(random: Random, value: int) -> int:
    """A neighbour, the half or the double."""
    return max(0, random.choice((value - 1, value + 1, value // 2, value * 2, value + random.randrange(9))))


def _stretch(random: Random, data: bytes, most: int = 64) -> tuple[int, int]:
    """Two places in the data, first and end, mostly close together."""
    first = random.randrange(len(data) + 1)
    length = random.randrange(most) if random.random() < 0.8 else random.randrange(len(data) + 1)
    return first, min(len(data), first + length)


def flip_bits(data: bytes, random: Random) -> bytes:
    """One to four bits."""
    out = bytearray(data)
    for _ in range(random.randrange(1, 5) if out else 0):
        out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def set_bytes(data: bytes, random: Random) -> bytes:
    """One to four bytes in a row."""
    at = random.randrange(len(data) + 1)
    new = bytes(random.choice((0, 1, 127, 128, 255, random.randrange(256))) for _ in range(4))
    new = new[: random.randrange(1, 5)]
    return data[:at] + new + data[at + len(new) :]


def set_number(data: bytes, random: Random) -> bytes:
    """A number of 2, 4 or 8 bytes, either way round."""
    size = random.choice((2, 4, 8))
    at = random.randrange(max(1, len(data) - size + 1))
    number = any_number(random, 8 * size).to_bytes(size, random.choice(("little", "big")))
    return data[:at] + number + data[at + size :]


def cut(data: bytes, random: Random) -> bytes:
    """The end is missing."""
    return data[: random.randrange(len(data) + 1)]


def delete(data: bytes, random: Random) -> bytes:
    """A stretch is missing."""
    first, end = _stretch(random, data)
    return data[:first] + data[end:]


def blank(data: bytes, random: Random) -> bytes:
    """A stretch of one byte's repetition."""
    first, end = _stretch(random, data)
    return data[:first] + random.choice((b"\0", b"\xff")) * (end - first) + data[end:]


def insert(data: bytes, random: Random) -> bytes:
    """Junk put in."""
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 40)) + data[at:]


def copy(data: bytes, random: Random) -> bytes:
    """A stretch once more, elsewhere."""
    first, end = _stretch(random, data, 200)
    at = random.randrange(len(data) + 1)
    return data[:at] + data[first:end] + data[at:]


def swap(data: bytes, random: Random) -> bytes:
    """Two neighbouring stretches change places."""
    a, b, c = sorted(random.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


Change = Callable[[bytes, Random], bytes]
CHANGES: tuple[Change, ...] = (
    *(flip_bits, set_bytes, set_number, cut, delete, blank, insert, copy, swap),
    *(flip_bits, set_bytes, set_number),
)


def change(data: bytes, random: Random) -> bytes:
    """One of them."""
    return random.choice(CHANGES)(data, random)
