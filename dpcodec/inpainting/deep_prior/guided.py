"""The guided fit: least squares first, a network for what it leaves open.

    Y = S x^,  Y' = S x'           least squares from all kept coefficients, and from those not held out
    theta* = argmin_theta  sum over held-out kl of  |(f_theta(Y') - X)_kl|^2
    X^ = the nearest coefficients to f_theta*(Y) that agree with all that is known

On the held-out coefficients (`holdout.py`) the network learns what to make of a linear estimate, since there
the answer is known. Others of them are for validation: they choose among the networks along the fit, and
decide whether the best one is used at all. Where it does not surely predict them better than least squares
does, least squares is the answer: by what can be known, the fit is never worse than its start.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from dpcodec.inpainting import least_squares
from dpcodec.inpainting.deep_prior.fit import (
    Fit,
    cells_of,
    coefficients_of,
    each_channel,
    level_of,
    output_of,
    parts_of,
)
from dpcodec.inpainting.deep_prior.holdout import Holdout, hold_out
from dpcodec.inpainting.deep_prior.losses import MaskedLoss, Synthesis
from dpcodec.inpainting.deep_prior.networks import fresh_network
from dpcodec.inpainting.holdout import surely_less
from dpcodec.inpainting.network_size import FitPlan, default_steps
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.problem import Problem, limit, reinsert
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.progress_parts import ProgressParts
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.step_budget import StepBudget

LOSS = "mse"
CHECKS = 16
"""How often in a fit the validation loss is taken."""
AGREE_STEPS = 60
"""Conjugate gradient steps after the network, back to what is known."""


def solve(problem: Problem, settings: SolverSettings, plan: FitPlan, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: [C, K, L], finite always.

    Channels are fitted one after the other, from the same seed, and share the time. `settings.iterations`
    bounds the steps of the network. Comes back with the best so far when `settings.deadline` has passed or
    `progress` answers true: least squares where there was no time for more. Raises `SettingsError` for an
    unknown loss.
    """
    return each_channel(
        lambda one, own, told: _solve_channel(one, own, plan, told), problem, settings, progress
    )


def _solve_channel(
    problem: Problem, settings: SolverSettings, plan: FitPlan, told: ProgressParts
) -> np.ndarray:
    """The estimate of one channel, [1, K, L]."""
    linear, began = replace(settings, iterations=None), time.monotonic()
    start = least_squares.solve(problem, linear, told.part(0.0, 0.2))
    now = time.monotonic()
    no_time = settings.deadline is not None and now + 2 * (now - began) > settings.deadline
    holdout = None if told.stopped or no_time or _settled(problem) else hold_out(problem)
    if holdout is None:
        return start
    known = least_squares.solve(holdout.known, replace(linear, watch=None), told.part(0.2, 0.4))
    correct = None if told.stopped else _learn(problem, holdout, known, settings, plan, told)
    if correct is None:
        return start
    found = [_agree(one, correct(Y), settings) for one, Y in ((holdout.known, known), (problem, start))]
    errors = (_error(problem, Y, holdout.validation) for Y in (found[0], known))
    return found[1] if surely_less(*errors) and np.isfinite(found[1]).all() else start


class Correction(nn.Module):
    """z + w f(z): the weight w is learnt and starts at zero, so that the fit starts at what it is given."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor) -> Tensor:
        """[1, 2, F, T] -> [1, 2, F, T]."""
        corrected: Tensor = z + self.weight * self.network(z)
        return corrected


def _learn(
    problem: Problem,
    holdout: Holdout,
    known: np.ndarray,
    settings: SolverSettings,
    plan: FitPlan,
    told: ProgressParts,
) -> Callable[[np.ndarray], np.ndarray] | None:
    """What corrects a linear estimate, [1, K, L] -> [1, K, L]: the network with the least
    validation loss along the fit; None where that is the start.

    known  the linear estimate without the holdout, [1, K, L]
    """
    level = np.float32(level_of(problem))

    def seen(X: np.ndarray) -> Tensor:
        return parts_of(X / level, plan.multiple).to(settings.device)

    def masked(name: str, cells: np.ndarray) -> MaskedLoss:
        mask = cells_of(cells, plan.multiple).to(settings.device)
        return MaskedLoss(name, seen(problem.value), mask, problem.operator)

    z, validation = seen(known), masked("mse", holdout.validation)
    network = Correction(fresh_network(settings, plan)).to(settings.device)
    rate = settings.learning_rate or plan.learning_rate
    fit = Fit(network, masked(settings.loss or LOSS, holdout.learning), rate)
    steps = settings.iterations or default_steps(plan, "guided")
    best, least = None, float(validation(z))
    run = fit.run(itertools.repeat(z), steps, told.part(0.4, 1.0), settings.deadline)
    for done, (loss, output) in enumerate(run, start=1):
        if settings.watch:
            settings.watch(loss, partial(_shown, output, float(level), known))
        if done % max(1, steps // CHECKS) == 0 or done == steps:
            missed = float(validation(output_of(network, z)))
            if missed < least:
                best, least = deepcopy(network), missed
    if best is None:
        return None
    chosen = best

    def correct(Y: np.ndarray) -> np.ndarray:
        z = seen(Y)
        change = coefficients_of(output_of(chosen, z) - z, Y)
        corrected: np.ndarray = (Y + level * change).astype(Y.dtype)
        return corrected

    return correct


def _shown(output: Tensor, level: float, like: np.ndarray) -> np.ndarray:
    """What a watch sees of a step: the network's output as coefficients, [1, K, L]."""
    return coefficients_of(output * level, like)


def _settled(problem: Problem) -> bool:
    """Whether the data of a problem of one channel settle the linear solution, or bounds do: held out, a
    coefficient would have none, and the solution would be another solver's."""
    known = observe(problem).known[0]
    return known.bounded or least_squares.plan_of(problem.operator, known).refine == 0


def _agree(problem: Problem, estimate: np.ndarray, settings: SolverSettings) -> np.ndarray:
    """The shortest way from an estimate of one channel to a signal that agrees with what is known of its
    kept coefficients: its coefficients, [1, K, L], dropped ones limited by their bounds.

    Conjugate gradients from the estimate's signal stay in the row space of the kept coefficients: nothing
    that these leave free is changed. Of quantised coefficients it is the nearest values inside their
    intervals that are aimed at.
    """
    aim = np.where(problem.kept, reinsert(problem, estimate), 0)
    seen = observe(replace(problem, value=aim))
    synthesise = Synthesis(problem.operator, torch.zeros(()))
    x = synthesise.signal(torch.from_numpy(estimate[0] + 0j)).numpy() / seen.level[0]
    budget = StepBudget(silent, settings.deadline, 0, 1, None)
    budget.plan([AGREE_STEPS])
    x = least_squares.conjugate_gradients(seen, x, budget.stage(AGREE_STEPS))
    X = seen.operator.forward(x) * seen.level
    return limit(problem, X.astype(estimate.dtype))


def _error(problem: Problem, estimate: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Energy of the error on some kept coefficients, frame by frame, float64 [L]."""
    errors = np.where(cells, np.abs(estimate - problem.value), 0).astype(np.float64)
    energy: np.ndarray = np.square(errors).sum(axis=(0, 1))
    return energy
