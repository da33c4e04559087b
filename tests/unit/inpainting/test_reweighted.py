"""The reweighted stage: its prior at each point of the way, and what the choice of windows is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from problems import S, masked, random_mask, randomly_masked

from dpcodec.compiled import off
from dpcodec.inpainting import least_squares, reweighted
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import Stft

N = 8000


def tones_then_attacks() -> np.ndarray:
    """Partials in the first half, clicks of noise in the second: no one window suits both."""
    n, rng = np.arange(N), np.random.default_rng(5)
    x: np.ndarray = np.exp(-(((n - 2000) / 1500) ** 2)) * sum(
        np.cos(f * n + f) for f in (0.1, 0.37, 0.9, 1.7)
    )
    for at in (5200, 5900, 6700, 7300):
        x[at : at + 200] += 3 * rng.standard_normal(200) * np.exp(-np.arange(200) / 15)
    return x


def test_windows_chosen_for_each_place_fill_in_better_than_even_shares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = tones_then_attacks()
    problem = randomly_masked(x, 0.8)

    def missed() -> float:
        found = least_squares.solve(problem, SolverSettings(), silent)
        return float(np.linalg.norm(found - S.forward(x[None])))

    chosen = missed()
    monkeypatch.setattr(reweighted, "CHOOSE_FROM", 2.0)
    assert chosen < 0.85 * missed()


@pytest.mark.parametrize(
    ("known", "mu", "e"), [(0.2, 1e-2, 1e-5), (0.4, 1e-2, 1e-5), (0.8, 1e-3, 10**-5.1), (2.0, 3e-5, 1e-6)]
)
def test_the_prior_ends_where_the_document_says(known: float, mu: float, e: float) -> None:
    seen = observe(randomly_masked(tones_then_attacks(), 0.5))
    prior = reweighted._Prior(replace(seen, known=(seen.known[0]._replace(determination=known),)))
    first, middle, last = ([float(number[0, 0, 0]) for number in prior.at(way)] for way in (0.0, 0.5, 1.0))
    assert last == pytest.approx((e, mu))
    assert first == pytest.approx((1e-2, 1e-2))
    assert middle[0] == pytest.approx((first[0] * last[0]) ** 0.5)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("window", ["hann", "sine"])
def test_data_and_prior_are_what_each_is_apart(window: str, compiled: bool) -> None:
    """Also where a window of the prior is the one of the data, and both are looked at once."""
    stft = Stft(256, 64, window)
    rng = np.random.default_rng(3)
    seen = observe(masked(rng.standard_normal(N), random_mask(N, 0.7, stft), stft))
    x = rng.standard_normal((1, N)).astype(np.float32)
    e, mu = reweighted._Prior(seen).at(0.5)
    with nullcontext() if compiled else off():
        views = [view for view in reweighted._views(seen, x) if not view.waits]
    asked = [view for view in views if view.share is not None]
    found = sum(view.reweighted(x, e, mu, seen.variance) for view in asked)
    stfts = reweighted.prior_stfts(seen.operator, (1, 4, 16))
    expected = np.zeros((1, N))
    for S_j in stfts:
        X = S_j.forward(x.astype(np.float64))
        floor = e * np.max(np.abs(X)) ** 2
        expected += S_j.adjoint(mu / len(stfts) * floor / (np.abs(X) ** 2 + floor) * X, N)
    assert len(views) == len(stfts) + (window != "hann")
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())
    whole = expected + seen.adjoint(seen.forward(x))
    np.testing.assert_allclose(sum(view.normal(x) for view in views), whole, atol=1e-6 * np.abs(whole).max())


def test_windows_that_wait_are_looked_at_from_the_choice_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = observe(randomly_masked(tones_then_attacks(), 0.8))
    asked: list[set[int]] = []
    plain = reweighted._View.normal

    def noted(view: reweighted._View, x: np.ndarray) -> np.ndarray:
        asked[-1].add(view.operator.n_fft // S.n_fft)
        found: np.ndarray = plain(view, x)
        return found

    def ways() -> Iterator[float]:
        for way in (0.0, 0.29, 0.3, 0.9):
            asked.append(set())
            yield way

    monkeypatch.setattr(reweighted._View, "normal", noted)
    monkeypatch.setattr(reweighted, "CHOOSE", 1)
    reweighted._refine(seen, seen.first(), ways(), map)
    assert asked == [{1, 4, 16}, {1, 4, 16}, {1, 2, 4, 8, 16}, {1, 2, 4, 8, 16}]


def test_a_step_ends_where_the_quadratic_is_least_in_its_plane() -> None:
    """Three signals at once: one with a move before, one whose move is along the gradient, one at its end."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((6, 6))
    A, b, dx = root @ root.T, rng.standard_normal((3, 6)), rng.standard_normal((3, 6))
    dx[1], b[2] = 2 * b[1], 0
    (first, second), able = reweighted._minimum(b, b @ A, dx, dx @ A)
    assert able.tolist() == [True, True, False]
    move = first[:, None] * b + second[:, None] * dx
    left = b - move @ A
    np.testing.assert_allclose(np.vecdot(b, left), 0, atol=1e-9)
    np.testing.assert_allclose(np.vecdot(dx, left)[:2], 0, atol=1e-9)
    assert not move[2].any()


def test_a_move_before_along_which_nothing_curves_is_left_out() -> None:
    g = np.array([[1.0, 2.0]])
    (first, second), able = reweighted._minimum(g, 2 * g, g[:, ::-1], -g[:, ::-1])
    assert (first.tolist(), second.tolist(), able.tolist()) == ([0.5], [0.0], [True])


def test_without_the_kernel_the_signal_is_the_same() -> None:
    problem = randomly_masked(tones_then_attacks(), 0.8)
    found = least_squares.solve(problem, SolverSettings(iterations=130), silent)
    with off():
        plain = least_squares.solve(problem, SolverSettings(iterations=130), silent)
    assert np.linalg.norm(found - plain) < 1e-3 * np.linalg.norm(found)


def test_where_the_data_nearly_settle_the_signal_three_windows_look_from_the_start() -> None:
    seen = observe(randomly_masked(tones_then_attacks(), 0.65))
    assert reweighted.FEWER_FROM < seen.known[0].determination < least_squares.DETERMINED
    views = reweighted._views(seen, seen.first())
    assert [view.operator.n_fft // S.n_fft for view in views] == [1, 4, 8]
    assert not any(view.waits for view in views)
