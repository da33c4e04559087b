"""How many bytes symbols take, without coding them: what a search for a size asks before it codes.

A magnitude is taken to follow a geometric distribution whose mean is that of its neighbours, weighted, and a
little more. The networks know more of where it lies and less of what comes after it, which comes to the same:
within about 3 % (docs/experiments/setup.md).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from dpcodec.coding.side_information import noise_groups

_LARGEST = 15
"""Neighbours count as no larger, and what is larger takes two bits more for each octave."""
_IN_TIME, _IN_FREQUENCY, _ASKEW, _ALL = 4, 3, 1, 18
_LEAST = 0.02
"""Of a mean."""
_LARGEST_SYMBOL = np.float32(2**15 - 1.5)
_NOISE_BITS = 2.5
"""Of a noise level."""


def symbol_bytes(magnitudes: np.ndarray) -> float:
    """Of the symbols of these magnitudes, int16 [C, K, L]."""
    small = np.minimum(magnitudes, _LARGEST)
    bits = _bits()
    cells = np.bincount((_around(small) * np.int16(_LARGEST + 1) + small).ravel(), minlength=len(bits))
    large = magnitudes[magnitudes > _LARGEST]
    return float(np.sum(cells * bits) + 2 * np.sum(np.log2(large / _LARGEST))) / 8


def magnitudes_of(values: np.ndarray, steps: np.ndarray, dead_zone: float) -> np.ndarray:
    """Of the symbols of magnitudes float32 [C, K, L] at a step each channel, int16; too large ones are the
    largest."""
    unit = steps.astype(np.float32)[:, None, None]
    small = np.minimum(values, _LARGEST_SYMBOL * unit)
    found: np.ndarray = (small * (1 / unit) + np.float32(1 - dead_zone)).astype(np.int16)
    return found


def noise_bytes(bands: int, frames: int) -> float:
    """Of noise levels in so many bands of frames."""
    return bands * noise_groups(frames, True)[0] * _NOISE_BITS / 8


def _around(magnitudes: np.ndarray) -> np.ndarray:
    """Weighted sum of the neighbours' magnitudes, int16 [C, K, L], those before the first frame and after the
    last as on the other side."""
    C, K, L = magnitudes.shape
    cells = np.zeros((C, K + 2, L + 2), np.int16)
    cells[:, 1:-1, 1:-1] = magnitudes
    if L > 1:
        cells[..., 0], cells[..., -1] = cells[..., 2], cells[..., -3]
    beside = cells[..., :-2] + cells[..., 2:]
    found: np.ndarray = _IN_TIME * beside[:, 1:-1]
    found += _IN_FREQUENCY * (cells[:, :-2, 1:-1] + cells[:, 2:, 1:-1])
    found += beside[:, :-2] + beside[:, 2:]
    return found


@cache
def _bits() -> np.ndarray:
    """Of a magnitude and its sign, by the sum around it and itself: float64 [sums * (_LARGEST + 1)]."""
    mean = np.arange(_LARGEST * _ALL + 1)[:, None] / _ALL + _LEAST
    magnitude = np.arange(_LARGEST + 1)
    bits: np.ndarray = np.log2(1 + mean) + magnitude * np.log2(1 + 1 / mean) + (magnitude > 0)
    return bits.ravel()
