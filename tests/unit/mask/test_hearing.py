"""What hearing lets pass: relative to the signal, falling away from a masker, never below the quiet."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.bands import band_edges
from dpcodec.mask.hearing import FOLLOW, HOLD, LARGEST_WEIGHT, SLOPE_DB, held_weights, shape_of

RATE, ROWS = 44100, 1024
EDGES = band_edges(ROWS, RATE)


def bark(hz: np.ndarray) -> np.ndarray:
    """Zwicker and Terhardt's formula, 1980."""
    return 13 * np.arctan(0.76e-3 * hz) + 3.5 * np.arctan(np.square(hz / 7500))


def masker(row: int, energy: float = 1e3) -> np.ndarray:
    power = np.zeros((1, ROWS, 1))
    power[0, row] = energy
    return power


def test_masking_falls_from_the_masker_as_its_slope_says() -> None:
    shape, _ = shape_of(masker(100), RATE)
    energy_db = 10 * np.log10(2.0) / FOLLOW * shape[0, :, 0] + 10 * np.log10(np.diff(EDGES))
    centres = bark((EDGES[:-1] + EDGES[1:]) / 2 * RATE / 2 / ROWS)
    loudest = int(np.argmax(energy_db))
    assert EDGES[loudest] <= 100 < EDGES[loudest + 1]
    for b in (loudest - 2, loudest - 1, loudest + 1, loudest + 2):
        fallen = energy_db[loudest] - energy_db[b]
        assert fallen == pytest.approx(SLOPE_DB * abs(centres[b] - centres[loudest]), abs=0.05)


def test_two_equal_maskers_add_more_than_power() -> None:
    one, level = shape_of(masker(100, 1.0), RATE)
    both, louder = shape_of(masker(100, 1.0) + masker(101, 1.0), RATE)  # one band: its energy doubles
    assert louder**2 / level**2 == pytest.approx(2)
    apart, level_apart = shape_of(masker(100, 1.0) + masker(108, 1.0), RATE)
    b = int(np.searchsorted(EDGES, 100, "right")) - 1
    alone = 2 ** (one[0, b, 0] / FOLLOW) * level**2
    assert 2 ** (apart[0, b, 0] / FOLLOW) * level_apart**2 > alone
    assert both.shape == one.shape == (1, len(EDGES) - 1, 1)


def test_a_louder_signal_has_the_same_shape() -> None:
    power = np.random.default_rng(1).exponential(1.0, (2, ROWS, 9))
    quiet, level = shape_of(power, RATE)
    loud, more = shape_of(power * 100, RATE)
    assert np.abs(quiet - loud).max() < 0.2  # the threshold in quiet hardly matters here
    assert more / level == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_silence_and_faint_sounds_stay_finite(rate: int) -> None:
    for power in (np.zeros((1, ROWS, 3)), np.full((1, ROWS, 3), 1e-30), np.full((1, ROWS, 3), 1e30)):
        shape, level = shape_of(power, rate)
        assert np.isfinite(shape).all()
        assert 0 < level < np.inf


def test_weights_hold_until_the_shape_has_moved() -> None:
    shape = np.array([[[0.0, 0.9, -0.9, 1.2, 0.4, 2.6, 2.6]]])
    weights, lowest = held_weights(shape)
    assert (weights + lowest[:, None, None])[0, 0].tolist() == [0, 0, 0, 1, 1, 3, 3]
    assert lowest.tolist() == [0]


def test_weights_follow_within_their_range() -> None:
    shape = np.random.default_rng(2).normal(0, 5, (3, 20, 50))
    weights, lowest = held_weights(shape)
    assert weights.min() == 0
    assert np.abs(weights + lowest[:, None, None] - shape).max() <= HOLD
    wide = np.stack([np.full((20, 50), -200.0), np.full((20, 50), 100.0)]).reshape(1, 40, 50)
    weights, lowest = held_weights(wide)
    assert weights.max() == LARGEST_WEIGHT
    assert (weights[0, :20] + lowest[0] == -200).all()  # what asks for the finest step gets it
