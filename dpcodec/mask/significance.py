"""The significance mask: over a whole segment the weakest coefficients go, so that one threshold holds for
all of its columns. With one uniform quantiser this is what costs the fewest bits for a given squared error.

The mask is stored in the file, so the decoder never repeats this choice and floats may take part in it.
"""

from __future__ import annotations

import numpy as np

from dpcodec.mask.count import dropped_count
from dpcodec.mask.energy import lowest
from dpcodec.mask.table import MaskParameters


def segment_mask(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """See `mask.table`."""
    return significance_mask(X, parameters.drop_q32)


def significance_mask(X: np.ndarray, drop_q32: int) -> np.ndarray:
    """Mask of a segment, real or complex [C, K, L] -> bool [C, K, L], True = kept.

    In every channel the D = dropped_count(drop_q32, K L) coefficients of lowest |X|^2 go, measured in
    float64; of equal ones the lower bin goes first, within a bin the earlier frame. A channel of nothing but
    zeros keeps none. `X` is finite.
    """
    power = X.real.astype(np.float64) ** 2 + X.imag.astype(np.float64) ** 2
    flat = power.reshape(len(X), -1)
    count = dropped_count(drop_q32, flat.shape[1])
    dropped = lowest(flat, count) if count else np.zeros(flat.shape, bool)
    dropped |= ~flat.any(axis=1, keepdims=True)
    kept: np.ndarray = ~dropped.reshape(X.shape)
    return kept
