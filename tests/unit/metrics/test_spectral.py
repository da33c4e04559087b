"""Log-spectral distance and segmental SNR against loops over frames that follow the definitions (1e-9 dB)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from dpcodec.errors import AudioError
from dpcodec.metrics.spectral import log_spectral_distance, segmental_snr


def slow_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Frames centred on multiples of 512, as many as put every sample between two centres."""
    window = np.hanning(2049)[:-1]
    count = -(-x.shape[1] // 512) + 1

    def powers(z: np.ndarray) -> np.ndarray:
        padded = np.pad(z, ((0, 0), (1024, 2048)))
        frames = [padded[:, n : n + 2048] * window for n in range(0, 512 * count, 512)]
        return np.abs(np.fft.rfft(frames, axis=-1)) ** 2

    p, q = powers(x), powers(y)
    floor = 1e-8 * p.max()
    d = 10 * np.log10(np.maximum(p, floor)) - 10 * np.log10(np.maximum(q, floor))
    return float(np.mean(np.sqrt(np.mean(d**2, axis=-1))))


def slow_segmental(x: np.ndarray, y: np.ndarray, length: int) -> float:
    frames = [
        (x[c, n : n + length], y[c, n : n + length])
        for c in range(x.shape[0])
        for n in range(0, x.shape[1], length)
    ]
    loudest = max(np.sum(r**2) for r, _ in frames)
    levels = []
    for r, e in frames:
        if np.sum(r**2) > 1e-6 * loudest:
            noise = np.sum((r - e) ** 2)
            levels.append(35 if noise == 0 else min(max(10 * math.log10(np.sum(r**2) / noise), -10), 35))
    return float(np.mean(levels))


def music(samples: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Decaying partials that start a third in, and a lowpassed copy with noise."""
    rng = np.random.default_rng(6)
    n = np.arange(samples)
    x = np.zeros((channels, samples))
    for c in range(channels):
        x[c] = np.sin(0.05 * (c + 1) * n) * np.exp(-3 * n / samples) * (n > samples // 3)
    y = 0.5 * x + 0.5 * np.roll(x, 1, axis=-1) + 0.01 * rng.standard_normal(x.shape)
    y[:, :40] = x[:, :40]
    return x, y


@pytest.mark.parametrize("samples", [1, 400, 512, 2049, 30000])
@pytest.mark.parametrize("channels", [1, 3])
def test_distance_by_definition(samples: int, channels: int) -> None:
    x, y = music(samples, channels)
    x = x + 1e-4 * np.random.default_rng(0).standard_normal(x.shape)
    assert log_spectral_distance(x, y) == pytest.approx(slow_distance(x, y), abs=1e-9)


def test_long_signals_go_block_by_block() -> None:
    x, y = music(600 * 512 + 5, 1)
    assert log_spectral_distance(x, y) == pytest.approx(slow_distance(x, y), abs=1e-9)


@pytest.mark.parametrize("gain_db", [-30.0, -1.0, 12.0])
def test_a_gain_is_its_level(gain_db: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, 20000))
    assert log_spectral_distance(x, x * 10 ** (gain_db / 20)) == pytest.approx(abs(gain_db), abs=1e-3)


def test_distance_of_special_signals() -> None:
    x, y = music(9000, 2)
    zeros = np.zeros_like(x)
    assert log_spectral_distance(x, x) == log_spectral_distance(x, -x) == 0
    assert log_spectral_distance(zeros, zeros) == 0
    assert log_spectral_distance(zeros, x) == math.inf
    assert 0 < log_spectral_distance(x, zeros) <= 80
    assert log_spectral_distance(1e-3 * x, 1e-3 * y) == pytest.approx(log_spectral_distance(x, y), abs=1e-9)


@pytest.mark.parametrize("rate", [40, 8000, 11025, 48000])
@pytest.mark.parametrize("samples", [1, 500, 30000])
def test_segmental_by_definition(rate: int, samples: int) -> None:
    x, y = music(samples, 2)
    x[:, -1] += 0.1
    expected = slow_segmental(x, y, max(round(0.02 * rate), 1))
    assert segmental_snr(x, y, rate) == pytest.approx(expected, abs=1e-9)


def test_segmental_of_special_signals() -> None:
    x, y = music(9000, 1)
    zeros = np.zeros_like(x)
    assert segmental_snr(x, x, 8000) == segmental_snr(zeros, zeros, 8000) == 35
    assert segmental_snr(zeros, x, 8000) == -10
    assert segmental_snr(x, zeros, 8000) == 0
    assert segmental_snr(x, -x, 8000) == pytest.approx(-6.0206, abs=1e-4)
    assert segmental_snr(x, 9 * x, 8000) == -10
    assert segmental_snr(1e-3 * x, 1e-3 * y, 8000) == pytest.approx(segmental_snr(x, y, 8000), abs=1e-9)


def test_noise_in_pauses_does_not_count() -> None:
    x, y = music(9000, 1)
    louder = y + 0.1 * (np.arange(9000) < 2700) * np.random.default_rng(0).standard_normal(9000)
    assert segmental_snr(x, louder, 8000) == segmental_snr(x, y, 8000)


@pytest.mark.parametrize("metric", [log_spectral_distance, lambda x, y: segmental_snr(x, y, 8000)])
def test_what_cannot_be_compared_is_refused(metric: Callable[[np.ndarray, np.ndarray], float]) -> None:
    with pytest.raises(AudioError, match="differ"):
        metric(np.ones(3), np.ones(4))
    with pytest.raises(AudioError, match="no samples"):
        metric(np.ones(0), np.ones(0))
    with pytest.raises(AudioError, match="nan"):
        metric(np.ones(2), np.array([1.0, np.nan]))
