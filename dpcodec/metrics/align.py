"""The delay between two signals, by cross-correlation, and its removal. No metric does this by itself."""

from __future__ import annotations

import numpy as np

from dpcodec.errors import AudioError, SettingsError

_BLOCK = 1 << 17
"""Samples correlated at a time; memory is a few times this plus the lags tried."""


def align(reference: np.ndarray, estimate: np.ndarray, max_delay: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Both signals in step: (reference [C, n], estimate [C, n], delay in samples).

    reference, estimate  [C, N] and [C, N'] or [N] and [N'] at one sample rate; their lengths may differ
    max_delay            the largest delay tried, samples, either way

    The delay is `find_delay`'s. A positive one is taken off the front of the estimate, a negative one off the
    front of the reference, then the longer is cut to the shorter. Raises as `find_delay` does.
    """
    delay = find_delay(reference, estimate, max_delay)
    reference, estimate = reference[..., max(-delay, 0) :], estimate[..., max(delay, 0) :]
    n = min(reference.shape[-1], estimate.shape[-1])
    return reference[..., :n], estimate[..., :n], delay


def find_delay(reference: np.ndarray, estimate: np.ndarray, max_delay: int) -> int:
    """By how many samples the estimate is late: the lag d of the largest |sum reference[n] estimate[n + d]|
    over all channels, |d| <= max_delay; the smallest of equals, 0 where one signal is silent.

    The absolute value finds a copy of reversed polarity too. Raises `SettingsError` for a negative max_delay,
    `AudioError` for channels that differ, and for no samples.

    >>> find_delay(np.array([1.0, 2.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0, -2.0]), 3)
    2
    """
    if max_delay < 0:
        raise SettingsError(f"the largest delay is {max_delay} samples: give 0 or more")
    if reference.shape[:-1] != estimate.shape[:-1]:
        raise AudioError(
            f"shapes {reference.shape} and {estimate.shape} have different channels: mix both to mono"
        )
    if not reference.size or not estimate.size:
        raise AudioError("there are no samples: nothing can be aligned, give audio")
    lengths = reference.shape[-1], estimate.shape[-1]
    max_delay = min(max_delay, max(lengths) - 1)
    strength = np.zeros(2 * max_delay + 1)
    for r, e in zip(np.atleast_2d(reference), np.atleast_2d(estimate), strict=True):
        strength += _cross_correlation(r, e, max_delay)
    # Those that leave a sample in common, the smallest first.
    lags = np.array(
        sorted(range(max(-max_delay, 1 - lengths[0]), min(max_delay, lengths[1] - 1) + 1), key=abs)
    )
    return int(lags[np.argmax(np.abs(strength[lags + max_delay]))])


def _cross_correlation(reference: np.ndarray, estimate: np.ndarray, max_delay: int) -> np.ndarray:
    """sum_n reference[n] estimate[n + d] for d = -max_delay .. max_delay, block by block of the reference."""
    result = np.zeros(2 * max_delay + 1)
    for start in range(0, reference.size, _BLOCK):
        block = reference[start : start + _BLOCK].astype(np.float64)
        first, last = start - max_delay, start + block.size + max_delay
        other = estimate[max(first, 0) : max(last, 0)].astype(np.float64)
        if not other.size:
            continue
        other = np.pad(other, (max(-first, 0), 0))
        size = 1 << (block.size + 2 * max_delay - 1).bit_length()
        product = np.fft.rfft(other, size) * np.conj(np.fft.rfft(block, size))
        result += np.fft.irfft(product, size)[: result.size]
    return result
