"""What a shaped file says of coefficients that became zero: noise of a level, by band. An estimate like any
other: solver `none` leaves it out.
"""

from __future__ import annotations

import numpy as np

from dpcodec.mask.prng import philox4x32

_KEY = np.array([0x64706E6F, 0x69736531], np.uint32)
_WORDS = 4
_LOUDEST = float(np.finfo(np.float32).max)


def fill(values: np.ndarray, noise: np.ndarray, segment: int) -> np.ndarray:
    """Values [C, K, L] with uniform noise of root mean square `noise` [C, K, L] added: float32 [C, K, L].

    A cell's noise depends on its place alone, so that any stretch of a file sounds the same.
    """
    filled = values.copy()
    for c in range(len(values)):
        rows = int(np.flatnonzero(noise[c].any(axis=1))[-1]) + 1 if noise[c].any() else 0
        loud = noise[c, :rows].astype(np.float64) * _uniform(segment, c, rows, values.shape[2])
        filled[c, :rows] += np.clip(loud, -_LOUDEST, _LOUDEST).astype(np.float32)
    return filled


def _uniform(segment: int, channel: int, rows: int, frames: int) -> np.ndarray:
    """Uniform noise of variance 1, float32 [rows, frames]: four frames a block of Philox."""
    blocks = -(-frames // _WORDS)
    counter = np.empty((rows, blocks, 4), np.uint32)
    counter[..., 0] = np.arange(blocks)
    counter[..., 1] = np.arange(rows)[:, None]
    counter[..., 2], counter[..., 3] = channel, segment
    words = philox4x32(counter, _KEY).reshape(rows, blocks * _WORDS)[:, :frames]
    uniform: np.ndarray = (words.astype(np.float64) + 0.5) * (2 * 3**0.5 / 2**32) - 3**0.5
    return uniform.astype(np.float32)
