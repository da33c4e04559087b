"""Solver none gives zeros for what was dropped and leaves the rest alone."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting import zeros
from dpcodec.inpainting.problem import stft_problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import Stft


def test_kept_stay_and_dropped_are_zero() -> None:
    S, rng = Stft(64, 16, "hann"), np.random.default_rng(0)
    X = S.forward(rng.standard_normal((2, 500))).astype(np.complex64)
    kept = rng.random(X.shape) < 0.5
    flat = np.zeros(X.shape, np.float32)
    problem = stft_problem(S, S.span(500), kept, np.where(kept, X, 0), flat, np.where(kept, 0, np.inf))
    estimate = zeros.solve(problem, SolverSettings(), silent)
    assert estimate.dtype == np.complex64
    np.testing.assert_array_equal(estimate[kept], X[kept])
    assert not estimate[~kept].any()
