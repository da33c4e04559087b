"""The bands of the ear models, and what is fixed per band.

ITU-R BS.1387-1, annex 2, section 2; P. Kabal, "An Examination and Interpretation of ITU-R BS.1387", McGill
University, version 2, 2003. Levels here are energies: 1 is 0 dB SPL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

RATE_HZ = 48000
FRAME = 2048
HOP = FRAME // 2
FRAMES_PER_SECOND = RATE_HZ / HOP
BINS = FRAME // 2 + 1
"""Of the FFT-based ear model."""

_LOWEST_HZ, HIGHEST_HZ = 80.0, 18000.0

_PRINTED = ((0, 66, 3853.817), (1, 100, 13294.850), (2, 28, 933.113), (2, 70, 4643.482))
"""Where the printed table of the 109 bands, as Kabal's program has it, departs from its own formula by more
than 0.003 Hz: 0 lower edge, 1 centre, 2 upper edge; the band, counted from 0; Hz. The formula alone gives
variables up to 0.5 % away from those of programs with the table."""


def to_bark(hz: float) -> float:
    """Pitch of a frequency, section 2.1.5: 7 asinh(f / 650)."""
    return float(7 * np.arcsinh(hz / 650))


def to_hz(bark: np.ndarray) -> np.ndarray:
    """Frequency of pitches, the inverse of `to_bark`."""
    hz: np.ndarray = 650 * np.sinh(bark / 7)
    return hz


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


@dataclass(frozen=True, eq=False)
class Bands:
    """The bands of one ear model.

    centre_hz          [BANDS]
    frames_per_second  rate at which the model gives excitations
    """

    centre_hz: np.ndarray
    frames_per_second: float

    @property
    def count(self) -> int:
        """BANDS."""
        return len(self.centre_hz)

    @cached_property
    def internal_noise(self) -> np.ndarray:
        """Energy that the ear adds by itself, [BANDS] (equation 13)."""
        noise: np.ndarray = 10 ** (0.1456 * (self.centre_hz / 1000) ** -0.8)
        return noise

    @cached_property
    def threshold(self) -> np.ndarray:
        """Excitation at the threshold of hearing, [BANDS] (equation 60)."""
        energy: np.ndarray = 10 ** (0.364 * (self.centre_hz / 1000) ** -0.8)
        return energy

    @cached_property
    def threshold_index(self) -> np.ndarray:
        """The threshold index, a ratio, [BANDS] (equation 61)."""
        hz = self.centre_hz
        decibels = -2 - 2.05 * np.arctan(hz / 4000) - 0.75 * np.arctan((hz / 1600) ** 2)
        index: np.ndarray = 10 ** (decibels / 10)
        return index

    def decay(self, at_100_hz: float, least: float = 0.008) -> np.ndarray:
        """The pole of a one-pole lowpass per band, [BANDS]: its time constant falls from `at_100_hz` seconds
        towards `least`, as the inverse of the centre frequency (section 2.1.8)."""
        seconds = least + 100 / self.centre_hz * (at_100_hz - least)
        pole: np.ndarray = np.exp(-1 / (self.frames_per_second * seconds))
        return pole


@dataclass(frozen=True, eq=False)
class SpectralBands(Bands):
    """Bands into which bins of a spectrum are grouped.

    lower_hz, upper_hz  [BANDS]
    step                width of a band in Bark
    """

    lower_hz: np.ndarray
    upper_hz: np.ndarray
    step: float

    @cached_property
    def mask(self) -> np.ndarray:
        """The mask over the excitation, [BANDS] (equation 25): 3 dB below it up to 12 Bark, then 0.25 dB more
        per Bark."""
        decibels = np.maximum(3.0, 0.25 * self.step * np.arange(self.count))
        mask: np.ndarray = 10 ** (-decibels / 10)
        return mask

    @cached_property
    def grouping(self) -> np.ndarray:
        """The share of each spectral bin that lies in each band, [BINS, BANDS]: a bin reaches half way to the
        next, so the shares of a band sum to its width in bins."""
        centre = np.arange(BINS)[:, np.newaxis]
        width = RATE_HZ / FRAME
        upper = np.minimum(self.upper_hz, (centre + 0.5) * width)
        lower = np.maximum(self.lower_hz, (centre - 0.5) * width)
        shares: np.ndarray = np.maximum(upper - lower, 0) / width
        return shares


def _spectral(step: float, printed: Sequence[tuple[int, int, float]] = ()) -> SpectralBands:
    """From 80 Hz in equal steps in Bark, the last one cut short at 18 kHz (section 2.1.5)."""
    bottom, top = to_bark(_LOWEST_HZ), to_bark(HIGHEST_HZ)
    lower = np.arange(bottom, top, step)
    upper = np.minimum(lower + step, top)
    edges = to_hz(np.stack([lower, (lower + upper) / 2, upper]))
    for row, band, hz in printed:
        edges[row, band] = hz
    return SpectralBands(edges[1], FRAMES_PER_SECOND, edges[0], edges[2], step)


QUARTER_BARK = _spectral(0.25, _PRINTED)
"""The 109 bands of the basic version."""
HALF_BARK = _spectral(0.5)
"""The 55 bands of the FFT-based ear model in the advanced version."""
