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

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpainting import bounded, reweighted
from dpcodec.inpainting.arrays import beside, dot, quotient
from dpcodec.inpainting.observation import Known, Observation, observe
from dpcodec.inpainting.problem import Problem, limit
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.solver_settings import CELL_BYTES, DEVICE_BYTES, SolverSettings
from dpcodec.inpainting.step_budget import Stage, StepBudget
from dpcodec.transform.operator import Operator

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
    """Estimate all coefficients: Sx^ with the dropped ones limited by their bounds, complex64 [C, K, L], of
    the problem's kind of array.

    On the CPU channels are solved one after the other, on a device side by side, as many as `DEVICE_BYTES`
    hold; they share the time. Finite always; comes back with the best so far when `settings.deadline` has
    passed or `progress` answers true. `settings.iterations` bounds the steps of a channel.
    """
    return each_batch(solve_signals, problem, settings, progress, together(problem, settings))


def together(problem: Problem, settings: SolverSettings) -> int:
    """How many channels of a problem are solved side by side."""
    if settings.device == "cpu" or settings.watch is not None:
        return 1
    return max(1, DEVICE_BYTES // (CELL_BYTES * max(math.prod(problem.kept.shape[1:]), 1)))


def each_batch(
    method: Callable[[Observation, StepBudget], Array],
    problem: Problem,
    settings: SolverSettings,
    progress: Progress,
    most: int = 1,
) -> np.ndarray:
    """The estimate of a method that gives the signals of at most so many channels, of which the same can be
    said: for `solve` and its siblings."""
    xp, channels = array_namespace(problem.value), problem.kept.shape[0]
    estimate: np.ndarray = xp.asarray(problem.value, copy=True)
    if 0 in problem.kept.shape:
        return estimate
    done = 0
    for first in range(0, channels, most):
        seen = observe(_on_device(problem.part(first, first + most), settings.device))
        for which in _alike(seen).values():
            budget = StepBudget(progress, settings.deadline, done, channels, settings.iterations, len(which))
            own = _watched(seen.some(which), settings)
            found = own.operator.forward(method(own, budget)) * own.level
            for i, X in zip(which, beside(found, estimate), strict=True):
                estimate[first + i] = X
            done += len(which)
    return limit(problem, xp.where(xp.isfinite(estimate), estimate, problem.value))


def _alike(seen: Observation) -> dict[Any, list[int]]:
    """The signals that are worth the same stages and windows. Those of which nothing is heard, or nothing is
    open, are left out."""
    found: dict[Any, list[int]] = {}
    for i, known in enumerate(seen.known):
        settled = seen.operator.orthonormal and known.bounded  # the kept ones say nothing of the others
        if known.sounding and not settled:
            kind = plan_of(seen.operator, known), known.boxed
            found.setdefault(kind, []).append(i)
    return found


def solve_signals(seen: Observation, budget: StepBudget) -> Array:
    """The signals divided by their levels, float32 [B, N], on the observation's device; all are worth the
    same plan and windows."""
    plan = plan_of(seen.operator, seen.known[0])
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


def plan_of(operator: Operator, known: Known) -> Plan:
    """Which stages a signal is worth: the prior where the data are few, the data where they are many."""
    if operator.orthonormal:  # the data have said all that they say
        return Plan(0, REFINE_STEPS, 0)
    numbers = known.determination if known.covered else 0.0
    if known.boxed:
        return Plan(FIRST_STEPS, bounded.STEPS, 0)
    if known.bounded or numbers >= DETERMINED:
        return Plan(DETERMINED_STEPS, 0, 0)
    if not known.exact:
        return Plan(FIRST_STEPS, REFINE_STEPS, 0)
    if numbers >= NEARLY:
        return Plan(FIRST_STEPS, *NEARLY_STEPS)
    return Plan(FIRST_STEPS, REFINE_STEPS, POLISH_STEPS[int(numbers >= 1)])


def conjugate_gradients(seen: Observation, x: Array, stage: Stage) -> Array:
    """Solve S*Q^2 S x = S*Q Y from given x, real [B, N], each signal with its own steps.

    One ends when its residual has fallen to the tolerance over the samples inside the block: next to a cut
    end, where frames are missing, nothing may determine the signal, and nobody will use it. It ends earlier
    in a direction that the data say nothing about: rounding would take it anywhere.
    """
    xp, inside = array_namespace(x), (slice(None), seen.inside)
    diagonal, ends = seen.diagonal(), CUT_END_WEIGHT * seen.missing()
    floor = diagonal + ends + DIAGONAL_FLOOR * xp.max(diagonal, axis=-1, keepdims=True)
    b = seen.adjoint(seen.target)[inside]
    enough = TOLERANCE**2 * dot(b, b / floor[inside])
    r = seen.adjoint(seen.target - seen.forward(x)) - ends * x
    d = z = r / floor
    rz = dot(r, z)
    going = rz == rz
    for _ in stage:
        going = going & (dot(r[inside], z[inside]) > enough)
        if not xp.any(going):
            break
        Ad = seen.normal(d) + ends * d
        curvature = dot(d, Ad)
        going = going & (curvature > UNSEEN * dot(d, floor * d))
        if not xp.any(going):
            break
        a = quotient(rz, curvature, going)[:, None]
        x = x + a * d
        seen.show(x)
        r -= a * Ad
        z = r / floor
        rz, before = dot(r, z), rz
        d = z + quotient(rz, before, going)[:, None] * d
    return x


def _watched(seen: Observation, settings: SolverSettings) -> Observation:
    """The observation of one signal that tells the settings' watch of each step."""
    watch = settings.watch
    if watch is None:
        return seen

    def show(x: Array) -> None:
        watch(seen.misfit(x), lambda: seen.operator.forward(x) * seen.level)

    return replace(seen, shown=show)


def _on_device(problem: Problem, device: str) -> Problem:
    """The problem as torch tensors on that device, but for the noise, which is not looked at."""
    if device == "cpu":
        return problem
    import torch  # lazy: the CPU path runs without it

    moved: dict[str, Any] = {}
    for name in ("kept", "value", "centre", "halfwidth", "bound"):
        a = getattr(problem, name)
        moved[name] = a.to(device) if torch.is_tensor(a) else torch.tensor(a, device=device)
    return replace(problem, **moved)
