"""Error harmonic structure: how periodic over frequency the ratio of the two spectra is.

ITU-R BS.1387-1, annex 2, section 4.8.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

_LAGS = 256
"""The largest power of two below the 384 bins that reach 9 kHz."""
_LEAST_ENERGY = 8000 / 32768**2
_WINDOW: np.ndarray = np.sqrt(8 / 3) / _LAGS * 0.5 * (1 - np.cos(2 * np.pi * np.arange(_LAGS) / (_LAGS - 1)))


def harmonic_structure(frames: np.ndarray, power: np.ndarray) -> np.ndarray:
    """[2, C, B, FRAME] at full scale 1.0 and its spectra [2, C, B, BINS] -> [C, B].

    nan in frames that do not count: both signals below the energy of section 5.2.4.3 in the new half of the
    frame. 0 where a spectrum has an empty bin, as digital silence has: there is no ratio.
    """
    fresh = frames[..., frames.shape[-1] // 2 :]
    counts = ((fresh**2).sum(-1) >= _LEAST_ENERGY).any(0)
    low = power[..., : 2 * _LAGS - 1]
    defined = counts & (low > 0).all(-1).all(0)
    structure = np.where(counts, 0.0, np.nan)
    structure[defined] = _strongest(np.log(low[1][defined]) - np.log(low[0][defined]))
    return structure


def _strongest(ratio: np.ndarray) -> np.ndarray:
    """Log ratios [n, 2 LAGS - 1] -> the strongest line in the spectrum of their autocorrelation, [n]."""
    correlation = _correlation(ratio)
    spectrum = np.abs(scipy.fft.rfft(_WINDOW * (correlation - correlation.mean(-1, keepdims=True)))) ** 2
    rising = np.where(spectrum[..., 1:] > spectrum[..., :1], spectrum[..., 1:], 0)
    strongest: np.ndarray = rising.max(-1)
    return strongest


def _correlation(ratio: np.ndarray) -> np.ndarray:
    """The first LAGS values against those shifted by each lag, over the norms of both: [n, LAGS]."""
    size = 2 * _LAGS
    first = scipy.fft.rfft(ratio[..., :_LAGS], size)
    product = scipy.fft.irfft(np.conj(first) * scipy.fft.rfft(ratio, size), size)[..., :_LAGS]
    energy = np.lib.stride_tricks.sliding_window_view(ratio**2, _LAGS, axis=-1).sum(-1)
    norm = np.sqrt(energy[..., :1] * energy)
    correlation: np.ndarray = np.ones_like(product)
    np.divide(product, norm, out=correlation, where=norm > 0)
    return correlation
