"""The random mask: made from its seed alone, the same on every machine, each segment on its own.

Cell (k, l) of a segment with L frames has the linear index i = k * L + l. Its value is word i mod 4 of the
Philox block with counter (i div 4, segment, channel, DOMAIN) and key (low, high) 32 bits of the seed. The D
cells with the smallest values are dropped; of equal values the one with the lower index goes first.
"""

from __future__ import annotations

import numpy as np

from dpcodec.errors import LimitError
from dpcodec.mask.count import dropped_count
from dpcodec.mask.prng import philox4x32
from dpcodec.mask.table import MaskParameters

DOMAIN = 0x4B53414D
"""Last counter word of every block drawn for a mask: "MASK" read as a little-endian integer."""
MAX_CELLS = 2**34
"""Four cells a block, and the block index is one 32-bit counter word."""


def segment_mask(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """See `mask.table`."""
    return random_mask(parameters.seed, parameters.drop_q32, segment, *X.shape)


def random_mask(seed: int, drop_q32: int, segment: int, channels: int, bins: int, frames: int) -> np.ndarray:
    """Mask of one segment, bool [C, K, L], True = kept; exactly `dropped_count` cells a channel are False.

    `seed` 0 .. 2^64 - 1, `segment` 0 .. 2^32 - 1. Raises `LimitError` if K * L passes MAX_CELLS.

    >>> int(random_mask(7, 2**31, 0, 1, 33, 10).sum())
    165
    """
    cells = bins * frames
    if cells > MAX_CELLS:
        raise LimitError(
            f"a segment of {bins} x {frames} coefficients is over {MAX_CELLS}: use shorter segments"
        )
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], dtype=np.uint32)
    count = dropped_count(drop_q32, cells)
    kept = np.empty((channels, cells), dtype=bool)
    counter = np.empty((-(-cells // 4), 4), dtype=np.uint32)
    counter[:, 0] = np.arange(len(counter), dtype=np.uint32)
    counter[:, 1] = segment
    counter[:, 3] = DOMAIN
    for channel in range(channels):
        counter[:, 2] = channel
        values = philox4x32(counter, key).reshape(-1)[:cells]
        kept[channel] = ~_smallest(values, count)
    return kept.reshape(channels, bins, frames)


def _smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Which `count` of the values [n] are smallest, lower index first among equals: bool [n]."""
    if count == 0:
        return np.zeros(len(values), dtype=bool)
    limit = np.partition(values, count - 1)[count - 1]
    chosen: np.ndarray = values < limit
    equal = np.flatnonzero(values == limit)
    chosen[equal[: count - np.count_nonzero(chosen)]] = True
    return chosen
