"""Least squares: the signal whose STFT best fits what is known of its coefficients.

    x^ = argmin_x  sum_kl c_k Q_kl^2 |(Sx)_kl - X_kl|^2  (+ prior)

with Q from `observation.observe`. A redundant STFT keeps more coefficients than the signal has samples up to
a good share of drop, and then no prior is needed: conjugate gradients on the normal equations
S*Q^2 S x = S*Q^2 X, preconditioned by their diagonal, end at the signal itself (Hestenes and Stiefel 1952;
Saad, Iterative Methods for Sparse Linear Systems, algorithm 9.1). Where less is known, `reweighted.refine`
adds a prior: few large coefficients in a longer window. Exact coefficients then have the last word: conjugate
gradients from there take the shortest way to a signal that agrees with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpainting import bounded, reweighted
from dpcodec.inpainting.arrays import dot, to_numpy
from dpcodec.inpainting.observation import Observation, observe
from dpcodec.inpainting.problem import Problem, limit
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.step_budget import Stage, StepBudget

Array = Any

DETERMINED = 1.7
"""Known real numbers per sample from which the data alone determine the signal well."""
DETERMINED_STEPS = 800
"""Most conjugate gradient steps then; 40 to 400 is usual."""
NEARLY = 1.3
"""Known real numbers per sample from which the data do so slowly, and the prior gives a good start."""
NEARLY_STEPS = (160, 1000)
"""Reweighted steps and conjugate gradient steps then."""
FIRST_STEPS = 30
"""Conjugate gradient steps before the reweighted stage."""
REFINE_STEPS = 1000
"""Reweighted steps where the prior has to fill in for data."""
FEWER_STEPS, FEWEST_STEPS = 800, 700
"""The same where coefficients are exact and missing everywhere alike, and where few windows do for fewer
known real numbers than samples (docs/experiments/inpainting.md)."""
POLISH_STEPS = (200, 800)
"""Conjugate gradient steps after them, where coefficients are exact, to the nearest signal that agrees: with
fewer known real numbers than samples, and with more, which leave little open but that slowly."""
REFINE_TIME = 0.75
"""Share of the time left that the reweighted stage may take where another follows."""
TOLERANCE = 3e-8
"""Residual of the preconditioned normal equations, relative to the right-hand side, at which to end."""
DIAGONAL_FLOOR = 1e-6
"""Smallest value in the preconditioner, relative to its largest: samples that hardly a kept frame covers."""
UNSEEN = 1e-7
"""Curvature, relative to the diagonal's, below which the data say nothing about a direction."""
CUT_END_WEIGHT = 1e-2
"""Weight of the zeros that stand for frames missing beyond a cut end."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: Sx^ with the dropped ones limited by their bounds, complex64 [C, K, L].

    Channels are solved one after the other and share the time. Finite always; comes back with the best so far
    when `settings.deadline` has passed or `progress` answers true. `settings.iterations` bounds the steps of
    a channel. On a device other than the CPU the same code runs on torch tensors.
    """
    return each_channel(solve_channel, problem, settings, progress)


def each_channel(
    method: Callable[[Observation, StepBudget], Array],
    problem: Problem,
    settings: SolverSettings,
    progress: Progress,
) -> np.ndarray:
    """The estimate of a method that gives the signal of one channel: for `solve` and its siblings."""
    channels = problem.kept.shape[0]
    estimate = np.empty(problem.kept.shape, problem.value.dtype)
    for c in range(channels):
        if problem.operator.orthonormal and np.isfinite(problem.bound[c]).all():
            estimate[c] = problem.value[c]  # nothing is open, and the kept ones say nothing of the others
            continue
        budget = StepBudget(progress, settings.deadline, c, channels, settings.iterations)
        seen = _watched(_on_device(observe(problem, c), settings.device), settings)
        estimate[c] = to_numpy(seen.operator.forward(method(seen, budget)) * seen.level)
    usable = np.isfinite(estimate)
    return limit(problem, np.where(usable, estimate, problem.value))


def solve_channel(seen: Observation, budget: StepBudget) -> Array:
    """The signal of one channel divided by its level, float32 [N], on the observation's device."""
    b = seen.adjoint(seen.target)
    if not dot(b, b) > 0:
        return b
    plan = plan_of(seen)
    budget.plan(plan)
    x = conjugate_gradients(seen, seen.first(), budget.stage(plan.first))
    if seen.boxes is not None:
        return bounded.refine(seen, seen.boxes, x, budget.stage(plan.refine))
    if plan.refine:
        stage = budget.stage(plan.refine, 1 if not plan.polish else REFINE_TIME)
        x = reweighted.refine(seen, x, stage)
        x = conjugate_gradients(seen, x, budget.stage(plan.polish))
    return x


class Plan(NamedTuple):
    """Steps of plain conjugate gradients, of the reweighted stage, and of conjugate gradients from there."""

    first: int
    refine: int
    polish: int


def plan_of(seen: Observation) -> Plan:
    """Which stages a problem is worth: the prior where the data are few, the data where they are many."""
    if seen.operator.orthonormal:  # the data have said all that they say
        return Plan(0, REFINE_STEPS, 0)
    known = seen.determination if seen.covered() else 0.0
    if seen.boxes is not None:
        return Plan(FIRST_STEPS, bounded.STEPS, 0)
    if seen.bounded or known >= DETERMINED:
        return Plan(DETERMINED_STEPS, 0, 0)
    if seen.variance > 0:
        return Plan(FIRST_STEPS, REFINE_STEPS, 0)
    if known >= NEARLY:
        return Plan(FIRST_STEPS, *NEARLY_STEPS)
    many = known >= 1
    steps = REFINE_STEPS
    if known > 0:
        steps = FEWEST_STEPS if reweighted.few_windows_do(seen) and not many else FEWER_STEPS
    return Plan(FIRST_STEPS, steps, POLISH_STEPS[int(many)])


def conjugate_gradients(seen: Observation, x: Array, stage: Stage) -> Array:
    """Solve S*Q^2 S x = S*Q Y from a given x, real [N].

    Ends when the residual has fallen to the tolerance over the samples inside the block: next to a cut end,
    where frames are missing, nothing may determine the signal, and nobody will use it. Ends earlier in a
    direction that the data say nothing about: rounding would take it anywhere.
    """
    diagonal, ends = seen.diagonal(), CUT_END_WEIGHT * seen.missing()
    floor = diagonal + ends + DIAGONAL_FLOOR * array_namespace(x).max(diagonal)
    b = seen.adjoint(seen.target)[seen.inside]
    enough = TOLERANCE**2 * dot(b, b / floor[seen.inside])
    r = seen.adjoint(seen.target - seen.forward(x)) - ends * x
    d = z = r / floor
    rz = dot(r, z)
    for _ in stage:
        if dot(r[seen.inside], z[seen.inside]) <= enough:
            break
        Ad = seen.normal(d) + ends * d
        curvature = dot(d, Ad)
        if not curvature > UNSEEN * dot(d, floor * d):
            break
        x = x + (rz / curvature) * d
        seen.show(x)
        r -= (rz / curvature) * Ad
        z = r / floor
        rz, before = dot(r, z), rz
        d = z + (rz / before) * d
    return x


def _watched(seen: Observation, settings: SolverSettings) -> Observation:
    """The observation that tells the settings' watch of each step."""
    watch = settings.watch
    if watch is None:
        return seen

    def show(x: Array) -> None:
        def estimate() -> np.ndarray:
            return to_numpy(seen.operator.forward(x) * seen.level)[np.newaxis]

        watch(seen.misfit(x), estimate)

    return replace(seen, shown=show)


def _on_device(seen: Observation, device: str) -> Observation:
    if device == "cpu":
        return seen
    import torch  # lazy: the CPU path runs without it

    def move(a: np.ndarray) -> Array:
        return torch.from_numpy(a.T).to(device).mT

    boxes = seen.boxes.moved(move) if seen.boxes is not None else None
    return replace(seen, target=move(seen.target), root=move(seen.root), boxes=boxes)
