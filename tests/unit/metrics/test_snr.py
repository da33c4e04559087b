"""SNR against its definition in decibels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.metrics.snr import snr


@pytest.mark.parametrize("level", [-20.0, 0.0, 6.5, 90.0])
def test_known_noise_gives_known_level(level: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, 1000))
    error = np.random.default_rng(1).standard_normal(x.shape)
    error *= np.sqrt(np.sum(x**2) / np.sum(error**2)) * 10 ** (-level / 20)
    assert snr(x, x + error) == pytest.approx(level, abs=1e-9)


def test_equal_and_silent_arrays_have_a_stated_answer() -> None:
    zeros, ones = np.zeros(4), np.ones(4)
    assert snr(ones, ones) == math.inf
    assert snr(zeros, zeros) == math.inf
    assert snr(zeros, ones) == -math.inf
    assert snr(ones, -ones) == pytest.approx(-6.0206, abs=1e-4)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="differ"):
        snr(np.ones(3), np.ones(4))
