"""The linear side: estimates that differ, and the shortest way back to what is known."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from dpcodec.inpaint import least_squares
from dpcodec.inpaint.deep_prior import starts
from dpcodec.inpaint.problem import silent
from dpcodec.inpaint.solver_settings import SolverSettings

from .conftest import STFT, Make

SETTINGS = SolverSettings()


def test_first_estimate_is_the_solver_s_own(masked: Make) -> None:
    _, problem = masked(samples=1500)
    found = starts.estimates(problem, SETTINGS, starts.LONGER, [silent] * len(starts.LONGER))
    assert found.dtype == np.complex64
    assert np.array_equal(found[0], least_squares.solve(problem, SETTINGS, silent)[0])
    assert all(not np.allclose(found[0], other) for other in found[1:])


def test_iterations_are_those_of_the_network_alone(masked: Make) -> None:
    _, problem = masked(samples=1500)
    few = starts.linear(problem, SolverSettings(iterations=1), None, silent)
    assert np.array_equal(few, starts.linear(problem, SETTINGS, None, silent))


@pytest.mark.parametrize(("drop", "settled"), [(0.3, True), (0.8, False)])
def test_data_that_leave_nothing_open_are_known_to(masked: Make, drop: float, settled: bool) -> None:
    assert starts.settled(masked(drop=drop)[1]) == settled


def test_way_back_is_the_shortest_one(masked: Make) -> None:
    _, problem = masked(drop=0.85, samples=300)
    N = problem.span.samples
    rows = np.stack([STFT.forward(e, problem.span)[problem.kept[0]] for e in np.eye(N)], axis=1)
    c = np.sqrt(np.broadcast_to(STFT.weights, problem.kept.shape[1:])[problem.kept[0]])[:, None]
    A = np.concatenate([(c * rows).real, (c * rows).imag])
    known = problem.centre[problem.kept][:, None] * c
    y = np.concatenate([known.real, known.imag])[:, 0]
    before = np.random.default_rng(0).standard_normal(N)
    shortest = np.linalg.pinv(A, rcond=1e-3) @ (y - A @ before)
    estimate = STFT.forward(before[np.newaxis], problem.span).astype(np.complex64)
    X = starts.exact(problem, estimate, SETTINGS)
    found = STFT.inverse(X[0], N)
    assert np.linalg.norm(found - before) < 1.05 * np.linalg.norm(shortest)
    after, start = (np.linalg.norm((Y - problem.centre)[problem.kept]) for Y in (X, estimate))
    assert after < 0.01 * start


def test_quantised_values_are_pulled_no_further_than_into_their_intervals(masked: Make) -> None:
    x, problem = masked(step=0.05)
    X = STFT.forward(x).astype(np.complex64)  # the truth is inside all intervals
    found = starts.exact(problem, X, SETTINGS)
    assert np.linalg.norm(found - X) < 1e-4 * np.linalg.norm(X)


def test_bounds_hold_and_a_passed_deadline_is_heeded(masked: Make) -> None:
    x, problem = masked()
    problem = replace(problem, bound=np.where(problem.kept, 0, 0.01).astype(np.float32))
    X = STFT.forward(x).astype(np.complex64)
    found = starts.exact(problem, X, SolverSettings(deadline=time.monotonic() - 1))
    assert np.isfinite(found).all()
    assert (np.abs(found)[~problem.kept] <= 0.01001).all()
