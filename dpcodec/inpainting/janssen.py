"""Janssen's method: gaps between known samples, filled by what autoregressive models of both sides predict.

Janssen, Veldhuis and Vries ("Adaptive interpolation of discrete-time signals that can be modeled as
autoregressive processes", IEEE Trans. ASSP 34, 1986) take turns between a model of the signal and the missing
samples that suit it best. Where whole frames are missing and the others are complete, the signal is known
but for gaps, and these are bridged one by one (`gaps`). Elsewhere there is no gap to bridge, and least
squares is the answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from dpcodec.inpainting import gaps, least_squares
from dpcodec.inpainting.arrays import like, power, to_numpy
from dpcodec.inpainting.observation import Observation
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.step_budget import StepBudget

Array = Any

SURE = 1e-8
"""Share of a sample's weight in all frames below which the kept ones do not tell it, exact as they may be."""
WHOLE = 1 - 1e-4
"""The same for an MDCT."""
NOISY = 1000.0
"""The same for quantised ones, times noise over signal: a bridge takes as exact what it rests on."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients, complex64 [C, K, L]: channels, time and steps as in `least_squares.solve`.

    Finite always. Where no whole frames are missing, or others are known only in part, it is what
    `least_squares.solve` gives. On a device other than the CPU gaps are bridged on the CPU.
    """
    return least_squares.each_batch(solve_channel, problem, settings, progress)


def solve_channel(seen: Observation, budget: StepBudget) -> Array:
    """The signal of one channel divided by its level, float32 [1, N], on the observation's device."""
    missing = None if seen.known[0].bounded else gap_samples(seen)
    if missing is None or not missing.any():
        return least_squares.solve_signals(seen, budget)
    return _bridge_gaps(seen, missing, budget)


def gap_samples(seen: Observation) -> np.ndarray | None:
    """The samples of one channel that no known frame tells, bool [N]; None where some frames are known only
    in part."""
    known = to_numpy(seen.root[0]) > 0
    if not (known.all(axis=0) | ~known.any(axis=0)).all():
        return None
    told = to_numpy(seen.diagonal()[0])
    whole = seen.operator.gram_diagonal(told)
    energy = float(array_namespace(seen.target).sum(power(seen.target)))
    noise = float(seen.variance[0, 0, 0]) * np.count_nonzero(known) / energy if energy > 0 else 0.0
    least = min(max(SURE, NOISY * noise), 0.5)
    if seen.operator.orthonormal:
        least = WHOLE  # a sample that one frame of two tells is folded onto another
    missing: np.ndarray = (told < least * whole) & (whole > SURE * whole.max(initial=0))
    return missing


def _bridge_gaps(seen: Observation, missing: np.ndarray, budget: StepBudget) -> Array:
    """Least squares where frames tell the signal, then the gaps between."""
    bridges = gaps.STEPS * len(gaps.find_gaps(missing))
    budget.plan([least_squares.DETERMINED_STEPS, bridges])
    b = seen.adjoint(seen.target)
    xp = array_namespace(b)
    told = xp.asarray(~missing, device=device(b))
    x = xp.where(told, b / xp.where(told, seen.diagonal(), xp.ones_like(b)), xp.zeros_like(b))
    x = least_squares.conjugate_gradients(seen, x, budget.stage(least_squares.DETERMINED_STEPS, 0.5))
    filled = gaps.fill_gaps(
        to_numpy(x[0]).astype(np.float64), missing, seen.operator.n_fft, budget.stage(bridges)
    )
    x = like(filled[None], b)
    seen.show(x)
    return x
