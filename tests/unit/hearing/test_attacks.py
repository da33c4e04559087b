"""Finer steps where noise would spread before an attack: nowhere else, and less so in short blocks."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.hearing.attacks import FINEST_DB, TOLERANCE_DB, allowances

HOP, FRAMES, SPLITS = 1024, 12, 4
LOG2_DB = 10 * np.log10(2)


def stretch(attack: int | None = None, before: float = 0.0) -> np.ndarray:
    """Noise under FRAMES frames; up to sample `attack` it is `before` times as loud."""
    x = np.random.default_rng(3).normal(0, 0.1, (1, HOP * (FRAMES + 1)))
    if attack is not None:
        x[:, :attack] *= before
    return x


@pytest.mark.parametrize("hop", [32, 33, 50, 360, 1000, 32768])
def test_any_hop_is_taken(hop: int) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (2, hop * 4))
    found = allowances(x, hop, 3, 7, 0.5)
    assert found.shape == (2, 8, 3)
    assert (found <= 0).all()


def test_steady_sound_asks_for_nothing() -> None:
    assert np.abs(allowances(stretch(), HOP, FRAMES, SPLITS, 0.0)).max() * LOG2_DB < 1.0
    assert not allowances(np.zeros((2, HOP)), HOP, FRAMES, SPLITS, 0.0).any()


def test_an_attack_asks_for_finer_steps_in_its_frame_alone() -> None:
    centre = 6 * HOP + HOP  # of frame 6's own samples
    found = allowances(stretch(centre, 0.001), HOP, FRAMES, SPLITS, 0.0)[0] * LOG2_DB
    assert found[0, 6] == pytest.approx(-FINEST_DB)
    assert (found <= 0).all()
    assert np.abs(found[:, :5]).max() == 0.0
    assert np.abs(found[:, 8:]).max() < 1.0
    assert (np.diff(found[:, 6]) >= 0).all()  # shorter blocks spread less


def test_an_end_of_sound_asks_for_less_than_a_beginning() -> None:
    """Masking lasts after a sound, so a decay over 40 ms is followed."""
    x = stretch()
    end = 6 * HOP + HOP
    x[:, end:] *= 10 ** (-np.arange(x.shape[1] - end) / 1764 * 40 / 20)
    found = allowances(x, HOP, FRAMES, SPLITS, 0.0)[0] * LOG2_DB
    assert found[0, 6] > -FINEST_DB + TOLERANCE_DB[0]


def test_with_fine_steps_less_is_taken_to_be_masked() -> None:
    x = stretch()
    end = 6 * HOP + HOP
    x[:, end:] *= 10 ** (-np.arange(x.shape[1] - end) / 1764 * 40 / 20)
    coarse, fine = (allowances(x, HOP, FRAMES, SPLITS, share)[0] for share in (0.0, 1.0))
    assert (fine <= coarse).all()
    assert fine[0, 6] < coarse[0, 6]
