"""Pairs turned where that is cheaper, and no channel gets more noise for it."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.bands import band_edges, band_of_rows
from dpcodec.codec.stereo import turn_pairs
from dpcodec.coding.shape import ANGLES, turned

RATE, ROWS, FRAMES = 44100, 256, 12
BANDS = band_of_rows(ROWS, RATE)
COUNT = len(band_edges(ROWS, RATE)) - 1
RNG = np.random.default_rng(5)
SOURCE = RNG.normal(0, 100, (ROWS, FRAMES))
OTHER = RNG.normal(0, 100, (ROWS, FRAMES))


def flat(channels: int) -> np.ndarray:
    return np.zeros((channels, COUNT, FRAMES))


@pytest.mark.parametrize(
    ("right", "angle"), [(1.0, ANGLES // 4), (-1.0, 3 * ANGLES // 4), (np.tan(np.pi * 5 / ANGLES), 5)]
)
def test_one_source_ends_in_one_channel(right: float, angle: int) -> None:
    X, shape, angles = turn_pairs(np.stack([SOURCE, right * SOURCE]), flat(2), 1.0, RATE)
    assert (angles == angle).all()
    assert np.abs(X[1]).max() < 1e-9
    assert np.sum(X[0] ** 2) == pytest.approx((1 + right**2) * np.sum(SOURCE**2))
    # Nothing comes from the second, so that all of each channel's noise may come from the first.
    share = np.array([np.cos(np.pi * angle / ANGLES) ** 2, np.sin(np.pi * angle / ANGLES) ** 2])
    np.testing.assert_allclose(np.exp2(shape[0]) * share.max(), 1.0)


def test_sources_of_their_own_stay_apart() -> None:
    stays = np.stack([SOURCE, 0.01 * OTHER])
    X, shape, angles = turn_pairs(stays, flat(2), 1.0, RATE)
    assert (angles == 0).mean() > 0.9
    np.testing.assert_array_equal(shape[:, angles[0] == 0], 0)
    np.testing.assert_array_equal(X[:, angles[0][BANDS] == 0], stays[:, angles[0][BANDS] == 0])


def test_a_third_channel_and_the_input_are_left_alone() -> None:
    given = np.stack([SOURCE, SOURCE, OTHER])
    before = given.copy()
    X, _, angles = turn_pairs(given, flat(3), 1.0, RATE)
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(X[2], OTHER)
    assert angles.shape == (1, COUNT)


@pytest.mark.parametrize("mixture", [0.0, 0.05, 0.3, 0.9])
def test_neither_channel_gets_more_noise_than_it_may(mixture: float) -> None:
    """Quantise with the steps that come out, turn back, and measure: step^2 / 12 of each channel's own step
    is the most, but for what chance adds."""
    left, right = SOURCE + mixture * OTHER, 0.7 * SOURCE - mixture * OTHER
    allowed = np.stack([np.full((COUNT, FRAMES), 2.0), np.full((COUNT, FRAMES), -1.0)])
    X, shape, angles = turn_pairs(np.stack([left, right]), allowed, 1.0, RATE)
    steps = np.exp2(shape / 2)[:, BANDS]
    coded = turned(np.round(X / steps) * steps, angles[0][BANDS, None], back=True)
    for c, given in enumerate((left, right)):
        noise = np.mean((coded[c] - given) ** 2)
        assert noise < 1.1 * 2.0 ** allowed[c, 0, 0] / 12
