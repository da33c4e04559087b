"""What hearing lets pass: relative to the signal, falling away from a masker, never below the quiet."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.hearing.threshold import (
    FOLLOW,
    HOLD,
    LARGEST_SCALE_FACTOR,
    NOISE_MASKS_DB,
    SLOPE_DB,
    TILT_DB,
    between,
    hold_scale_factors,
    masking_threshold,
)
from dpcodec.transform.bands import band_edges

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
    threshold = masking_threshold(masker(50), RATE, 0.0)  # 1.1 kHz: below the tilt
    energy_db = 10 * np.log10(2.0) / FOLLOW[0] * threshold.log2_squares[0, :, 0] + 10 * np.log10(
        np.diff(EDGES)
    )
    centres = bark((EDGES[:-1] + EDGES[1:]) / 2 * RATE / 2 / ROWS)
    loudest = int(np.argmax(energy_db))
    assert EDGES[loudest] <= 50 < EDGES[loudest + 1]
    for b in (loudest - 2, loudest - 1, loudest + 1, loudest + 2):
        fallen = energy_db[loudest] - energy_db[b]
        assert fallen == pytest.approx(SLOPE_DB * abs(centres[b] - centres[loudest]), abs=0.05)


def test_two_equal_maskers_add_more_than_power() -> None:
    one = masking_threshold(masker(100, 1.0), RATE, 0.0)
    both = masking_threshold(masker(100, 1.0) + masker(101, 1.0), RATE, 0.0)  # one band: its energy doubles
    assert both.level**2 / one.level**2 == pytest.approx(2)
    apart = masking_threshold(masker(100, 1.0) + masker(108, 1.0), RATE, 0.0)
    b = int(np.searchsorted(EDGES, 100, "right")) - 1
    alone = 2 ** (one.log2_squares[0, b, 0] / FOLLOW[0]) * one.level**2
    assert 2 ** (apart.log2_squares[0, b, 0] / FOLLOW[0]) * apart.level**2 > alone
    assert both.log2_squares.shape == one.log2_squares.shape == (1, len(EDGES) - 1, 1)


@pytest.mark.parametrize("fine", [0.0, 1.0])
@pytest.mark.parametrize(("hz", "share"), [(1000, 0.0), (4583, 0.5), (15000, 1.0)])
def test_high_bands_may_have_more_noise(hz: int, share: float, fine: float) -> None:
    """A tone's own band, beside the same tone at 1 kHz: by TILT_DB and the bands' widths."""

    follow = between(FOLLOW, fine)

    def allowed_db(row: int) -> float:
        threshold = masking_threshold(masker(row), RATE, fine)
        band = int(np.searchsorted(EDGES, row, "right")) - 1
        log2_square = threshold.log2_squares[0, band, 0] + follow * np.log2(threshold.level**2)
        return float(10 * np.log10(2.0) * log2_square + follow * 10 * np.log10(np.diff(EDGES)[band]))

    more = allowed_db(2 * ROWS * hz // RATE) - allowed_db(2 * ROWS * 1000 // RATE)
    assert more == pytest.approx(between(TILT_DB, fine) * share, abs=0.3)


def test_noise_masks_more_than_a_tone_of_its_energy() -> None:
    band = slice(int(EDGES[20]), int(EDGES[21]))
    tone, noise = np.full((2, 1, ROWS, 40), 1e-9)
    tone[0, band.start + 2] = 1e3
    drawn = np.random.default_rng(6).exponential(1.0, (band.stop - band.start, 40))
    noise[0, band] = 1e3 * drawn / drawn.mean(axis=0).sum()
    noise[0, band] *= 1e3 * 40 / noise[0, band].sum()
    more_db = 20 * np.log10(
        masking_threshold(noise, RATE, 0.0).level / masking_threshold(tone, RATE, 0.0).level
    )
    assert more_db == pytest.approx(NOISE_MASKS_DB, abs=1.0)


def test_a_louder_signal_allows_the_same_relative_to_its_level() -> None:
    power = np.random.default_rng(1).exponential(1.0, (2, ROWS, 9))
    quiet = masking_threshold(power, RATE, 0.0)
    loud = masking_threshold(power * 100, RATE, 0.0)
    # the threshold in quiet hardly matters here
    assert np.abs(quiet.log2_squares - loud.log2_squares).max() < 0.2
    assert loud.level / quiet.level == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_silence_and_faint_sounds_stay_finite(rate: int) -> None:
    for power in (np.zeros((1, ROWS, 3)), np.full((1, ROWS, 3), 1e-30), np.full((1, ROWS, 3), 1e30)):
        threshold = masking_threshold(power, rate, 0.5)
        assert np.isfinite(threshold.log2_squares).all()
        assert 0 < threshold.level < np.inf


def test_scale_factors_hold_until_the_threshold_has_moved() -> None:
    log2_squares = np.array([[[0.0, 0.9, -0.9, 1.2, 0.4, 2.6, 2.6]]])
    scale_factors, lowest = hold_scale_factors(log2_squares)
    assert (scale_factors + lowest[:, None, None])[0, 0].tolist() == [0, 0, 0, 1, 1, 3, 3]
    assert lowest.tolist() == [0]


def test_scale_factors_follow_within_their_range() -> None:
    log2_squares = np.random.default_rng(2).normal(0, 5, (3, 20, 50))
    scale_factors, lowest = hold_scale_factors(log2_squares)
    assert scale_factors.min() == 0
    assert np.abs(scale_factors + lowest[:, None, None] - log2_squares).max() <= HOLD
    wide = np.stack([np.full((20, 50), -200.0), np.full((20, 50), 100.0)]).reshape(1, 40, 50)
    scale_factors, lowest = hold_scale_factors(wide)
    assert scale_factors.max() == LARGEST_SCALE_FACTOR
    assert (scale_factors[0, :20] + lowest[0] == -200).all()  # what asks for the finest step gets it
