"""What is held out: a few kept coefficients that look like what was dropped, and the same ones each time."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.inpainting.deep_prior.holdout import SHARE, hold_out

from .conftest import Make


def runs(present: np.ndarray) -> list[int]:
    """Lengths of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(int), [0]])))
    return [int(length) for length in edges[1::2] - edges[::2]]


def test_single_coefficients_are_held_out_of_a_random_mask(masked: Make) -> None:
    _, problem = masked()
    split = hold_out(problem)
    assert split is not None
    held = split.learning | split.validation
    assert not (split.learning & split.validation).any()
    assert not (held & ~problem.kept).any()
    assert held.sum() == pytest.approx(SHARE * problem.kept.sum(), rel=0.01)
    assert split.validation.sum() == pytest.approx(held.sum() / 3, abs=1)
    assert np.array_equal(split.known.kept, problem.kept & ~held)
    assert not split.known.centre[held].any()
    assert np.isinf(split.known.bound[held]).all()


def test_whole_frames_are_held_out_beside_whole_missing_frames(masked: Make) -> None:
    gaps = (20, 21, 22, 45, 46, 47, 48, 70, 71, 72)
    _, problem = masked(frames=gaps)
    split = hold_out(problem)
    assert split is not None
    lengths = []
    for cells in (split.learning, split.validation):
        frames = cells[0].any(axis=0)
        assert np.array_equal(cells[0], np.broadcast_to(frames, cells[0].shape))
        assert not frames[list(gaps)].any()
        lengths += runs(frames)
    assert sorted(lengths) == [3, 3, 4]
    assert runs(split.validation[0].any(axis=0)) == [3]  # the first of three


def test_the_same_ones_each_time(masked: Make) -> None:
    one, two = hold_out(masked()[1]), hold_out(masked()[1])
    assert one is not None
    assert two is not None
    assert np.array_equal(one.validation, two.validation)


@pytest.mark.parametrize("samples", [0, 1, 33])
def test_too_little_to_learn_and_judge_by(masked: Make, samples: int) -> None:
    assert hold_out(masked(samples=samples, drop=0.99)[1]) is None


def test_one_gap_is_too_little(masked: Make) -> None:
    assert hold_out(masked(frames=(40, 41, 42))[1]) is None
