"""The eleven model output variables of the basic version: averages over time, and over channels.

ITU-R BS.1387-1, annex 2, section 5. An average over no frame is 0 (Kabal's rule).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.signal

from dpcodec.metrics.peaq import bands
from dpcodec.metrics.peaq.network import BASIC
from dpcodec.metrics.peaq.precursors import Precursors

_DELAY = math.ceil(0.5 * bands.FRAMES_PER_SECOND)
"""The first half second does not count for modulation and noise loudness."""
_ONSET = math.ceil(0.05 * bands.FRAMES_PER_SECOND)
_AUDIBLE_SONE = 0.1
_WINDOW = math.floor(0.1 * bands.FRAMES_PER_SECOND)
_DISTURBED = 10**0.15


def output_variables(frames: Precursors, skipped: int) -> dict[str, float]:
    """`frames` [C, F] from the first that counts; `skipped` frames came before it."""
    delay = max(0, _DELAY - skipped)
    modulation, weight = frames.modulation_1[:, delay:], frames.modulation_weight[:, delay:]
    loud = over_channels(rms, frames.noise_loudness[:, max(delay, first_audible(frames.loudness) + _ONSET) :])
    values = (
        over_channels(mean, frames.bandwidth_reference),
        over_channels(mean, frames.bandwidth_estimate),
        float(np.mean(10 * np.log10(frames.noise_to_mask.mean(-1)))),
        over_channels(_windowed, modulation),
        _distorted_block(frames),
        1000 * over_channels(mean, frames.harmonic),
        _weighted(modulation, weight),
        _weighted(frames.modulation_2[:, delay:], weight),
        loud,
        _most_detected(frames.detection),
        float(np.mean(frames.worst_noise_to_mask > _DISTURBED)),
    )
    return dict(zip(BASIC.names, values, strict=True))


def over_channels(average: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    """Mean over channels of what `average` makes of each, [C, F]."""
    return float(np.mean([average(channel) for channel in values]))


def mean(x: np.ndarray) -> float:
    """Over the frames that count."""
    counted = x[~np.isnan(x)]
    return float(counted.mean()) if counted.size else 0.0


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2))) if x.size else 0.0


def _windowed(x: np.ndarray) -> float:
    """The windowed average of section 5.2: means of the root over 100 ms; the rms of their squares."""
    if x.size < _WINDOW:
        return 0.0
    means = np.lib.stride_tricks.sliding_window_view(np.sqrt(x), _WINDOW).mean(-1)
    return float(np.sqrt(np.mean(means**4)))


def _weighted(x: np.ndarray, weight: np.ndarray) -> float:
    """Mean over channels of the weighted mean over time, [C, F] each."""
    return float(np.mean((x * weight).sum(-1) / weight.sum(-1))) if x.size else 0.0


def first_audible(loudness: np.ndarray) -> int:
    """The first frame in which, in one channel, both signals are audible (section 5.2.4.2): `loudness` [C, F]
    is the lesser. F if there is none."""
    audible = np.flatnonzero((loudness > _AUDIBLE_SONE).any(0))
    return int(audible[0]) if audible.size else loudness.shape[1]


def _distorted_block(frames: Precursors) -> float:
    """ADB, section 4.7: log of the mean steps above threshold over the frames with an audible difference."""
    distorted = frames.detection > 0.5
    if not distorted.any():
        return 0.0
    steps = float(frames.steps[distorted].mean())
    return math.log10(steps) if steps > 0 else -0.5


def _most_detected(detection: np.ndarray) -> float:
    """MFPD, section 4.7: the highest of the smoothed probabilities of detection."""
    return float(scipy.signal.lfilter([0.1], [1, -0.9], detection).max())
