"""Hidden coefficients: which, what is left, and when a difference of guesses is no chance."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.inpainting.holdout import beside_gaps, blend, blend_weights, hold_out, scattered, surely_less
from dpcodec.inpainting.problem import stft_problem
from dpcodec.transform.stft import Stft


def test_scattered_ones_are_a_share_of_the_kept_and_always_the_same() -> None:
    kept = np.random.default_rng(0).random((1, 50, 40)) < 0.5
    hidden = scattered(kept, 0.1)
    assert not (hidden & ~kept).any()
    assert np.count_nonzero(hidden) == pytest.approx(0.1 * np.count_nonzero(kept), abs=2)
    assert np.array_equal(hidden, scattered(kept, 0.1))
    assert (hidden.any(axis=2)).mean() > 0.8


def test_nothing_is_told_of_what_is_hidden() -> None:
    S = Stft(64, 16, "hann")
    X = S.forward(np.random.default_rng(0).standard_normal((1, 200))).astype(np.complex64)
    kept = np.ones(X.shape, bool)
    problem = stft_problem(
        S, S.span(200), kept, X, np.full(kept.shape, 0.1, "f4"), np.zeros(kept.shape, "f4")
    )
    hidden = scattered(kept, 0.2)
    known = hold_out(problem, hidden)
    assert np.array_equal(known.kept, ~hidden)
    assert not known.centre[hidden].any()
    assert np.isinf(known.bound[hidden]).all()
    assert np.array_equal(known.centre[~hidden], X[~hidden])


def test_frames_beside_gaps_are_as_many_and_stand_clear() -> None:
    kept = np.ones((1, 3, 60), bool)
    kept[..., 5:8] = kept[..., 50:55] = False
    hidden = beside_gaps(kept, 4)
    assert np.flatnonzero(hidden[0, 0]).tolist() == [12, 13, 14, 41, 42, 43, 44, 45]
    assert np.array_equal(hidden[0, 0], hidden.all(axis=(0, 1)))
    assert not beside_gaps(np.ones((1, 3, 60), bool), 4).any()
    kept[..., 2, ::5] = False
    assert not beside_gaps(kept, 4).any()


@pytest.mark.parametrize(
    ("gain", "sure"),
    [
        (np.full(50, 0.01), True),  # many frames gain a little each
        (np.eye(50)[0], False),  # one frame gains it all
        (np.full(50, -0.01), False),
        (np.zeros(50), False),
    ],
)
def test_a_gain_counts_where_it_is_more_than_chance(gain: np.ndarray, sure: bool) -> None:
    start = np.full(50, 2.0)
    assert surely_less(start - gain, start) == sure


def test_weights_are_the_best_of_all_blends() -> None:
    rng = np.random.default_rng(0)
    truth, *errors = (rng.standard_normal((2, 5, 9)) + 1j * rng.standard_normal((2, 5, 9)) for _ in range(3))
    hidden = rng.random((2, 5, 9)) < 0.5
    first, second = truth + errors[0], truth + 0.7 * errors[1]
    w = blend_weights(first, second, truth, hidden)
    for c in range(2):
        grid = np.linspace(0, 1, 1001)
        blends = [blend(first, second, np.full(2, v, "f4"))[c] for v in grid]
        best = np.argmin([np.sum(np.abs((found - truth[c])[hidden[c]]) ** 2) for found in blends])
        assert w[c] == pytest.approx(grid[best], abs=1e-3)
    assert blend_weights(first, first, truth, hidden).tolist() == [1, 1]
    assert blend_weights(truth, second, truth, hidden).tolist() == [0, 0]
    assert blend_weights(first, truth, truth, hidden).tolist() == [1, 1]
