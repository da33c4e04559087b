"""The five model output variables of the advanced version: what each frame gives, and averages over time.

ITU-R BS.1387-1, annex 2, sections 4 and 5. An average over no frame is 0, as in the basic version.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from dpcodec.metrics.peaq.averages import first_audible, mean, over_channels, rms
from dpcodec.metrics.peaq.bands import HALF_BARK
from dpcodec.metrics.peaq.differences import (
    Masking,
    modulation_difference,
    modulation_weight,
    noise_loudness,
)
from dpcodec.metrics.peaq.ear import Ear
from dpcodec.metrics.peaq.filterbank import FILTERS
from dpcodec.metrics.peaq.patterns import Adaptation, Modulation, average, loudness

_LOUDNESS_SCALE = 1.26539
_ADDED = Masking(alpha=2.5, factor=0.3, offset=1.0, least=0.1)
_MISSING = Masking(alpha=1.5, factor=0.15, offset=1.0)
_DELAY = math.ceil(0.5 * FILTERS.frames_per_second)
_ONSET = math.ceil(0.05 * FILTERS.frames_per_second)


@dataclass(frozen=True)
class FilterFrames:
    """What F frames of the filter bank give, [C, F] each.

    modulation  difference of modulation, in percent
    weight      of the frame in the average of it
    added       loudness of what the estimate has more than the reference
    missing     loudness of what it has less
    linear      loudness of what the adaptation took out: linear distortion
    loudness    of the softer of both
    """

    modulation: np.ndarray
    weight: np.ndarray
    added: np.ndarray
    missing: np.ndarray
    linear: np.ndarray
    loudness: np.ndarray


class FilterTracker:
    """Follows the excitations of one recording, block by block."""

    def __init__(self) -> None:
        self._smear = average(FILTERS.decay(0.020, least=0.004))
        self._adaptation = Adaptation(FILTERS, (1, 1))
        self._modulation = Modulation(FILTERS)

    def follow(self, spread: np.ndarray) -> FilterFrames:
        """`spread` [2, C, F, BANDS]: what the filter bank hears, the frames that come next."""
        excitation = self._smear(spread)
        adapted = self._adaptation(excitation)
        modulation, envelope = self._modulation(spread)
        taken = np.stack([adapted[0], excitation[0]])
        steady = np.stack([modulation[0], modulation[0]])
        return FilterFrames(
            math.sqrt(FILTERS.count) * modulation_difference(modulation),
            modulation_weight(envelope, FILTERS, 1),
            noise_loudness(adapted, modulation, FILTERS, _ADDED),
            noise_loudness(adapted[::-1], modulation[::-1], FILTERS, _MISSING),
            noise_loudness(taken, steady, FILTERS, _MISSING),
            loudness(excitation, FILTERS, _LOUDNESS_SCALE).min(0),
        )


def join(blocks: list[FilterFrames], first: int, last: int) -> FilterFrames:
    """One after the other, from one frame to another, both included."""
    names = [field.name for field in fields(FilterFrames)]
    whole = (np.concatenate([getattr(block, name) for block in blocks], -1) for name in names)
    return FilterFrames(*(values[:, first : last + 1] for values in whole))


def filter_variables(frames: FilterFrames, skipped: int) -> dict[str, float]:
    """RmsModDiffA, RmsNoiseLoudAsymA and AvgLinDistA; `skipped` frames came before those given."""
    delay = max(0, _DELAY - skipped)
    loud = max(delay, first_audible(frames.loudness) + _ONSET)
    added = over_channels(rms, frames.added[:, loud:])
    missing = over_channels(rms, frames.missing[:, loud:])
    return {
        "RmsModDiffA": _weighted_rms(frames.modulation[:, delay:], frames.weight[:, delay:]),
        "RmsNoiseLoudAsymA": added + 0.5 * missing,
        "AvgLinDistA": over_channels(mean, frames.linear[:, loud:]),
    }


def _weighted_rms(x: np.ndarray, weight: np.ndarray) -> float:
    """Mean over channels of the root of the mean square over time, weighted by squares, [C, F] each."""
    if not x.size:
        return 0.0
    return float(np.mean(np.sqrt(((x * weight) ** 2).sum(-1) / (weight**2).sum(-1))))


def noise_to_mask(ear: Ear, excitation: np.ndarray) -> np.ndarray:
    """Local noise-to-mask ratio in dB, section 4.5: [C, B] of frames in `HALF_BARK`.

    excitation  [C, B, BANDS] of the reference, smeared over time
    """
    ratio: np.ndarray = 10 * np.log10((ear.noise / (HALF_BARK.mask * excitation)).mean(-1))
    return ratio
