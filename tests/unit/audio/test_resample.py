"""The block resampler against one-shot soxr, sines by formula, and the exact length it promises."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
import soxr

from dpcodec.audio.resample import Resampler, downmix, resampled_length
from dpcodec.errors import AudioError

RATES = [(44100, 16000), (16000, 44100), (48000, 44100), (11025, 8000), (8000, 192000), (44100, 44101)]


def stream(x: np.ndarray, rate_in: int, rate_out: int, cuts: list[int]) -> np.ndarray:
    resampler = Resampler(rate_in, rate_out, x.shape[0])
    parts = [resampler.process(block) for block in np.split(x, cuts, axis=1)]
    parts.append(resampler.process(x[:, :0], last=True))
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("rate_in, rate_out", [*RATES, (1048575, 8000), (1000, 1), (1, 1000)])
@pytest.mark.parametrize("samples", [0, 1, 2, 100, 5003])
def test_the_length_is_exact(rate_in: int, rate_out: int, samples: int) -> None:
    x = np.ones((2, samples), np.float32)
    y = stream(x, rate_in, rate_out, [samples // 3, samples // 2])
    assert y.shape == (2, ceil(Fraction(samples) * rate_out / rate_in))
    assert y.shape[1] == resampled_length(samples, rate_in, rate_out)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()


@pytest.mark.parametrize("rate_in, rate_out", RATES)
def test_blocks_give_what_one_call_of_soxr_gives(rate_in: int, rate_out: int) -> None:
    x = np.random.default_rng(2).standard_normal((3, 6000)).astype(np.float32)
    whole = soxr.resample(x.T, rate_in, rate_out, "VHQ").T
    for cuts in ([], [1, 2, 3, 4000], list(range(97, 6000, 97))):
        y = stream(x, rate_in, rate_out, cuts)
        common = min(y.shape[1], whole.shape[1])
        assert abs(y.shape[1] - whole.shape[1]) <= 1
        np.testing.assert_allclose(y[:, :common], whole[:, :common], atol=1e-6)


def test_a_sine_keeps_its_time_and_level() -> None:
    """Output sample m is the signal at m / rate_out: no delay, no gain."""
    n, m = np.arange(44100), np.arange(16000)
    x = np.sin(2 * np.pi * 997 * n / 44100).astype(np.float32)[None]
    y = stream(x, 44100, 16000, [10000, 20000])
    error = (y[0] - np.sin(2 * np.pi * 997 * m / 16000))[2000:-2000]
    assert 20 * np.log10(np.abs(error).max()) < -110


def test_what_the_new_rate_cannot_hold_is_gone() -> None:
    x = np.sin(2 * np.pi * 9000 * np.arange(44100) / 44100).astype(np.float32)[None]
    y = stream(x, 44100, 16000, [])[:, 2000:-2000]
    assert 20 * np.log10(np.abs(y).max()) < -110


def test_equal_rates_change_nothing() -> None:
    x = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    np.testing.assert_array_equal(stream(x, 44100, 44100, [3, 500]), x)


def test_rates_too_far_apart_are_refused() -> None:
    with pytest.raises(AudioError, match="two steps"):
        Resampler(1, 1048575, 1)


def test_downmix_is_the_mean() -> None:
    x = np.array([[1.0, 0.0], [0.5, 1.0], [0.0, -1.0]], np.float32)
    np.testing.assert_array_equal(downmix(x), np.array([[0.5, 0.0]], np.float32))
    assert downmix(x).dtype == np.float32
    np.testing.assert_array_equal(downmix(x[:1]), x[:1])
