"""The basilar membrane: a gammatone filter of order four at each step of one ERB (Hohmann, 2002).

V. Hohmann, "Frequency analysis and synthesis using a Gammatone filterbank", Acta Acustica 88 (2002),
section 2. The ERB and its scale: B. R. Glasberg and B. C. J. Moore, Hearing Research 47 (1990).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import fft

ORDER = 4
LOWEST_HZ = 235.0
HIGHEST_HZ = 14500.0
BASE_HZ = 1000.0
"""A band lies here, the others a whole number of ERBs away (Huber and Kollmeier, 2006)."""

_WIDTH_AT_0_HZ = 24.7
_WIDTH_PER_HZ = 24.7 * 4.37e-3
_TAIL_S = 0.1
"""After this long the slowest impulse response has fallen by more than 200 dB: what a circular convolution
wraps around is below any rounding."""


def erb(frequency: np.ndarray | float) -> np.ndarray:
    """The equivalent rectangular bandwidth at a frequency, both in Hz.

    >>> round(float(erb(1000.0)), 2)
    132.64
    """
    return np.asarray(_WIDTH_AT_0_HZ + _WIDTH_PER_HZ * np.asarray(frequency))


def erb_number(frequency: np.ndarray | float) -> np.ndarray:
    """How many ERBs lie between 0 Hz and a frequency in Hz: the integral of 1 / erb."""
    return np.asarray(np.log1p(np.asarray(frequency) * _WIDTH_PER_HZ / _WIDTH_AT_0_HZ) / _WIDTH_PER_HZ)


def centre_frequencies() -> np.ndarray:
    """The centres of the bands in Hz, rising, float64 [33].

    >>> [round(float(f)) for f in centre_frequencies()[[0, 9, -1]]]
    [236, 1000, 14483]
    """
    base = erb_number(BASE_HZ)
    below, above = math.floor(base - erb_number(LOWEST_HZ)), math.floor(erb_number(HIGHEST_HZ) - base)
    numbers = base + np.arange(-below, above + 1)
    return np.asarray(np.expm1(numbers * _WIDTH_PER_HZ) * _WIDTH_AT_0_HZ / _WIDTH_PER_HZ)


def pole(centre: float, sample_rate: int) -> complex:
    """The pole of the filter around a centre in Hz, damped so that four in a row have a noise bandwidth of
    one ERB (Hohmann, section 2)."""
    n = ORDER
    width = math.pi * math.factorial(2 * n - 2) / (math.factorial(n - 1) ** 2 * 2 ** (2 * n - 2))
    decay = math.exp(-2 * math.pi * float(erb(centre)) / (width * sample_rate))
    angle = 2 * math.pi * centre / sample_rate
    return complex(decay * math.cos(angle), decay * math.sin(angle))


def band_signals(signals: np.ndarray, sample_rate: int) -> Iterator[np.ndarray]:
    """The real part of each band of the signals, [S, N] -> float64 [S, N], lowest band first.

    A tone at a band's centre passes that band with its amplitude. What comes before the signals is silence.

    Each band is y = Re(2 (1 - |p|)^4 / (1 - p / z)^4 x), p its pole. The filter is applied to the spectrum of
    the whole signal: the same to rounding as running the recursion, at a tenth of the time.
    """
    samples = signals.shape[1]
    size = fft.next_fast_len(samples + math.ceil(_TAIL_S * sample_rate), real=True)
    spectra = fft.rfft(np.asarray(signals, np.float64), size)
    back = np.exp(-2j * np.pi / size * np.arange(spectra.shape[1]))
    for centre in centre_frequencies():
        p = pole(float(centre), sample_rate)
        gain = (1 - abs(p)) ** ORDER
        # The real part of an impulse response has half the spectrum of it and of its conjugate.
        response = gain * ((1 - p * back) ** -ORDER + (1 - p.conjugate() * back) ** -ORDER)
        yield fft.irfft(spectra * response, size)[:, :samples]
