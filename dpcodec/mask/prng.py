"""Philox4x32-10, the integer generator that the format fixes.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
Counter-based: any block of four words is made on its own from a 128-bit counter and a 64-bit key, so a mask
can be made again for any segment, on any machine, without running through the ones before it. Only 32 x 32
to 64 bit multiplication, addition modulo 2^32 and exclusive or: no float takes part.
"""

from __future__ import annotations

import numpy as np

from dpcodec.compiled import address, library

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_MASK_32 = 0xFFFFFFFF
_CHUNK = 1 << 13
"""Blocks worked on together: small enough for the processor's cache."""


def philox4x32(counter: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Random words from counters: uint32 [..., 4] and key uint32 [2] -> uint32 [..., 4].

    >>> words = philox4x32(np.zeros(4, np.uint32), np.zeros(2, np.uint32))
    >>> [f"{int(w):08x}" for w in words]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    blocks = np.asarray(counter, dtype=np.uint32).reshape(-1, 4)
    words = np.empty(blocks.shape, np.uint32)
    first_key, second_key = int(key[0]), int(key[1])
    if compiled := library():
        blocks = np.ascontiguousarray(blocks)
        compiled.dpc_philox(address(blocks), len(blocks), first_key, second_key, address(words))
        return words.reshape(np.shape(counter))
    for start in range(0, len(blocks), _CHUNK):
        chunk = blocks[start : start + _CHUNK]
        columns = [chunk[:, i].astype(np.uint64) for i in range(4)]
        for i, column in enumerate(_rounds(columns, first_key, second_key)):
            words[start : start + _CHUNK, i] = column
    return words.reshape(np.shape(counter))


def _rounds(c: list[np.ndarray], first_key: int, second_key: int) -> list[np.ndarray]:
    """Ten rounds on four columns of 32-bit words, each held in uint64 so that a product keeps its high
    half."""
    shift, low = np.uint64(32), np.uint64(_MASK_32)
    first_multiplier, second_multiplier = (np.uint64(m) for m in MULTIPLIERS)
    for _ in range(ROUNDS):
        p0 = c[0] * first_multiplier
        p1 = c[2] * second_multiplier
        c = [
            (p1 >> shift) ^ c[1] ^ np.uint64(first_key),
            p1 & low,
            (p0 >> shift) ^ c[3] ^ np.uint64(second_key),
            p0 & low,
        ]
        first_key = (first_key + KEY_STEPS[0]) & _MASK_32
        second_key = (second_key + KEY_STEPS[1]) & _MASK_32
    return c
