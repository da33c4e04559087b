"""From samples to excitation: the FFT-based ear model up to the spreading over frequency.

ITU-R BS.1387-1, annex 2, sections 2.1.1 to 2.1.7, in 109 or 55 bands. Nothing here remembers anything from
frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft
import scipy.signal

from dpcodec.metrics.peaq import bands
from dpcodec.metrics.peaq.bands import QUARTER_BARK, SpectralBands

LOUDEST_DB_SPL = 92.0
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
    return float(10 ** (LOUDEST_DB_SPL / 20) / (peak * window / 4))


_WINDOW: np.ndarray = _level_gain() * HANN
_EAR: np.ndarray = bands.ear_weight(np.arange(bands.BINS) * bands.RATE_HZ / bands.FRAME)


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


def hear(frames: np.ndarray, scale: SpectralBands = QUARTER_BARK) -> Ear:
    """`frames` [2, C, B, FRAME], full scale 1.0, in the bands of `scale`."""
    magnitude = np.abs(scipy.fft.rfft(frames * _WINDOW))
    power = magnitude**2
    difference = (magnitude[0] - magnitude[1]) ** 2
    pitch = _group(power, scale) + scale.internal_noise
    return Ear(power, spread(pitch, scale), _group(difference, scale))


def _group(power: np.ndarray, scale: SpectralBands) -> np.ndarray:
    """Weigh by the outer and middle ear and sum into bands: [..., BINS] -> [..., BANDS]."""
    grouped: np.ndarray = np.maximum((power * _EAR) @ scale.grouping, _FLOOR)
    return grouped


# Spreading (section 2.1.7): every band reaches down by 27 dB per Bark, and up by a slope that grows shallower
# with its level; what meets in one band adds as the power 0.4 of energies.

_ADDITION = 0.4


def spread(pitch: np.ndarray, scale: SpectralBands = QUARTER_BARK) -> np.ndarray:
    """Excitation of a pitch pattern, energies [..., BANDS]; scaled such that a pattern of ones stays."""
    scaled: np.ndarray = _spread(pitch, scale) / _of_ones(scale)
    return scaled


@cache
def _of_ones(scale: SpectralBands) -> np.ndarray:
    return _spread(np.ones(scale.count), scale)


def _spread(pitch: np.ndarray, scale: SpectralBands) -> np.ndarray:
    count = scale.count
    down = 10 ** (-2.7 * scale.step)
    up = 10 ** ((-2.4 - 23 / scale.centre_hz) * scale.step) * pitch ** (0.2 * scale.step)
    up = np.where(up == 1, np.nextafter(1, 2), up)  # the closed sum below has a gap at 1
    band = np.arange(count)
    # A band gives away what it has: divided by the sum of both geometric series.
    downward = (1 - down ** (band + 1)) / (1 - down)
    upward = (1 - up ** (count - band)) / (1 - up)
    own = (pitch / (downward + upward - 1)) ** _ADDITION
    total: np.ndarray = scipy.signal.lfilter([1], [1, -(down**_ADDITION)], own[..., ::-1])[..., ::-1]
    add_upwards(total, own, up**_ADDITION)
    return total ** (1 / _ADDITION)


def add_upwards(total: np.ndarray, own: np.ndarray, step: np.ndarray) -> None:
    """Add to each band what reaches it from those below: `own` of a band there times its `step` to the power
    of the distance; [..., BANDS] each."""
    reach = own
    for distance in range(1, own.shape[-1]):
        reach = reach[..., :-1] * step[..., :-distance]
        total[..., distance:] += reach
