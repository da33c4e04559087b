"""The linear side of the guided fit: estimates to start from, and the way back to what is known.

This is all that the fit asks of `least_squares`: the solver as it is, the same with its prior in one window
alone, whose errors are others, and conjugate gradients from a given signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from dpcodec.inpaint import least_squares
from dpcodec.inpaint.losses import Synthesis
from dpcodec.inpaint.observation import observe
from dpcodec.inpaint.problem import Problem, Progress, limit, reinsert, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.inpaint.watch import Watch

LONGER: tuple[int | None, ...] = (None, 1)
"""Prior windows of the estimates, in windows of the STFT; None is the solver's own, and the linear start."""
EXACT_STEPS = 60
"""Conjugate gradient steps after the network."""


def linear(problem: Problem, settings: SolverSettings, longer: int | None, progress: Progress) -> np.ndarray:
    """Least squares with its own prior windows, or with a single one so long: complex64 [C, K, L]."""
    windows = None if longer is None else (longer,)
    return least_squares.solve(problem, replace(settings, iterations=None, longer=windows), progress)


def estimates(
    problem: Problem, settings: SolverSettings, windows: Sequence[int | None], progress: Sequence[Progress]
) -> np.ndarray:
    """Of a problem of one channel, one estimate a window: complex64 [W, K, L]."""
    return np.concatenate(
        [linear(problem, settings, longer, told) for longer, told in zip(windows, progress, strict=True)]
    )


def settled(problem: Problem) -> bool:
    """Whether the data of a problem of one channel settle the linear solution, or bounds do: hidden from it,
    a coefficient would have none, and the solution would be another solver's."""
    seen = observe(problem, 0)
    return seen.bounded or least_squares.plan_of(seen).refine == 0


def exact(problem: Problem, estimate: np.ndarray, settings: SolverSettings) -> np.ndarray:
    """The shortest way from an estimate of one channel to a signal that agrees with what is known of its
    kept coefficients: its coefficients, complex64 [1, K, L], dropped ones limited by their bounds.

    Conjugate gradients from the estimate's signal stay in the row space of the kept coefficients: nothing
    that these leave free is changed. Of quantised coefficients it is the nearest values inside their
    intervals that are aimed at.
    """
    aim = np.where(problem.kept, reinsert(problem, estimate), 0)
    seen = observe(replace(problem, centre=aim), 0)
    synthesise = Synthesis(problem.stft, problem.span, torch.zeros(()))
    x = synthesise.signal(torch.from_numpy(estimate[0])).numpy() / np.float32(seen.level)
    watch = Watch(silent, settings.deadline, 0, 1, None)
    watch.budget([EXACT_STEPS])
    x = least_squares.conjugate_gradients(seen, x, watch.stage(EXACT_STEPS))
    X = seen.stft.forward(x, seen.span)[np.newaxis] * seen.level
    return limit(problem, X.astype(np.complex64))
