"""Erasure code over GF(2^8): any K of K + M strings of bytes give the K that were there first.

The field is that of the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D). Parity j is the sum over i of member i
times 1 / (i xor (255 - j)): a Cauchy matrix, of which every square part can be inverted. Strings of different
length are as if they went on with zeros.

(J. Blömer et al., "An XOR-based erasure-resilient coding scheme", ICSI TR-95-048, 1995, section 4.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

POLYNOMIAL = 0x11D
MAX_STRINGS = 255
"""Of a group, K + M."""


@cache
def _products() -> np.ndarray:
    """a times b, uint8 [256, 256]."""
    a, b = np.arange(256)[:, None], np.arange(256)[None, :]
    total = np.zeros((256, 256), np.int64)
    for bit in range(8):
        total ^= np.where(b >> bit & 1, a << bit, 0)
    for bit in range(14, 7, -1):
        total ^= np.where(total >> bit & 1, POLYNOMIAL << bit - 8, 0)
    return total.astype(np.uint8)


@cache
def _inverses() -> np.ndarray:
    """1 / a, uint8 [256]; 0 for 0."""
    return np.where(_products().any(1), (_products() == 1).argmax(1), 0).astype(np.uint8)


@cache
def _table(factor: int) -> bytes:
    """What `bytes.translate` needs to multiply a string by a factor."""
    return bytes(_products()[factor])


def coefficient(parity: int, member: int) -> int:
    """The factor of a member in a parity."""
    return int(_inverses()[member ^ 255 - parity])


def parity_of(members: Sequence[bytes], parity: int) -> bytes:
    """Parity number `parity` of the members, as long as the longest."""
    total = np.zeros(max(map(len, members)), np.uint8)
    for index, member in enumerate(members):
        _add(total, member, coefficient(parity, index))
    return total.tobytes()


def recover(
    length: int, members: int, fetch: Callable[[int], bytes | None], parities: dict[int, bytes]
) -> dict[int, bytes]:
    """The members that `fetch` has not, by number, each `length` bytes with its zeros.

    `fetch` gives a member of at most `length` bytes or None, `parities` those that are there, of `length`
    bytes. Empty where nothing is missing, or more than there are parities. Memory: two strings for each that
    is missing.
    """
    missing = [index for index in range(members) if fetch(index) is None]
    if not 0 < len(missing) <= len(parities):
        return {}
    used = sorted(parities)[: len(missing)]
    sums = np.stack([np.frombuffer(parities[j], np.uint8) for j in used])
    for index in range(members):
        member = None if index in missing else fetch(index)
        for row, j in enumerate(used) if member is not None else ():
            _add(sums[row], member or b"", coefficient(j, index))
    matrix = np.array([[coefficient(j, index) for index in missing] for j in used], np.uint8)
    found = {}
    for index, factors in zip(missing, _inverse(matrix), strict=True):
        total = np.zeros(length, np.uint8)
        for row, factor in enumerate(factors.tolist()):
            _add(total, sums[row].tobytes(), factor)
        found[index] = total.tobytes()
    return found


def _add(total: np.ndarray, string: bytes, factor: int) -> None:
    """Add a string times a factor to a total, in place."""
    total[: len(string)] ^= np.frombuffer(string.translate(_table(factor)), np.uint8)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a matrix [e, e] that has one, by Gauss and Jordan."""
    size, product = len(matrix), _products()
    work = np.concatenate([matrix, np.eye(size, dtype=np.uint8)], axis=1)
    for column in range(size):
        pivot = column + int(work[column:, column].argmax())
        work[[column, pivot]] = work[[pivot, column]]
        work[column] = product[_inverses()[work[column, column]], work[column]]
        for row in range(size):
            if row != column and work[row, column]:
                work[row] ^= product[work[row, column], work[column]]
    return work[:, size:]
