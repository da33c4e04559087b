"""The 109 bands, a quarter of a Bark wide from 80 Hz to 18 kHz, and what is fixed per band.

ITU-R BS.1387-1, annex 2, section 2.1 (the FFT-based ear model); P. Kabal, "An Examination and Interpretation
of ITU-R BS.1387", McGill University, version 2, 2003. Levels here are energies: 1 is 0 dB SPL.
"""

from __future__ import annotations

import numpy as np

RATE_HZ = 48000
FRAME = 2048
HOP = FRAME // 2
FRAMES_PER_SECOND = RATE_HZ / HOP
BINS = FRAME // 2 + 1

BARK_STEP = 0.25
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 18000.0

_PRINTED = ((0, 66, 3853.817), (1, 100, 13294.850), (2, 28, 933.113), (2, 70, 4643.482))
"""Where the printed table of bands, as Kabal's program has it, departs from its own formula by more than
0.003 Hz: 0 lower edge, 1 centre, 2 upper edge; the band, counted from 0; Hz. The formula alone gives
variables up to 0.5 % away from those of programs with the table."""


def _bands() -> np.ndarray:
    """[3, BANDS] in Hz: lower edges, centres, upper edges. Equal steps of 7 asinh(f / 650), the last one cut
    short at 18 kHz (section 2.1.5)."""
    bottom, top = 7 * np.arcsinh(_LOWEST_HZ / 650), 7 * np.arcsinh(_HIGHEST_HZ / 650)
    lower = np.arange(bottom, top, BARK_STEP)
    upper = np.minimum(lower + BARK_STEP, top)
    edges: np.ndarray = 650 * np.sinh(np.stack([lower, (lower + upper) / 2, upper]) / 7)
    for row, band, hz in _PRINTED:
        edges[row, band] = hz
    return edges


LOWER_HZ, CENTRE_HZ, UPPER_HZ = _bands()
BANDS = len(CENTRE_HZ)


def ear_weight(hz: np.ndarray) -> np.ndarray:
    """Energy gain of the outer and middle ear (equation 7).

    >>> float(round(10 * np.log10(ear_weight(np.array([1000.0]))[0]), 3))
    -1.913
    """
    khz = np.asarray(hz) / 1000
    audible = np.maximum(khz, 1e-3)  # below 1 Hz the gain is 0 in any case: -550 dB and less
    decibels = -2.184 * audible**-0.8 + 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) - 0.001 * khz**3.6
    gain: np.ndarray = 10 ** (decibels / 10)
    return gain


def grouping() -> np.ndarray:
    """The share of each spectral bin that lies in each band, [BINS, BANDS]: a bin reaches half way to the
    next, so the shares of a band sum to its width in bins."""
    centre = np.arange(BINS)[:, np.newaxis]
    width = RATE_HZ / FRAME
    upper = np.minimum(UPPER_HZ, (centre + 0.5) * width)
    lower = np.maximum(LOWER_HZ, (centre - 0.5) * width)
    shares: np.ndarray = np.maximum(upper - lower, 0) / width
    return shares


INTERNAL_NOISE: np.ndarray = 10 ** (0.1456 * (CENTRE_HZ / 1000) ** -0.8)
"""Energy that the ear adds by itself (equation 13)."""

THRESHOLD: np.ndarray = 10 ** (0.364 * (CENTRE_HZ / 1000) ** -0.8)
"""Excitation at the threshold of hearing (equation 60)."""

_THRESHOLD_INDEX_DB = -2 - 2.05 * np.arctan(CENTRE_HZ / 4000) - 0.75 * np.arctan((CENTRE_HZ / 1600) ** 2)
THRESHOLD_INDEX: np.ndarray = 10 ** (_THRESHOLD_INDEX_DB / 10)
"""The threshold index, a ratio (equation 61)."""

_MASK_DB = np.maximum(3.0, 0.25 * BARK_STEP * np.arange(BANDS))
MASK: np.ndarray = 10 ** (-_MASK_DB / 10)
"""The mask over the excitation (equation 25): 3 dB below it up to 12 Bark, then 0.25 dB more per Bark."""


def decay(at_100_hz: float) -> np.ndarray:
    """The pole of a one-pole lowpass per band, [BANDS]: its time constant falls from `at_100_hz` seconds
    towards 8 ms, as the inverse of the centre frequency (section 2.1.8)."""
    seconds = 0.008 + 100 / CENTRE_HZ * (at_100_hz - 0.008)
    pole: np.ndarray = np.exp(-1 / (FRAMES_PER_SECOND * seconds))
    return pole
