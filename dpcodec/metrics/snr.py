"""Signal-to-noise ratio."""

from __future__ import annotations

import numpy as np


def snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """10 log10(sum reference² / sum (reference - estimate)²) in dB over all channels and samples.

    Arrays of one shape, [C, N] or [N]. inf where the two are equal, also both silent; -inf where only the
    reference is silent. Raises `ValueError` if the shapes differ.

    >>> round(snr(np.ones(4), np.full(4, 0.9)), 6)
    20.0
    """
    if reference.shape != estimate.shape:
        raise ValueError(f"shapes {reference.shape} and {estimate.shape} differ")
    reference, estimate = reference.astype(np.float64), estimate.astype(np.float64)
    signal = float(np.sum(reference**2))
    noise = float(np.sum((reference - estimate) ** 2))
    if noise == 0:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal else float("-inf")
