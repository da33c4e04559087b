"""Noise in place of what became zero: measured by band, of its level, everywhere the same, nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.block_noise import block_gains
from dpcodec.coding.side_information import NOISE_FRAMES, NOISE_LEVELS, NOISE_UNIT, noise_groups
from dpcodec.hearing.noise import FILL, FILL_ALONE, filled, noise_levels


def channels_filled(values: np.ndarray, noise: np.ndarray, segment: int) -> np.ndarray:
    """All channels of a segment of as many frames as there are, [C, K, L]."""
    frames = values.shape[2]
    both = enumerate(zip(values, noise, strict=True))
    return np.stack([filled(v, n, c, segment * frames, frames) for c, (v, n) in both])


def test_noise_has_its_level_and_no_pattern() -> None:
    noise = np.zeros((2, 64, 500), np.float32)
    noise[0, :40], noise[1, 10:20] = 0.5, 2.0
    values = np.zeros_like(noise)
    values[0, 50] = 7
    found = channels_filled(values, noise, 3)
    assert np.isclose(np.sqrt(np.mean(found[0, :40] ** 2)), 0.5, rtol=0.02)
    assert np.isclose(np.sqrt(np.mean(found[1, 10:20] ** 2)), 2.0, rtol=0.04)
    assert np.abs(found[0, :40]).max() <= 0.5 * 3**0.5 * (1 + 1e-6)
    np.testing.assert_array_equal(found[0, 40:], values[0, 40:])
    np.testing.assert_array_equal(found[1, 20:], 0)
    rows = found[0, :40]
    for shifted in (rows[:, 1:] * rows[:, :-1], rows[1:] * rows[:-1], rows[:, 4:] * rows[:, :-4]):
        assert abs(shifted.mean()) < 0.01
    np.testing.assert_array_equal(values[0, :40], 0)  # the input is as it was


def test_the_loudest_noise_stays_finite() -> None:
    noise = np.full((4, 40), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(filled(np.zeros_like(noise), noise, 0, 0, 40)).all()


def test_a_cells_noise_depends_on_its_place_alone() -> None:
    noise = np.ones((2, 16, 30), np.float32)
    zeros = np.zeros_like(noise)
    whole = channels_filled(zeros, noise, 7)
    for c in range(2):
        shorter = filled(zeros[c, :, :11], noise[c, :, :11], c, 210, 30)
        np.testing.assert_array_equal(shorter, whole[c, :, :11])
    np.testing.assert_array_equal(filled(zeros[0, :9], noise[0, :9], 0, 210, 30), whole[0, :9])
    assert not np.array_equal(channels_filled(zeros, noise, 8), whole)
    assert not np.array_equal(whole[0], whole[1])


def test_a_run_of_frames_may_begin_and_end_in_any_segment() -> None:
    """Segments of 13 frames; a run over some of them is what its frames have one by one."""
    noise = np.random.default_rng(3).random((6, 60)).astype(np.float32)
    zeros = np.zeros_like(noise)
    whole = filled(zeros, noise, 1, 0, 13)
    for first, last in ((0, 13), (5, 50), (13, 14), (38, 60), (7, 12)):
        here = slice(first, last)
        np.testing.assert_array_equal(
            filled(zeros[:, here], noise[:, here], 1, first, 13), whole[:, here], f"{first} .. {last}"
        )


@pytest.mark.parametrize("even", [False, True])
def test_levels_are_those_of_what_became_zero(even: bool) -> None:
    """By band and group of frames: the mean magnitude of the zeroed cells as normal noise's deviation, from
    the share FILL of it to FILL_ALONE as the coded share of the energy falls, in units of NOISE_UNIT."""
    rng = np.random.default_rng(8)
    frames, edges = 2 * NOISE_FRAMES + 3, np.array([0, 4, 9])
    groups, each = noise_groups(frames, even)
    assert (groups, each) == (3, 12 if even else NOISE_FRAMES)
    scaled = rng.uniform(-0.6, 0.6, (20, frames))
    q = (rng.random(scaled.shape) < 0.3).astype(np.int32)
    scaled[4:9, :each] = 100.0  # louder than the loudest level, all of it zero
    q[4:9, :each] = 0
    q[9:, each : 2 * each] = 1  # nothing became zero
    bands = np.repeat([0, 1, 2], np.diff([*edges, 20]))
    found = noise_levels(scaled, q, bands, np.zeros(frames, np.int64), even)
    assert found.shape == (3, 3)
    for band, (low, high) in enumerate(((0, 4), (4, 9), (9, 20))):
        for group in range(3):
            at = slice(group * each, (group + 1) * each)
            values, zero = scaled[low:high, at], q[low:high, at] == 0
            deviation = np.abs(values[zero]).mean() * np.sqrt(np.pi / 2) if zero.any() else 0.0
            coded = np.sum(values[~zero] ** 2) / np.sum(values**2)
            filling = coded * FILL + (1 - coded) * FILL_ALONE
            assert found[band, group] == min(round(filling * deviation / NOISE_UNIT), NOISE_LEVELS - 1)
    assert found[1, 0] == NOISE_LEVELS - 1
    assert found[2, 1] == 0


def test_noise_is_made_up_for_and_what_is_not_noise_is_less() -> None:
    """Normal noise alone keeps nearly its level; a single loud frame, or row, of the same energy does not."""
    zeros = np.zeros((64, NOISE_FRAMES), np.int32)
    of_one_band = zeros, np.zeros(64, np.int64), np.zeros(NOISE_FRAMES, np.int64)
    noise = np.random.default_rng(2).normal(0, 0.4, zeros.shape)
    attack, tone = np.zeros((2, *zeros.shape))
    attack[:, 7], tone[9] = 0.4 * NOISE_FRAMES**0.5, 0.4 * 64**0.5
    level = noise_levels(noise, *of_one_band)[0, 0]
    assert level * NOISE_UNIT == pytest.approx(FILL_ALONE * 0.4, abs=NOISE_UNIT)
    assert noise_levels(attack, *of_one_band)[0, 0] < level / 2
    assert noise_levels(tone, *of_one_band)[0, 0] < level / 2


def test_noise_that_blocks_share_out_has_the_same_energy() -> None:
    """An attack in the middle of frames of 8 blocks: by the gains that the decoder gives the blocks, noise of
    the level told is as loud on average as what became zero."""
    rng, split = np.random.default_rng(4), 3
    rows = np.arange(256)
    after = (rows % 8 >= 4)[:, None]
    scaled = rng.uniform(-0.5, 0.5, (256, NOISE_FRAMES)) * np.where(after, 1.0, 0.1)
    q = np.where(after & (rng.random(scaled.shape) < 0.2), 2, 0).astype(np.int32)
    bands, splits = np.full(256, 30), np.full(NOISE_FRAMES, split)
    level = noise_levels(scaled, q, bands, splits)[-1, 0] * NOISE_UNIT
    gains = block_gains(q, rows, bands, split)
    zero = q == 0
    made, wanted = (level * gains)[zero].mean(), np.abs(scaled[zero]).mean() * np.sqrt(np.pi / 2)
    assert FILL * wanted <= made + NOISE_UNIT
    assert made - NOISE_UNIT <= FILL_ALONE * wanted
    assert gains[rows % 8 < 4].max() < 0.5 < gains[rows % 8 >= 4].min()
