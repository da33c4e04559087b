"""Kept coefficients hidden from a solver: what it makes of them says how good its guesses are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dpcodec.inpaint.problem import Problem

GOLDEN = (5**0.5 - 1) / 2


def scattered(kept: np.ndarray, share: float) -> np.ndarray:
    """A scattered share of what is kept, bool like `kept`: where the fractional part of n times the golden
    ratio, n counting kept ones, is below the share. No drawing: the same mask hides the same ones."""
    places = np.flatnonzero(kept)
    hidden = np.zeros(kept.size, bool)
    hidden[places[np.arange(places.size) * GOLDEN % 1 < share]] = True
    return hidden.reshape(kept.shape)


def without(problem: Problem, hidden: np.ndarray) -> Problem:
    """The problem with some kept coefficients, bool [C, K, L], made unknown."""
    return replace(
        problem,
        kept=problem.kept & ~hidden,
        centre=np.where(hidden, 0, problem.centre),
        halfwidth=np.where(hidden, 0, problem.halfwidth),
        bound=np.where(hidden, np.float32(np.inf), problem.bound),
    )
