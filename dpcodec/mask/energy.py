"""The energy mask: in every column the weakest coefficients go (the paper's second mask).

The mask is stored in the file, so the decoder never repeats this choice and floats may take part in it.
"""

from __future__ import annotations

import numpy as np

from dpcodec.mask.count import dropped_count
from dpcodec.mask.table import MaskParameters


def segment_mask(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """See `mask.table`."""
    return energy_mask(X, parameters.drop_q32)


def energy_mask(X: np.ndarray, drop_q32: int) -> np.ndarray:
    """Mask of a spectrogram, complex [C, K, L] -> bool [C, K, L], True = kept.

    In every column (one channel, one frame) the D = dropped_count(drop_q32, K) coefficients of lowest |X|^2
    go, measured in float64; of equal ones the lower bin goes first. A column of nothing but zeros (digital
    silence) keeps none. `X` is finite.
    """
    bins = X.shape[1]
    columns = np.swapaxes(X, 1, 2)
    power = np.ascontiguousarray(columns.real, dtype=np.float64) ** 2
    power += np.ascontiguousarray(columns.imag, dtype=np.float64) ** 2
    count = dropped_count(drop_q32, bins)
    dropped = lowest(power, count) if count else np.zeros(power.shape, dtype=bool)
    dropped |= ~columns.any(axis=-1, keepdims=True)
    return np.ascontiguousarray(np.swapaxes(~dropped, 1, 2))


def lowest(power: np.ndarray, count: int) -> np.ndarray:
    """Which `count` of the values along the last axis are lowest, lower index first among equals."""
    limit = np.partition(power, count - 1, axis=-1)[..., count - 1 : count]
    dropped: np.ndarray = power < limit
    equal = power == limit
    wanted = count - np.count_nonzero(dropped, axis=-1, keepdims=True)
    dropped |= equal & (np.cumsum(equal, axis=-1, dtype=np.int32) <= wanted)
    return dropped
