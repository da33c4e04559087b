"""From samples to excitation: the ear model of the advanced version, a bank of 40 filters.

ITU-R BS.1387-1, annex 2, section 2.2. The filters give one value each every 32 samples; after spreading over
frequency and the first smearing over time, one every 192 samples: 250 frames a second.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.signal

from dpcodec.metrics.peaq.bands import HIGHEST_HZ, RATE_HZ, Bands, ear_weight, to_bark, to_hz
from dpcodec.metrics.peaq.ear import LOUDEST_DB_SPL, add_upwards

STEP = 32
FRAME = 6 * STEP
"""Samples between values of a filter, and between excitations."""

_LENGTHS = (
    *(1456, 1438, 1406, 1362, 1308, 1244, 1176, 1104, 1030, 956, 884, 814, 748, 686, 626, 570, 520, 472),
    *(430, 390, 354, 320, 290, 262, 238, 214, 194, 176, 158, 144, 130, 118, 106, 96, 86, 78, 70, 64, 58, 52),
)
"""Taps of the filters (table 8)."""
_LATE = _LENGTHS[0] // 2 + 1
"""Samples by which every filter's output is late (equation 31)."""
_REACH = 2 * _LATE - 1
"""Samples that an output needs, its own included."""
_TOGETHER = 5
"""Filters that share one product of matrices, as long as its longest."""


def _filters() -> Bands:
    """Equal steps in Bark from 50 Hz to 18 kHz (section 2.2.5)."""
    pitch = np.linspace(to_bark(50.0), to_bark(HIGHEST_HZ), len(_LENGTHS))
    return Bands(to_hz(pitch), RATE_HZ / FRAME)


FILTERS = _filters()

_HIGHPASS = np.array([[1, -2, 1, 1, -1.99517, 0.995174], [1, -2, 1, 1, -1.99799, 0.997998]])
"""Two sections that take what is below 20 Hz (section 2.2.4)."""


def _responses() -> list[tuple[slice, np.ndarray]]:
    """The filters in groups (equation 29, with the outer and middle ear's weight): where a group's samples
    lie among the last REACH, oldest first, and [samples, 2 BANDS of the group], real parts before imaginary
    ones."""
    groups = []
    for first, last in pairwise([*range(0, len(_LENGTHS), _TOGETHER), len(_LENGTHS)]):
        half = _LENGTHS[first] // 2
        response = np.zeros((2 * half - 1, last - first), complex)
        for column, band in enumerate(range(first, last)):
            n = np.arange(1, _LENGTHS[band]) - _LENGTHS[band] // 2
            window = 4 / _LENGTHS[band] * np.cos(np.pi * n / _LENGTHS[band]) ** 2
            phase = 2 * np.pi * FILTERS.centre_hz[band] / RATE_HZ * n
            response[half - 1 + n[::-1], column] = window * np.exp(1j * phase)
        response *= np.sqrt(ear_weight(FILTERS.centre_hz[first:last]))
        centre = _REACH - 1 - _LATE
        where = slice(centre - half + 1, centre + half)
        groups.append((where, np.concatenate([response.real, response.imag], axis=1)))
    return groups


_RESPONSES = _responses()
# Spreading (section 2.2.7). A filter's output reaches up by a slope that grows shallower with its level and
# follows it slowly, and down by 31 dB per filter; outputs add as amplitudes.

_DB_PER_BAND = (to_bark(HIGHEST_HZ) - to_bark(50.0)) / (len(_LENGTHS) - 1)
_RATIO = 0.1 ** (_DB_PER_BAND / 20)
"""Amplitude that is left after one band of a slope of 1 dB per Bark."""
_DOWN = _RATIO**31
_OLD = 1 - np.exp(-STEP / (RATE_HZ * 0.1))
"""How much of a slope's last value stays. The standard's text speaks of a time constant of 100 ms, its pseudo
code keeps what that would let go; this follows the code, as GstPEAQ does."""

# Smearing over time (section 2.2.9): half a period of a squared cosine before and after.

_SMEAR: np.ndarray = 0.9761 / 6 * np.cos(np.pi * np.arange(-5, 6) / 12) ** 2


class FilterBank:
    """The ear of one recording, block by block."""

    def __init__(self) -> None:
        self._highpass: np.ndarray | None = None
        self._past = np.zeros(0)
        self._slope = np.zeros(0)
        self._energies = np.zeros(0)

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """The samples that come next, full scale 1.0, [..., FRAME F] -> excitations before the second
        smearing over time, internal noise included, [..., F, BANDS]."""
        if self._highpass is None:
            self._begin(samples.shape[:-1])
        clean, self._highpass = scipy.signal.sosfilt(
            _HIGHPASS, 10 ** (LOUDEST_DB_SPL / 20) * samples, zi=self._highpass
        )
        longer = np.concatenate([self._past, clean], axis=-1)
        self._past = longer[..., -_REACH + 1 :]
        amplitudes = self._spread(_filtered(longer))
        energies = np.concatenate([self._energies, amplitudes.real**2 + amplitudes.imag**2], axis=-2)
        self._energies = energies[..., 6 - len(_SMEAR) :, :]
        around = np.lib.stride_tricks.sliding_window_view(energies, len(_SMEAR), axis=-2)
        excitation: np.ndarray = around[..., :: FRAME // STEP, :, :] @ _SMEAR + FILTERS.internal_noise
        return excitation

    def _begin(self, shape: tuple[int, ...]) -> None:
        self._highpass = np.zeros((2, *shape, 2))
        self._past = np.zeros((*shape, _REACH - 1))
        self._slope = np.zeros((*shape, 1, FILTERS.count))
        self._energies = np.zeros((*shape, len(_SMEAR) - 6, FILTERS.count))

    def _spread(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs of the filters, complex [..., BANDS] -> what they make of each other."""
        level = 10 * np.log10(np.maximum(outputs.real**2 + outputs.imag**2, 1e-300))
        slope = np.maximum(4, 24 + 230 / FILTERS.centre_hz - 0.2 * level)
        up, self._slope = scipy.signal.lfilter([1 - _OLD], [1, -_OLD], _RATIO**slope, axis=-2, zi=self._slope)
        total = outputs.copy()
        add_upwards(total, outputs, up)
        spread: np.ndarray = scipy.signal.lfilter([1], [1, -_DOWN], total[..., ::-1])[..., ::-1]
        return spread


def _filtered(samples: np.ndarray) -> np.ndarray:
    """The filters' outputs every STEP samples, complex [..., outputs, BANDS], from samples of which the first
    REACH - 1 came before."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, _REACH, axis=-1)[..., ::STEP, :]
    groups = []
    for where, response in _RESPONSES:
        both = np.ascontiguousarray(windows[..., where]) @ response
        half = both.shape[-1] // 2
        groups.append(both[..., :half] + 1j * both[..., half:])
    return np.concatenate(groups, axis=-1)
