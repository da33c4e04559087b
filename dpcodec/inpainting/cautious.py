"""Least squares where little can be known: taken a short way, taken all the way, and blended.

On noise the prior finds tones that are not there, the more the longer it looks; on music a short look finds
half of what there is. What both ways predict of kept coefficients hidden from them says how much of each to
believe, channel by channel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dpcodec.inpainting import least_squares
from dpcodec.inpainting.holdout import blend, blend_weights, hold_out, scattered
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.progress_parts import ProgressParts
from dpcodec.inpainting.solver_settings import SolverSettings, with_share

SHORT_STEPS, LONGER_STEPS = 60, 300
"""Steps of the short way, and of what stands for the whole one in the trial."""
HIDDEN = 0.1
"""Share of the kept coefficients that the trial is judged on."""
TRIAL_TIME = 0.2
"""Share of the time for each of its two fits."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> tuple[np.ndarray, str]:
    """The estimate, complex64 [C, K, L], finite always, and how much the whole way was believed, as text."""
    parts = ProgressParts(progress, 0, 1)
    hidden = scattered(problem.kept, HIDDEN)
    known = hold_out(problem, hidden)
    guesses = (
        least_squares.solve(known, _steps(settings, SHORT_STEPS), parts.part(0.0, 0.05)),
        least_squares.solve(known, _steps(settings, LONGER_STEPS), parts.part(0.05, 0.25)),
    )
    short = least_squares.solve(problem, _steps(settings, SHORT_STEPS), parts.part(0.25, 0.3))
    if parts.stopped:
        return short, "taken a short way"
    w = blend_weights(*guesses, problem.centre, hidden)
    whole = least_squares.solve(problem, settings, parts.part(0.3, 1.0))
    shares = ", ".join(f"{one:.0%}" for one in w)
    return blend(short, whole, w), f"a short way and {shares} of what the rest changes"


def _steps(settings: SolverSettings, steps: int) -> SolverSettings:
    return replace(with_share(settings, TRIAL_TIME), iterations=steps, watch=None)
