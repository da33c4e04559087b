"""The scale of the masking threshold: of a quality, a usual one of a bit rate, of an SNR; all as log2."""

from __future__ import annotations

import math

import numpy as np

from dpcodec.coding import mdct_quantize
from dpcodec.settings import QUALITY_RANGE

ZERO_QUALITY_DB, QUALITY_DB = 16.0, 1.65
"""Decibels that the step lies below the root of the mean threshold at quality 0, and that each quality adds:
about 45 kbit/s for mono music at 44.1 kHz at 5, 110 at 10."""
COARSE_DB, FINE_DB = 22.0, 32.0
"""From the first to the second, steps so far below the threshold go from coarse to fine: what is allowed then
follows the sound of the moment more closely."""
USUAL_KBPS, USUAL_OCTAVES = 8.0, 1.3
"""Of a channel at scale 1, and by how much the scale falls with each octave of the bit rate."""
FINEST = 2.0**-40
"""Scale that is 0 in effect."""
_HALVINGS = 24


def log2_of_quality(quality: float) -> float:
    """For a noise-to-mask ratio that falls with quality."""
    return math.log2(10 ** (-(ZERO_QUALITY_DB + QUALITY_DB * quality) / 20))


FINEST_LOG2_SCALE = log2_of_quality(QUALITY_RANGE[1])
"""Of the highest quality."""


def log2_for_snr(scaled: np.ndarray, magnitude: np.ndarray, snr: float) -> float:
    """By bisection; magnitudes [C, K, L] in steps of scale 1, and as they are."""
    energy = float(np.sum(magnitude**2)) * 10 ** (-snr / 10)
    unit = np.divide(magnitude, scaled, out=np.zeros_like(magnitude), where=scaled > 0) ** 2
    low, high = math.log2(FINEST), 40.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        off = mdct_quantize.errors(scaled, 2.0**middle)
        low, high = (low, middle) if float(np.sum(off**2 * unit)) > energy else (middle, high)
    return low


def usual_log2_scale(kbps: float) -> float:
    """Of music at so many kbit/s a channel, within a third of an octave or so."""
    usual = -USUAL_OCTAVES * (math.log2(kbps) - math.log2(USUAL_KBPS))
    return max(min(usual, 0.0), FINEST_LOG2_SCALE)


def fineness(log2_scale: float) -> float:
    """0 for coarse steps, 1 for fine ones."""
    below_db = -20 * math.log10(2) * log2_scale
    return min(max((below_db - COARSE_DB) / (FINE_DB - COARSE_DB), 0.0), 1.0)
