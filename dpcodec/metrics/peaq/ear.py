"""From samples to excitation: the FFT-based ear model up to the spreading over frequency.

ITU-R BS.1387-1, annex 2, sections 2.1.1 to 2.1.7. Nothing here remembers anything from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal

from dpcodec.metrics.peaq import bands

_LOUDEST_DB_SPL = 92.0
"""Level of a sine at full scale, as the standard assumes where the playback level is not known."""
_CALIBRATION_HZ = 1019.5
_FLOOR = 1e-12
"""Least energy of a band, so that logarithms and ratios exist."""

HANN: np.ndarray = 0.5 * (1 - np.cos(2 * np.pi * np.arange(bands.FRAME) / (bands.FRAME - 1)))


def _level_gain() -> float:
    """What makes the largest bin of a full-scale sine at 1019.5 Hz read 92 dB. That sine lies d bins away
    from its largest one, where the window's spectrum is sin(pi d) / (pi d (1 - d²)) of its peak."""
    window = bands.FRAME - 1
    between = _CALIBRATION_HZ * bands.FRAME / bands.RATE_HZ % 1
    d = min(between, 1 - between) / bands.FRAME * window
    peak = np.sin(np.pi * d) / (np.pi * d * (1 - d**2))
    return float(10 ** (_LOUDEST_DB_SPL / 20) / (peak * window / 4))


_WINDOW: np.ndarray = _level_gain() * HANN
_EAR: np.ndarray = bands.ear_weight(np.arange(bands.BINS) * bands.RATE_HZ / bands.FRAME)
_GROUPING = bands.grouping()


@dataclass(frozen=True)
class Ear:
    """What the ear makes of B frames of C channels; a first axis of 2 is reference and estimate.

    power       [2, C, B, BINS], before the ear's weighting
    excitation  [2, C, B, BANDS], spread over frequency, not yet over time
    noise       [C, B, BANDS], energy of the difference of the magnitude spectra
    """

    power: np.ndarray
    excitation: np.ndarray
    noise: np.ndarray


def hear(frames: np.ndarray) -> Ear:
    """`frames` [2, C, B, FRAME], full scale 1.0."""
    magnitude = np.abs(scipy.fft.rfft(frames * _WINDOW))
    power = magnitude**2
    difference = (magnitude[0] - magnitude[1]) ** 2
    pitch = _group(power) + bands.INTERNAL_NOISE
    return Ear(power, spread(pitch), _group(difference))


def _group(power: np.ndarray) -> np.ndarray:
    """Weigh by the outer and middle ear and sum into bands: [..., BINS] -> [..., BANDS]."""
    grouped: np.ndarray = np.maximum((power * _EAR) @ _GROUPING, _FLOOR)
    return grouped


# Spreading (section 2.1.7): every band reaches down by 27 dB per Bark, and up by a slope that grows shallower
# with its level; what meets in one band adds as the power 0.4 of energies.

_ADDITION = 0.4
_DOWN = 10 ** (-2.7 * bands.BARK_STEP)
_UP: np.ndarray = 10 ** ((-2.4 - 23 / bands.CENTRE_HZ) * bands.BARK_STEP)


def spread(pitch: np.ndarray) -> np.ndarray:
    """Excitation of a pitch pattern, energies [..., BANDS]; scaled such that a pattern of ones stays."""
    scaled: np.ndarray = _spread(pitch) / _OF_ONES
    return scaled


def _spread(pitch: np.ndarray) -> np.ndarray:
    up = _UP * pitch ** (0.2 * bands.BARK_STEP)
    up = np.where(up == 1, np.nextafter(1, 2), up)  # the closed sum below has a gap at 1
    band = np.arange(bands.BANDS)
    # A band gives away what it has: divided by the sum of both geometric series.
    downward = (1 - _DOWN ** (band + 1)) / (1 - _DOWN)
    upward = (1 - up ** (bands.BANDS - band)) / (1 - up)
    own = (pitch / (downward + upward - 1)) ** _ADDITION
    total: np.ndarray = scipy.signal.lfilter([1], [1, -(_DOWN**_ADDITION)], own[..., ::-1])[..., ::-1]
    step, reach = up**_ADDITION, own
    for distance in range(1, bands.BANDS):
        reach = reach[..., :-1] * step[..., :-distance]
        total[..., distance:] += reach
    return total ** (1 / _ADDITION)


_OF_ONES = _spread(np.ones(bands.BANDS))
