"""The gammatone bank against the formulas of Glasberg and Moore, and against Hohmann's recursion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from dpcodec.metrics.pemoq.gammatone import band_signals, centre_frequencies, erb, pole

RATE = 48000


def bands_of(x: np.ndarray) -> np.ndarray:
    """[N] -> [33, N]"""
    return np.stack([band[0] for band in band_signals(x[np.newaxis], RATE)])


def test_bandwidths_are_those_of_glasberg_and_moore() -> None:
    f = np.array([100.0, 500.0, 1000.0, 4000.0, 10000.0])
    assert erb(f) == pytest.approx(24.7 * (4.37 * f / 1000 + 1), rel=1e-12)


def test_centres_are_one_erb_apart_through_1_khz_from_235_to_14500_hz() -> None:
    f = centre_frequencies()
    assert f.size == 33
    assert np.min(np.abs(f - 1000)) < 1e-9
    # Glasberg and Moore print the scale with its factor rounded to 21.4, 0.4 % above the integral.
    assert np.diff(21.4 * np.log10(4.37 * f / 1000 + 1)) == pytest.approx(1, abs=0.005)
    assert 235 <= f[0] < 235 + erb(235.0)
    assert 14500 - erb(14500.0) < f[-1] <= 14500


def test_bands_are_those_of_the_recursion() -> None:
    x = np.random.default_rng(0).standard_normal(9600)
    for band, centre in zip(bands_of(x), centre_frequencies(), strict=True):
        p = pole(float(centre), RATE)
        y = 2 * (1 - abs(p)) ** 4 * x
        for _ in range(4):
            y = signal.lfilter([1], [1, -p], y)
        assert band == pytest.approx(y.real, abs=1e-9)


def test_a_tone_at_a_centre_keeps_its_amplitude() -> None:
    t = np.arange(RATE // 2) / RATE
    for k in (0, 9, 20, 32):
        tone = 0.5 * np.sin(2 * np.pi * centre_frequencies()[k] * t)
        settled = bands_of(tone)[:, RATE // 4 :]
        assert np.sqrt(2 * np.mean(settled[k] ** 2)) == pytest.approx(0.5, rel=2e-3)
        assert np.argmax(np.mean(settled**2, axis=1)) == k


def test_the_noise_bandwidth_is_one_erb() -> None:
    impulse = np.zeros(RATE)
    impulse[0] = 1
    power = np.abs(np.fft.rfft(bands_of(impulse))) ** 2
    bandwidths = power.sum(axis=1) / power.max(axis=1)  # bins of 1 Hz
    assert bandwidths == pytest.approx(erb(centre_frequencies()), rel=0.01)


def test_signals_do_not_touch_each_other() -> None:
    x = np.random.default_rng(1).standard_normal((2, 1000))
    for both, first in zip(band_signals(x, RATE), band_signals(x[:1], RATE), strict=True):
        assert both[0] == pytest.approx(first[0], abs=1e-12)
