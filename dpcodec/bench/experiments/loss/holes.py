"""What is heard where something was lost."""

from __future__ import annotations

import numpy as np

from dpcodec import Audio
from dpcodec.bench.engine.experiment import Row
from dpcodec.metrics.spectral import HOP, log_spectral_distances

STEP = 2.0**-15
"""A sample that the loss changes by more than a step of 16 bits is in a hole."""
AROUND_S = 0.05
"""Seconds on either side of a hole that count too: there clicks would be."""


def in_holes(original: Audio, clean: Audio, received: Audio) -> Row:
    """`hole_s`, the seconds in which `received` is not `clean`, what the same file gives with nothing lost;
    and `lsd_holes`, the log-spectral distance from the original, the mean over all frames of 2048 samples
    whose middle is in a hole or within 50 ms of one. That is left out where there is no hole."""
    changed = (np.abs(clean.samples - received.samples) > STEP).any(axis=0)
    found: Row = {"hole_s": round(float(changed.sum()) / original.sample_rate, 4)}
    if changed.any():
        distances = log_spectral_distances(original.samples, received.samples)
        near = _widened(changed, round(AROUND_S * original.sample_rate))
        middles = np.minimum(np.arange(distances.shape[1]) * HOP, changed.size - 1)
        if near[middles].any():
            found["lsd_holes"] = round(float(distances[:, near[middles]].mean()), 5)
    return found


def _widened(marked: np.ndarray, by: int) -> np.ndarray:
    """Bool [N]: what is marked, and so many samples before and behind."""
    before = np.concatenate([[0], np.cumsum(marked)])
    first = np.maximum(np.arange(marked.size) - by, 0)
    end = np.minimum(np.arange(marked.size) + by + 1, marked.size)
    return np.asarray(before[end] > before[first])
