"""Gaps filled in two ways, and the blend of both that would have filled gaps beside them best.

    X^ = (1 - w) X_1 + w X_2,    w = argmin over hidden kl of |(1 - w) Y_1 + w Y_2 - X|_kl^2,  0 <= w <= 1

X_1 is least squares, which knows what is sparse in some window, X_2 Janssen's method, which knows what is
predictable. Y_1 and Y_2 are the same without frames beside the gaps, where the answer X is known: whatever is
better on one sound and worse on another, the blend is no worse than either but for chance.
"""

from __future__ import annotations

import math
import time

import numpy as np

from dpcodec.inpaint import janssen, least_squares
from dpcodec.inpaint.hiding import beside_gaps, blend, blend_weights, without
from dpcodec.inpaint.portions import Portions
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import SolverSettings, with_share

SPARSE_TIME = 0.5
"""Share of the time left after the bridges for least squares; the rest is for the trial, which takes as many
steps: with a quarter of them least squares was undervalued."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> tuple[np.ndarray, str]:
    """The estimate, complex64 [C, K, L], finite always, and what was blended, as text.

    Where there is no time for a trial, or no place, the bridges alone are the answer.
    """
    portions = Portions(progress, 0, 1)
    bridged = janssen.solve(problem, settings, portions.part(0.0, 0.1))
    hidden = beside_gaps(problem.kept, math.ceil(problem.stft.n_fft / problem.stft.hop))
    if not hidden.any() or _over(portions, settings):
        return bridged, "gaps are bridged"
    sparse = least_squares.solve(problem, with_share(settings, SPARSE_TIME), portions.part(0.1, 0.5))
    if _over(portions, settings):
        return bridged, "gaps are bridged"
    known = without(problem, hidden)
    guesses = (
        least_squares.solve(known, settings, portions.part(0.5, 0.95)),
        janssen.solve(known, settings, portions.part(0.95, 1.0)),
    )
    if _over(portions, settings):
        return bridged, "gaps are bridged"
    w = blend_weights(*guesses, problem.centre, hidden)
    shares = ", ".join(f"{one:.0%}" for one in w)
    return blend(sparse, bridged, w), f"of gaps beside them the bridges are worth {shares}"


def _over(portions: Portions, settings: SolverSettings) -> bool:
    """Whether the caller has asked to stop, or the time is up."""
    late = settings.deadline is not None and time.monotonic() >= settings.deadline
    return portions.stopped or late
