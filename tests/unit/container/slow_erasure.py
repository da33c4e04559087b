"""The erasure code as docs/format.md has it, a byte at a time, by another way than the codec's: products by
shifts, inverses by trying, equations solved by elimination over lists."""

from __future__ import annotations

from collections.abc import Sequence


def product(a: int, b: int) -> int:
    total = 0
    while b:
        total ^= a if b & 1 else 0
        a <<= 1
        a ^= 0x11D if a & 0x100 else 0
        b >>= 1
    return total


def inverse(a: int) -> int:
    return next(b for b in range(1, 256) if product(a, b) == 1)


def parity(members: Sequence[bytes], number: int) -> bytes:
    length = max(map(len, members))
    out = bytearray(length)
    for i, member in enumerate(members):
        factor = inverse(i ^ (255 - number))
        for at, byte in enumerate(member):
            out[at] ^= product(factor, byte)
    return bytes(out)


def solve(length: int, members: Sequence[bytes | None], parities: dict[int, bytes]) -> list[bytes]:
    """All members, each `length` bytes, from those that are there and enough parities."""
    missing = [i for i, member in enumerate(members) if member is None]
    rows: list[list[int]] = []
    for number in sorted(parities)[: len(missing)]:
        right = list(parities[number])
        for i, member in enumerate(members):
            for at, byte in enumerate(member or b""):
                right[at] ^= product(inverse(i ^ (255 - number)), byte)
        rows.append([inverse(i ^ (255 - number)) for i in missing] + right)
    for column in range(len(missing)):
        pivot = next(r for r in range(column, len(rows)) if rows[r][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        factor = inverse(rows[column][column])
        rows[column] = [product(factor, value) for value in rows[column]]
        for r in range(len(rows)):
            if r != column and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [v ^ product(factor, w) for v, w in zip(rows[r], rows[column], strict=True)]
    found = {i: bytes(rows[r][len(missing) :]) for r, i in enumerate(missing)}
    return [found[i] if m is None else m.ljust(length, b"\0") for i, m in enumerate(members)]
