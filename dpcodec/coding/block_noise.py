"""Noise of a frame that is cut into blocks: each block's share follows what is coded in it.

A frame has one noise level a band, for a sound that begins in its middle as for what was there before. Where
the symbols show that a block holds less than its frame on average, its noise is softer by as much. Nothing is
told: the decoder sees the same symbols.
"""

from __future__ import annotations

import math

import numpy as np

from dpcodec.compiled import address, library

REGIONS = (24, 34)
"""First bands of the second and the third region in which blocks are compared: 3 and 8 kHz at 44.1 kHz and
windows of 2048."""
LARGEST_SYMBOL = 64
"""Larger ones count no more."""
ZERO_WEIGHT = 100
"""A symbol that is zero counts as one of square 1 / 100."""
PRIOR_CELLS = 4
"""A block counts as having so many more cells, of the frame's mean: few cells say little."""
LARGEST_GAIN = 2.0


def gains_of_frames(q: np.ndarray, rows: np.ndarray, bands: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """What the noise of each cell is multiplied by: float64 [K, L], 1 in frames of one block.

    q       int32 [K, L]
    rows    int64 [K], as in `block_gains`
    bands   int64 [K]
    splits  int64 [L], split exponents of the frames
    """
    if compiled := library():
        gains = np.empty(q.shape)
        cells, *told = np.ascontiguousarray(q), *map(np.ascontiguousarray, (rows, bands, splits))
        compiled.dpc_block_gains(address(cells), *q.shape, *map(address, told), address(gains))
        return gains
    gains = np.ones(q.shape)
    for split in sorted({*splits.tolist()} - {0}):
        frames = np.flatnonzero(splits == split)
        gains[:, frames] = block_gains(q[:, frames], rows, bands, split)
    return gains


def block_gains(q: np.ndarray, rows: np.ndarray, bands: np.ndarray, split: int) -> np.ndarray:
    """What the noise of each cell is multiplied by: float64 [K, n].

    q      int32 [K, n], symbols of n frames of 2**split blocks
    rows   int64 [K], their rows of the grid: row k belongs to block k modulo 2**split
    bands  int64 [K], of the rows

    The mean square of a block's symbols over that of its frame's, both in one region; a root of it. Sums are
    of integers, so the gains are the same everywhere.
    """
    blocks, frames = 1 << split, np.arange(q.shape[1])
    region = np.searchsorted(REGIONS, bands, side="right")
    cell = region * blocks + rows % blocks
    square = np.minimum(np.abs(q.astype(np.int64)), LARGEST_SYMBOL) ** 2 * ZERO_WEIGHT + 1
    shape = len(REGIONS) + 1, blocks, len(frames)
    places = (cell[:, None] * len(frames) + frames).ravel()
    total = np.bincount(places, square.ravel(), math.prod(shape)).reshape(shape)
    count = np.bincount(cell, minlength=shape[0] * blocks).reshape(*shape[:2], 1)
    whole, cells = total.sum(axis=1, keepdims=True), count.sum(axis=1, keepdims=True)
    own = total * cells + PRIOR_CELLS * whole
    all_of_it = np.maximum((count + PRIOR_CELLS) * whole, 1.0)
    gains: np.ndarray = np.minimum(np.sqrt(own / all_of_it), LARGEST_GAIN).reshape(-1, len(frames))[cell]
    return gains
