"""What each frame contributes to the model output variables, before anything is averaged over time.

ITU-R BS.1387-1, annex 2, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dpcodec.metrics.peaq.bands import QUARTER_BARK
from dpcodec.metrics.peaq.differences import (
    Masking,
    modulation_difference,
    modulation_weight,
    noise_loudness,
)
from dpcodec.metrics.peaq.ear import Ear
from dpcodec.metrics.peaq.harmonic import harmonic_structure
from dpcodec.metrics.peaq.patterns import Patterns

_AUDITORY = Masking(alpha=1.5, factor=0.15, offset=0.5)


@dataclass(frozen=True)
class Precursors:
    """B frames of C channels: [C, B] each; `detection` and `steps`, which both ears share, [B].

    Bandwidths (in bins) and `harmonic` are nan in frames that do not count.
    """

    modulation_1: np.ndarray
    modulation_2: np.ndarray
    modulation_weight: np.ndarray
    noise_loudness: np.ndarray
    loudness: np.ndarray
    bandwidth_reference: np.ndarray
    bandwidth_estimate: np.ndarray
    noise_to_mask: np.ndarray
    worst_noise_to_mask: np.ndarray
    harmonic: np.ndarray
    detection: np.ndarray
    steps: np.ndarray


def join(blocks: list[Precursors], first: int) -> Precursors:
    """One after the other, without the `first` frames."""
    names = [field.name for field in fields(Precursors)]
    return Precursors(*(np.concatenate([getattr(b, n) for b in blocks], -1)[..., first:] for n in names))


def frame_precursors(frames: np.ndarray, ear: Ear, patterns: Patterns) -> Precursors:
    """`frames` [2, C, B, FRAME], full scale 1.0, with what the ear made of them."""
    to_mask = ear.noise / (QUARTER_BARK.mask * patterns.excitation[0])
    return Precursors(
        *_modulation_differences(patterns),
        _noise_loudness(patterns),
        patterns.loudness.min(0),
        *bandwidths(ear.power),
        to_mask.mean(-1),
        to_mask.max(-1),
        harmonic_structure(frames, ear.power),
        *detection(patterns.excitation),
    )


def _modulation_differences(patterns: Patterns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Section 4.2, equations 63 to 65: both differences in percent, and the weight of the frame."""
    reference, estimate = patterns.modulation
    second = np.where(estimate < reference, 0.1, 1.0) * np.abs(estimate - reference) / (0.01 + reference)
    weight = modulation_weight(patterns.envelope, QUARTER_BARK, 100)
    return modulation_difference(patterns.modulation), 100 * second.mean(-1), weight


def _noise_loudness(patterns: Patterns) -> np.ndarray:
    """Section 4.3: loudness of what was added, partly masked by the reference."""
    return noise_loudness(patterns.adapted, patterns.modulation, QUARTER_BARK, _AUDITORY)


_NOISE_FLOOR_BIN = 921
"""From here up (21.6 kHz) nothing counts as signal: the loudest bin is the floor of the frame."""
_LEAST_BIN = 347
"""Frames whose reference ends at this bin (8.1 kHz) or below do not count."""


def bandwidths(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Section 4.4: the highest bin 10 dB (reference) or 5 dB (estimate) over the estimate's floor, from 1 on.
    Digital silence has no floor, and does not count."""
    floor = power[1, ..., _NOISE_FLOOR_BIN:-1].max(-1, keepdims=True)
    number = np.arange(1, _NOISE_FLOOR_BIN + 1)
    loud = power[..., :_NOISE_FLOOR_BIN] >= floor * np.array([10, 10**0.5]).reshape(2, 1, 1, 1)
    loud &= floor > 0
    reference = (loud[0] * number).max(-1)
    estimate = (loud[1] & (number <= reference[..., np.newaxis])) * number
    counts = reference > _LEAST_BIN
    heard = estimate.max(-1)
    return np.where(counts, reference, np.nan), np.where(counts & (heard > 0), heard, np.nan)


def detection(excitation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Section 4.7, equations 73 to 78: probability that the difference is heard, and how many just noticeable
    steps it is. In each band the ear that hears more decides."""
    reference, estimate = 10 * np.log10(excitation)
    difference = reference - estimate
    level = 0.3 * np.maximum(reference, estimate) + 0.7 * estimate
    step = np.full(level.shape, 1e30)
    audible = level > 0
    step[audible] = just_noticeable(level[audible])
    power = np.where(difference > 0, 4, 6)
    detection = 1 - 0.5 ** ((difference / step) ** power)
    steps = np.abs(np.trunc(difference)) / step
    return 1 - np.prod(1 - detection.max(0), axis=-1), steps.max(0).sum(-1)


def just_noticeable(level: np.ndarray) -> np.ndarray:
    """The difference in dB that is heard half of the time at a level in dB SPL, equation 74."""
    powers = np.polynomial.polynomial.polyval(
        level, [-0.198719, 0.0550197, -0.00102438, 5.05622e-6, 9.01033e-11]
    )
    step: np.ndarray = 5.95072 * (6.39468 / level) ** 1.71332 + powers
    return step
