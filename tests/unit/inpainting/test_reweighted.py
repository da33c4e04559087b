"""The reweighted stage: its prior at each point of the way, and what the choice of windows is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import S, masked, random_mask, randomly_masked

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
    ("known", "mu", "e"), [(0.2, 1e-2, 1e-5), (0.4, 1e-2, 1e-5), (0.8, 10**-2.5, 10**-5.1), (2.0, 3e-5, 1e-6)]
)
def test_the_prior_ends_where_the_document_says(known: float, mu: float, e: float) -> None:
    seen = observe(randomly_masked(tones_then_attacks(), 0.5))
    prior = reweighted._Prior(replace(seen, known=(seen.known[0]._replace(determination=known),)))
    first, middle, last = ([float(number[0, 0, 0]) for number in prior.at(way)] for way in (0.0, 0.5, 1.0))
    assert last == pytest.approx((e, mu))
    assert first == pytest.approx((1e-2, 1e-2))
    assert middle[0] == pytest.approx((first[0] * last[0]) ** 0.5)


@pytest.mark.parametrize("window", ["hann", "sine"])
def test_the_gradient_is_that_of_data_and_prior_apart(window: str) -> None:
    """Also where a window of the prior is the one of the data, and both are looked at once."""
    stft = Stft(256, 64, window)
    rng = np.random.default_rng(3)
    seen = observe(masked(rng.standard_normal(N), random_mask(N, 0.7, stft), stft))
    x = rng.standard_normal((1, N)).astype(np.float32)
    e, mu = reweighted._Prior(seen).at(0.5)
    views = [reweighted._reweight(view, e, mu, seen.variance) for view in reweighted._views(seen, x)]
    stfts = reweighted.prior_stfts(seen.operator, reweighted.FEWER)
    expected = seen.adjoint(seen.forward(x) - seen.target).astype(np.float64)
    for S_j in stfts:
        X = S_j.forward(x.astype(np.float64))
        floor = e * np.max(np.abs(X)) ** 2
        expected += S_j.adjoint(mu / len(stfts) * floor / (np.abs(X) ** 2 + floor) * X, N)
    assert len(views) == len(stfts) + (window != "hann")
    np.testing.assert_allclose(
        sum(map(reweighted._slope, views)), expected, atol=1e-6 * np.abs(expected).max()
    )
