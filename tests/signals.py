"""Signals by formula and a seed, float64 [N]."""

from __future__ import annotations

import numpy as np


def partials(samples: int, seed: int = 0, count: int = 6, decay: float = 8000) -> np.ndarray:
    """Sinusoids that die away together, to 1 / e within `decay` samples, and a little noise."""
    rng, n = np.random.default_rng(seed), np.arange(samples)
    tones = [np.cos(2 * np.pi * f * n + p) for f, p in rng.random((count, 2)) * (0.4, 6.28)]
    x: np.ndarray = np.sum(tones, axis=0) * np.exp(-n / decay) + 1e-3 * rng.standard_normal(samples)
    return x


def chord(samples: int, seed: int = 0) -> np.ndarray:
    """`partials`, peak 0.5."""
    x = partials(samples, seed)
    chord: np.ndarray = 0.5 * x / np.abs(x).max(initial=1e-30)
    return chord


def notes(samples: int, seed: int = 0) -> np.ndarray:
    """Decaying partials that begin one after the other, and a little noise."""
    rng, n = np.random.default_rng(seed), np.arange(samples)
    x = np.zeros(samples)
    for f, phase, share in rng.random((8, 3)):
        start = share * samples / 2
        envelope = (n >= start) * np.exp(-np.maximum(n - start, 0) / 3000)
        x += envelope * np.cos(0.1 + 1.2 * f * n + 6.28 * phase)
    return x + 0.01 * rng.standard_normal(samples)


def bursts(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """Tones and clicks, so that blocks are switched, and silence: [C, N]."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    noise = np.random.default_rng(3).standard_normal((channels, n))
    x = 0.2 * np.sin(2 * np.pi * 440 * t) * (np.sin(2 * np.pi * 0.7 * t) > 0) + 0.1 * noise * (t % 1.7 < 0.01)
    return np.asarray(x * (t % 9 < 7))
