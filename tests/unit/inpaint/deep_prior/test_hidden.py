"""What is hidden: a few, at random, like what was dropped, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.inpaint.deep_prior.hidden import FOLDS, SHARE, hide, set_aside, without

from .conftest import Make


def runs(present: np.ndarray) -> list[int]:
    """Lengths of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(int), [0]])))
    return sorted(edges[1::2] - edges[::2])


def test_single_cells_are_hidden_from_a_random_mask(masked: Make) -> None:
    _, problem = masked()
    hidden = hide(problem, 5)
    cells = hidden.group > 0
    assert not (cells & ~problem.kept).any()
    assert cells.sum() == round(SHARE * problem.kept.sum())
    assert np.array_equal(hidden.problem.kept, problem.kept & ~cells)
    assert not hidden.problem.centre[cells].any()
    assert np.isinf(hidden.problem.bound[cells]).all()


def test_each_hidden_cell_judges_once(masked: Make) -> None:
    _, problem = masked()
    hidden = hide(problem, 5)
    folds = hidden.folds(FOLDS)
    assert len(folds) == FOLDS
    assert np.array_equal(sum(judged.astype(int) for _, judged in folds), (hidden.group > 0).astype(int))
    for fitted, judged in folds:
        assert np.array_equal(fitted ^ judged, hidden.group > 0)
        assert judged.sum() == pytest.approx((hidden.group > 0).sum() / FOLDS, abs=1)
    assert len(hidden.folds(1)) == 1


def test_same_seed_same_cells(masked: Make) -> None:
    _, problem = masked()
    assert np.array_equal(hide(problem, 5).group, hide(problem, 5).group)
    assert not np.array_equal(hide(problem, 5).group, hide(problem, 6).group)


def test_whole_gaps_are_hidden_where_frames_are_missing(masked: Make) -> None:
    _, problem = masked(frames=(20, 21, 22, 50, 51, 52, 80, 81, 82))
    for seed in range(5):
        hidden = hide(problem, seed)
        both = hidden.group[0] > 0
        assert np.array_equal(both.any(0), both.all(0)), "whole frames"
        assert runs(both.any(0)) == [3, 3, 3]
        assert not (both & ~problem.kept[0]).any()
        assert [runs(judged[0].any(0)) for _, judged in hidden.folds(FOLDS)] == [[3]] * FOLDS
        assert runs(~hidden.problem.kept[0].any(0)) == [3] * 6, "apart from the gaps that are there"


@pytest.mark.parametrize("frames", [tuple(range(94)), tuple(range(0, 94, 2))])
def test_hardly_anything_known_is_no_fault(masked: Make, frames: tuple[int, ...]) -> None:
    _, problem = masked(frames=frames)
    hidden = hide(problem, 0)
    assert not (hidden.problem.kept & ~problem.kept).any()


def test_a_share_is_set_aside(masked: Make) -> None:
    _, problem = masked(drop=0.3)
    aside = set_aside(problem, 0.03, 0)
    assert aside.sum() == round(0.03 * problem.kept.sum())
    assert not (aside & ~problem.kept).any()


def test_without_leaves_all_else_as_it_was(masked: Make) -> None:
    _, problem = masked(step=0.1)
    gone = set_aside(problem, 0.5, 1)
    left = without(problem, gone)
    for name in ("centre", "halfwidth", "bound", "kept"):
        assert np.array_equal(getattr(left, name)[~gone], getattr(problem, name)[~gone])
    assert not left.halfwidth[gone].any()
