"""Quantiser steps, complex values <-> int32 symbols, and the interval a symbol stands for.

One uniform quantiser a channel: a real number `v` becomes the integer nearest to `v / step` (halves to the
even one) and stands for the interval `[(q - 1/2) step, (q + 1/2) step]`. Rounding spreads the error evenly
over it, so that a kept complex coefficient carries the noise energy `2 * step**2 / 12 = step**2 / 6`.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.body import MAX_SYMBOL, STEP_RANGE, valid_step
from dpcodec.errors import SettingsError
from dpcodec.settings import RANDOM_MASK_SNR_DB

FLOAT32_MAX = float(np.finfo(np.float32).max)


def step_for_noise(X: np.ndarray, kept: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The step of each channel whose noise over the kept coefficients has the energy of the dropped ones.

    Where the mask took nothing away (or nothing but zeros) there is no such step; that channel gets the one
    of `step_for_snr` at `RANDOM_MASK_SNR_DB`. Where that step would leave nothing, as of a single impulse, of
    whose flat spectrum the mask takes most, the largest part of a kept coefficient is the step.

    X        complex [C, K, L]
    kept     bool [C, K, L]
    weights  float [K, 1], how often a bin counts (c_k of the STFT's inner product)
    returns  float32 [C]
    """
    power = _weighted_power(X, weights)
    taken = np.where(kept, 0, power).sum((1, 2))
    fallback = power.sum((1, 2)) * 10 ** (-RANDOM_MASK_SNR_DB / 10)
    steps = _steps(np.where(taken > 0, taken, fallback), X, kept, weights)
    largest = np.where(kept, np.maximum(np.abs(X.real), np.abs(X.imag)), 0).max(axis=(1, 2), initial=0)
    nothing = (largest > 0) & (largest < steps / 2)
    held: np.ndarray = np.where(nothing, np.clip(largest, *STEP_RANGE), steps).astype(np.float32)
    return held


def step_for_snr(X: np.ndarray, kept: np.ndarray, snr: float, weights: np.ndarray) -> np.ndarray:
    """The step of each channel whose noise over the kept coefficients lies `snr` dB below the energy of all
    X.

    X complex [C, K, L], kept bool [C, K, L], snr in dB, weights float [K, 1]; returns float32 [C].
    """
    energy = _weighted_power(X, weights).sum((1, 2))
    return _steps(energy * 10 ** (-snr / 10), X, kept, weights)


def quantize(X: np.ndarray, step: float) -> np.ndarray:
    """Complex [...] -> int32 [..., 2], real and imaginary part to the nearest multiple of the step.

    Raises `SettingsError` if a symbol would pass `MAX_SYMBOL` or the step is not a normal float32.

    >>> quantize(np.array([1.2 - 3.6j]), 1.0).tolist()
    [[1, -4]]
    """
    if not valid_step(step):
        raise SettingsError(f"quantiser step {step!r} is out of range: use a larger or smaller snr")
    values = np.ascontiguousarray(X, np.complex128)
    scaled = np.rint(values.view(np.float64).reshape(*values.shape, 2) / float(step))
    if not np.all(np.abs(scaled) <= MAX_SYMBOL):
        raise SettingsError(f"quantiser step {step!r} is too fine for these values: use a smaller snr")
    return scaled.astype(np.int32)


def dequantize(q: np.ndarray, step: float) -> np.ndarray:
    """Int32 [..., 2] -> complex64 [...], the middle of each symbol's interval, finite always."""
    scaled = np.clip(np.asarray(q, np.float64) * float(step), -FLOAT32_MAX, FLOAT32_MAX)
    return to_complex64(scaled)


def to_complex64(values: np.ndarray) -> np.ndarray:
    """Float64 [..., 2] -> complex64 [...]; what float32 cannot hold becomes its largest number."""
    single = np.clip(values, -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
    out: np.ndarray = single.view(np.complex64)[..., 0]
    return out


def _weighted_power(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    values = np.asarray(X, np.complex128)
    power: np.ndarray = (values.real**2 + values.imag**2) * weights
    return power


def _steps(noise: np.ndarray, X: np.ndarray, kept: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """sqrt(6 noise / kept count), within what the format can hold for this X: float32 [C]."""
    count = (kept * weights).sum((1, 2))
    steps = np.sqrt(6 * noise / np.maximum(count, 1))
    peak = np.abs(X).max(axis=(1, 2), initial=0)
    finest = np.maximum(peak / (MAX_SYMBOL // 2), STEP_RANGE[0])
    limited: np.ndarray = np.clip(np.maximum(steps, finest), *STEP_RANGE).astype(np.float32)
    return limited
