"""Pairs rotated where that is cheaper, and no channel gets more noise for it."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.side_information import ANGLES
from dpcodec.hearing.stereo import rotate_back, rotate_pairs, rotated
from dpcodec.transform.bands import band_edges, band_of_rows

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
    X, threshold, angles = rotate_pairs(np.stack([SOURCE, right * SOURCE]), flat(2), 1.0, RATE)
    assert (angles == angle).all()
    assert np.abs(X[1]).max() < 1e-9
    assert np.sum(X[0] ** 2) == pytest.approx((1 + right**2) * np.sum(SOURCE**2))
    # Nothing comes from the second, so that all of each channel's noise may come from the first.
    share = np.array([np.cos(np.pi * angle / ANGLES) ** 2, np.sin(np.pi * angle / ANGLES) ** 2])
    np.testing.assert_allclose(np.exp2(threshold[0]) * share.max(), 1.0)


def test_sources_of_their_own_stay_apart() -> None:
    stays = np.stack([SOURCE, 0.01 * OTHER])
    X, threshold, angles = rotate_pairs(stays, flat(2), 1.0, RATE)
    assert (angles == 0).mean() > 0.9
    np.testing.assert_array_equal(threshold[:, angles[0] == 0], 0)
    np.testing.assert_array_equal(X[:, angles[0][BANDS] == 0], stays[:, angles[0][BANDS] == 0])


def test_a_third_channel_and_the_input_are_left_alone() -> None:
    given = np.stack([SOURCE, SOURCE, OTHER])
    before = given.copy()
    X, _, angles = rotate_pairs(given, flat(3), 1.0, RATE)
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(X[2], OTHER)
    assert angles.shape == (1, COUNT)


@pytest.mark.parametrize("mixture", [0.0, 0.05, 0.3, 0.9])
def test_neither_channel_gets_more_noise_than_it_may(mixture: float) -> None:
    """Quantise with the steps that come out, rotate back, and measure: step^2 / 12 of each channel's own step
    is the most, but for what chance adds."""
    left, right = SOURCE + mixture * OTHER, 0.7 * SOURCE - mixture * OTHER
    allowed = np.stack([np.full((COUNT, FRAMES), 2.0), np.full((COUNT, FRAMES), -1.0)])
    X, threshold, angles = rotate_pairs(np.stack([left, right]), allowed, 1.0, RATE)
    steps = np.exp2(threshold / 2)[:, BANDS]
    coded = rotated(np.round(X / steps) * steps, angles[0][BANDS, None], back=True)
    for c, given in enumerate((left, right)):
        noise = np.mean((coded[c] - given) ** 2)
        assert noise < 1.1 * 2.0 ** allowed[c, 0, 0] / 12


def test_a_rotation_and_back() -> None:
    X = RNG.normal(size=(2, 30, 7))
    angles = RNG.integers(0, ANGLES, (30, 1))
    there = rotated(X, angles)
    np.testing.assert_allclose(np.sum(there**2, axis=0), np.sum(X**2, axis=0))
    np.testing.assert_allclose(rotated(there, angles, back=True), X, atol=1e-12)
    np.testing.assert_array_equal(rotated(X, np.zeros((30, 1), int)), X)
    middle, side = rotated(np.stack([X[0], X[0]]), np.full((30, 1), ANGLES // 4))
    np.testing.assert_allclose(middle, X[0] * 2**0.5)
    assert np.abs(side).max() < 1e-12


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("steady", [True, False])
def test_all_pairs_of_all_frames_come_back(channels: int, steady: bool) -> None:
    """Angles by band and frame, as segments joined have them; a channel without a pair is left alone."""
    X = RNG.normal(size=(channels, ROWS, FRAMES))
    angles = RNG.integers(0, ANGLES, (channels // 2, COUNT, FRAMES))
    if steady:
        angles[:] = angles[:, :, :1]
    there = X.copy()
    for pair in range(channels // 2):
        both = slice(2 * pair, 2 * pair + 2)
        there[both] = rotated(X[both], angles[pair][BANDS])
    np.testing.assert_allclose(rotate_back(there, angles, BANDS), X, atol=1e-12)
