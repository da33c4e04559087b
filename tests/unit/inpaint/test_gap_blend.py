"""The blend of two fillings against the best of all blends, and what is left without time."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from dpcodec.inpaint import gap_blend, janssen, least_squares
from dpcodec.inpaint.problem import Problem, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.signal.stft import Stft

SETTINGS = SolverSettings()
S = Stft(256, 64, "hann")
N = 8000


def problem(x: np.ndarray, *gaps: slice) -> Problem:
    X = S.forward(np.atleast_2d(x))
    kept = np.ones(X.shape, bool)
    for gap in gaps:
        kept[..., gap] = False
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    centre = np.where(kept, X, 0).astype(np.complex64)
    return Problem(S, S.span(N), kept, centre, np.zeros(kept.shape, np.float32), bound)


def tones() -> np.ndarray:
    n = np.arange(N)
    glide = 0.3 * np.cos(0.3 * n + 5e-5 * n**2)
    return glide + sum(0.1 * np.cos(f * n) for f in (0.11, 0.52, 1.3)) + 1e-3 * np.sin(n**1.5)


def test_a_blend_is_no_worse_than_the_better_of_the_two() -> None:
    """By a tenth of a decibel at most, on gaps it has not seen."""
    x = tones()
    given = problem(x, slice(20, 24), slice(50, 54), slice(80, 84), slice(110, 114))
    blend, told = gap_blend.solve(given, SETTINGS, silent)
    truth, gone = S.forward(x[None]), ~given.kept

    def missed(estimate: np.ndarray) -> float:
        return float(np.linalg.norm((estimate - truth)[gone]))

    single = [missed(solver.solve(given, SETTINGS, silent)) for solver in (least_squares, janssen)]
    assert missed(blend) < 1.012 * min(single)
    assert "%" in told


def test_without_time_or_place_the_bridges_alone_are_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    crowded = problem(tones(), *(slice(start, start + 5) for start in range(8, 120, 12)))
    roomy = problem(tones(), slice(30, 35))
    late = replace(SETTINGS, deadline=time.monotonic() - 1)
    for given, settings in ((crowded, SETTINGS), (roomy, late)):
        estimate, told = gap_blend.solve(given, settings, silent)
        np.testing.assert_array_equal(estimate, janssen.solve(given, settings, silent))
        assert "%" not in told


def test_a_caller_who_stops_it_gets_an_answer() -> None:
    given = problem(tones(), slice(30, 35))
    for last in (1, 200, 900):
        estimate, _ = gap_blend.solve(given, SETTINGS, lambda done, total, loss=None, last=last: done >= last)
        assert np.isfinite(estimate).all()


def test_two_channels_have_weights_of_their_own() -> None:
    x = np.stack([tones(), np.cos(0.2 * np.arange(N))])
    both, _ = gap_blend.solve(problem(x, slice(30, 35)), SETTINGS, silent)
    alone, _ = gap_blend.solve(problem(x[:1], slice(30, 35)), SETTINGS, silent)
    np.testing.assert_allclose(both[0], alone[0], atol=1e-4 * np.abs(alone).max())
