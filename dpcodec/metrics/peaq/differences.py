"""How two signals differ in one frame: in modulation, and in what a listener would hear as noise.

ITU-R BS.1387-1, annex 2, sections 4.2 and 4.3; both versions use them, each in its own bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.metrics.peaq.bands import Bands


def modulation_difference(modulation: np.ndarray) -> np.ndarray:
    """In percent, mean over bands, equation 63 with both signs weighted alike: [2, ..., BANDS] -> [...]."""
    reference, estimate = modulation
    difference: np.ndarray = 100 * (np.abs(estimate - reference) / (1 + reference)).mean(-1)
    return difference


def modulation_weight(envelope: np.ndarray, scale: Bands, level: float) -> np.ndarray:
    """Weight of a frame in averages of modulation, equation 65: [..., BANDS] -> [...].

    envelope  mean compressed energy of the reference
    level     how far above the internal noise a band counts: 100 in the basic version, 1 in the advanced
    """
    weight: np.ndarray = (envelope / (envelope + level * scale.internal_noise**0.3)).sum(-1)
    return weight


@dataclass(frozen=True)
class Masking:
    """How much of a noise is masked, section 4.3.

    alpha           how fast masking falls where the estimate is louder
    factor, offset  slope of the growth of loudness over the modulation of the signal
    least           noise below this loudness, in sone, counts as none
    """

    alpha: float
    factor: float
    offset: float
    least: float = 0.0


def noise_loudness(signals: np.ndarray, modulation: np.ndarray, scale: Bands, masking: Masking) -> np.ndarray:
    """Loudness in sone of what the second signal has more than the first, partly masked by the first
    (equations 66 to 68): excitations and modulations [2, ..., BANDS] -> [...]."""
    slope_masker, slope_noise = masking.factor * modulation + masking.offset
    masker, noisy = signals
    fall = np.exp(-masking.alpha * (noisy - masker) / masker)
    added = np.maximum(slope_noise * noisy - slope_masker * masker, 0)
    ratio = added / (scale.internal_noise + slope_masker * masker * fall)
    partial = (scale.internal_noise / slope_noise) ** 0.23 * ((1 + ratio) ** 0.23 - 1)
    total: np.ndarray = 24 * partial.mean(-1)
    return np.where(total < masking.least, 0.0, total) if masking.least else total
