"""Noise in place of what became zero: of its level, everywhere the same, nowhere else."""

from __future__ import annotations

import numpy as np

from dpcodec.codec.noise import fill


def test_noise_has_its_level_and_no_pattern() -> None:
    noise = np.zeros((2, 64, 500), np.float32)
    noise[0, :40], noise[1, 10:20] = 0.5, 2.0
    values = np.zeros_like(noise)
    values[0, 50] = 7
    filled = fill(values, noise, 3)
    assert np.isclose(np.sqrt(np.mean(filled[0, :40] ** 2)), 0.5, rtol=0.02)
    assert np.isclose(np.sqrt(np.mean(filled[1, 10:20] ** 2)), 2.0, rtol=0.04)
    assert np.abs(filled[0, :40]).max() <= 0.5 * 3**0.5 * (1 + 1e-6)
    np.testing.assert_array_equal(filled[0, 40:], values[0, 40:])
    np.testing.assert_array_equal(filled[1, 20:], 0)
    rows = filled[0, :40]
    for shifted in (rows[:, 1:] * rows[:, :-1], rows[1:] * rows[:-1], rows[:, 4:] * rows[:, :-4]):
        assert abs(shifted.mean()) < 0.01
    np.testing.assert_array_equal(values[0, :40], 0)  # the input is as it was


def test_the_loudest_noise_stays_finite() -> None:
    noise = np.full((1, 4, 40), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(fill(np.zeros_like(noise), noise, 0)).all()


def test_a_cells_noise_depends_on_its_place_alone() -> None:
    noise = np.ones((2, 16, 30), np.float32)
    whole = fill(np.zeros_like(noise), noise, 7)
    np.testing.assert_array_equal(
        fill(np.zeros((2, 16, 11), np.float32), noise[:, :, :11], 7), whole[:, :, :11]
    )
    np.testing.assert_array_equal(fill(np.zeros((1, 9, 30), np.float32), noise[:1, :9], 7), whole[:1, :9])
    assert not np.array_equal(fill(np.zeros_like(noise), noise, 8), whole)
    assert not np.array_equal(whole[0], whole[1])
