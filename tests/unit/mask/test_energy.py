"""The energy mask against sorting each column with ties by bin."""

import numpy as np
import pytest

from dpcodec.mask.energy import energy_mask


def slow_mask(X: np.ndarray, drop_q32: int) -> np.ndarray:
    channels, bins, frames = X.shape
    count = (drop_q32 * bins + 2**31) >> 32
    kept = np.ones(X.shape, bool)
    for c in range(channels):
        for frame in range(frames):
            column = X[c, :, frame]
            order = sorted(range(bins), key=lambda k: (column[k].real ** 2 + column[k].imag ** 2, k))
            kept[c, order[:count], frame] = False
            if not column.any():
                kept[c, :, frame] = False
    return kept


@pytest.mark.parametrize("drop", [0, 0.1, 0.5, 0.9, 1 - 2**-32])
@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_agrees_with_sorting(drop: float, levels: int) -> None:
    rng = np.random.default_rng(levels)
    X = rng.integers(-levels, levels, (2, 33, 7)) + 1j * rng.integers(-levels, levels, (2, 33, 7))
    X[1, :, 3] = 0
    drop_q32 = int(drop * 2**32)
    assert np.array_equal(energy_mask(X, drop_q32), slow_mask(X, drop_q32))


def test_silence_keeps_nothing_even_at_drop_0() -> None:
    assert not energy_mask(np.zeros((2, 33, 4), complex), 0).any()


def test_tiny_and_huge_values_are_told_apart() -> None:
    X = np.zeros((1, 4, 1), np.complex64)
    X[0, :, 0] = [1e-40, 3e38, 1e-38, 2e38]
    assert energy_mask(X, 2**31)[0, :, 0].tolist() == [False, True, False, True]


def test_equal_energies_go_from_the_lower_bin() -> None:
    X = np.ones((1, 6, 1), complex)
    assert energy_mask(X, 2**31)[0, :, 0].tolist() == [False] * 3 + [True] * 3


def test_no_frames() -> None:
    assert energy_mask(np.zeros((1, 33, 0), complex), 2**31).shape == (1, 33, 0)
