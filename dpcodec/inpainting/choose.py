"""Which solver: by name, or `auto`, which decides from the problem alone.

`auto` asks, in this order: is there anything to estimate, is there time, do whole frames missing, bounds or
the count of kept coefficients settle it, and if not, how well does a short fit predict kept coefficients that
were hidden from it. Where that leaves doubts it looks twice. The hidden ones are chosen by a fixed
rule, so the same problem always gets the same answer.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from dpcodec.inpainting import cautious, least_squares
from dpcodec.inpainting.holdout import hold_out, scattered
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.solver_settings import SolverSettings, with_share
from dpcodec.inpainting.solvers import SOLVERS

NO_SECOND_OPINION = 1.5
"""Kept real numbers per sample from which least squares needs no second opinion."""
HELD_OUT = 0.03
"""Share of the kept coefficients hidden from the short fit."""
TRIAL_STEPS = 60
"""Steps of the short fit: a twentieth of the whole one."""
TRIAL_TIME = 0.1
"""Share of the time left that a trial may take."""
WORSE_DB = -3.0
"""Held-out gain below which least squares does harm. A few strong coefficients decide the figure: where the
whole signal gains 0.5 to 3 dB, it has come out between -1.1 and 7."""
POOR_GAIN_DB = 1.0
"""Held-out gain below which least squares is cautious, or a deep prior is tried where a GPU is quick."""
DEEP_PRIOR_SECONDS = 60.0
"""Time that must be left for that."""


@dataclass(frozen=True)
class Choice:
    """A solver's name, one line on why, and whether to look twice (`gap_duel`, `cautious`)."""

    solver: str
    reason: str
    twice: bool = False

    def __str__(self) -> str:
        return f"{self.solver}: {self.reason}"


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> tuple[np.ndarray, str]:
    """The estimate of the solver chosen, [C, K, L], before context, and a line that says which it was and
    why."""
    choice = choose(problem, settings)
    if choice.solver == "deep-prior":
        return _duel(problem, settings, progress)
    if choice.twice and settings.iterations is None:
        return _look_twice(choice, problem, settings, progress)
    return SOLVERS[choice.solver].solve(problem, settings, progress), str(choice)


def _look_twice(
    choice: Choice, problem: Problem, settings: SolverSettings, progress: Progress
) -> tuple[np.ndarray, str]:
    if choice.solver == "least-squares":
        estimate, told = cautious.solve(problem, settings, progress)
        return estimate, f"{choice}; {told}"
    from dpcodec.inpainting import gap_duel  # lazy: loads scipy.linalg

    return gap_duel.solve(problem, settings, progress)


def choose(problem: Problem, settings: SolverSettings) -> Choice:
    """Decide from the problem, the time left and the device. Deterministic but for the clock."""
    if problem.kept.all():
        return Choice("none", "nothing was dropped")
    if not np.any(problem.centre[problem.kept]):
        return Choice("none", "no coefficient that arrived carries a sound")
    if settings.deadline is not None and time.monotonic() >= settings.deadline:
        return Choice("none", "no time is left")
    if _gaps_alone(problem):
        return Choice("janssen", "whole frames are missing and all others are exact", twice=True)
    if np.isfinite(problem.bound[~problem.kept]).all():
        return Choice("least-squares", "the mask bounds every dropped coefficient")
    if problem.determination >= NO_SECOND_OPINION:
        return Choice("least-squares", f"{problem.determination:.1f} kept numbers a sample leave little open")
    return _by_trial(problem, settings)


def _gaps_alone(problem: Problem) -> bool:
    """Whether every frame is exact or missing: then the signal is known but for gaps."""
    whole = problem.kept.all(axis=1) | ~problem.kept.any(axis=1)
    return (
        bool(whole.all())
        and not problem.halfwidth.any()
        and bool(np.isinf(problem.bound[~problem.kept]).all())
    )


def _by_trial(problem: Problem, settings: SolverSettings) -> Choice:
    """Compare zeros and a short least-squares fit on kept coefficients hidden from it."""
    trial = replace(with_share(settings, TRIAL_TIME), iterations=TRIAL_STEPS, watch=None)
    gain = held_out_gain(problem, trial)
    if gain < WORSE_DB:
        return Choice("none", f"a trial fit predicts hidden coefficients {-gain:.1f} dB worse than zeros do")
    told = f"a trial fit predicts hidden coefficients {gain:.1f} dB better than zeros do"
    time_left = math.inf if settings.deadline is None else settings.deadline - time.monotonic()
    if gain >= POOR_GAIN_DB:
        return Choice("least-squares", told)
    if settings.device != "cpu" and time_left >= DEEP_PRIOR_SECONDS:
        return Choice("deep-prior", told)
    return Choice("least-squares", told, twice=True)


def held_out_gain(problem: Problem, settings: SolverSettings) -> float:
    """How much nearer than zero least squares comes to hidden kept coefficients, dB."""
    hidden = scattered(problem.kept, HELD_OUT)
    estimate = least_squares.solve(hold_out(problem, hidden), settings, silent)
    return _gain(problem, hidden, estimate)


def _gain(problem: Problem, hidden: np.ndarray, estimate: np.ndarray) -> float:
    truth = problem.centre[hidden].astype(np.complex128)
    power = float(np.sum(np.abs(truth) ** 2))
    error = float(np.sum(np.abs(estimate[hidden] - truth) ** 2))
    return 10 * math.log10(power / max(error, 1e-15 * power)) if power > 0 else 0.0


def _duel(problem: Problem, settings: SolverSettings, progress: Progress) -> tuple[np.ndarray, str]:
    """Fit both without the hidden coefficients; the deep prior wins only if it predicts them better."""
    hidden = scattered(problem.kept, HELD_OUT)
    known = hold_out(problem, hidden)
    unseen = replace(settings, watch=None)
    fallback = least_squares.solve(problem, unseen, silent)
    linear = _gain(problem, hidden, least_squares.solve(known, unseen, silent))
    estimate = SOLVERS["deep-prior"].solve(known, settings, progress)
    deep = _gain(problem, hidden, estimate)
    told = f"predicts hidden coefficients {deep:.1f} dB better than zeros, least squares {linear:.1f} dB"
    if deep > linear:
        return estimate, f"deep-prior: {told}"
    return fallback, f"least-squares: a deep prior {told}"
