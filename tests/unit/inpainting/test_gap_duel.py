"""Bridges or least squares: the better one by frames beside the gaps, and the bridges without time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from problems import S, frame_mask, masked
from scipy.signal import lfilter

from dpcodec.inpainting import gap_duel, janssen, least_squares
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings

SETTINGS = SolverSettings()
N = 8000


def tones() -> np.ndarray:
    n = np.arange(N)
    glide = 0.3 * np.cos(0.3 * n + 5e-5 * n**2)
    tones: np.ndarray = glide + sum(0.1 * np.cos(f * n) for f in (0.11, 0.52, 1.3)) + 1e-3 * np.sin(n**1.5)
    return tones


def stationary() -> np.ndarray:
    """Noise through sharp resonances: predictable over gaps, sparse in no window."""
    x = np.random.default_rng(3).standard_normal(N)
    for frequency, radius in ((0.04, 0.9995), (0.09, 0.9995), (0.17, 0.9995)):
        x = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * frequency), radius**2], x)
    scaled: np.ndarray = 0.5 * x / np.abs(x).max()
    return scaled


GAPS = (slice(20, 24), slice(50, 54), slice(80, 84), slice(110, 114))


@pytest.mark.parametrize(
    ("x", "winner"), [(tones(), least_squares), (stationary(), janssen)], ids=["glide", "resonances"]
)
def test_the_better_one_wins(x: np.ndarray, winner: Any) -> None:
    given = masked(x, frame_mask(N, *GAPS))
    estimate, told = gap_duel.solve(given, SETTINGS, silent)
    truth, gone = S.forward(x[None]), ~given.kept
    missed = [
        float(np.linalg.norm((solver.solve(given, SETTINGS, silent) - truth)[gone]))
        for solver in (least_squares, janssen)
    ]
    assert (missed[0] < missed[1]) == (winner is least_squares)
    np.testing.assert_array_equal(estimate, winner.solve(given, SETTINGS, silent))
    assert told.startswith("least-squares" if winner is least_squares else "janssen")


def test_without_time_or_place_the_bridges_are_the_answer() -> None:
    crowded = masked(tones(), frame_mask(N, *(slice(start, start + 5) for start in range(8, 120, 12))))
    late = replace(SETTINGS, deadline=time.monotonic() - 1)
    for given, settings in ((crowded, SETTINGS), (masked(tones(), frame_mask(N, *GAPS)), late)):
        estimate, told = gap_duel.solve(given, settings, silent)
        np.testing.assert_array_equal(estimate, janssen.solve(given, settings, silent))
        assert told.startswith("janssen")


def test_a_caller_who_stops_it_gets_an_answer() -> None:
    given = masked(tones(), frame_mask(N, *GAPS))
    for last in (1, 300, 900):
        estimate, _ = gap_duel.solve(given, SETTINGS, lambda done, total, detail, last=last: done >= last)
        assert np.isfinite(estimate).all()


def test_least_squares_must_win_by_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third less error on every hidden frame is not enough; two thirds less is."""
    given = masked(tones(), frame_mask(N, *GAPS))
    truth = S.forward(tones()[None]).astype(np.complex64)

    def off_by(error: float) -> Any:
        return lambda problem, settings, progress: truth + np.float32(error)

    monkeypatch.setattr(janssen, "solve", off_by(0.1))
    for error, winner in ((0.1 * (2 / 3) ** 0.5, "janssen"), (0.1 * (1 / 3) ** 0.5, "least-squares")):
        monkeypatch.setattr(least_squares, "solve", off_by(error))
        assert gap_duel.solve(given, SETTINGS, silent)[1].startswith(winner)
