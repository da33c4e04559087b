"""The published fit: a network f is fitted to the kept coefficients, from noise.

    theta* = argmin_theta  loss(M f_theta(z), M X / a),     X^ = a f_theta*(z)

The paper's equation 4, with the fit of F. Miotello et al. (IEEE/ACM TASLP 2023): z is one draw of uniform
noise on [0, 0.1), 2 channels; each step adds fresh Gaussian noise of deviation 0.03; Adam. `a` makes the kept
real numbers' mean square 1, so that the fit goes alike at any level. Each channel is fitted alone and from
the same draw: equal channels come out equal.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from dpcodec.inpainting import least_squares
from dpcodec.inpainting.deep_prior.carrier import Modulated, carrier
from dpcodec.inpainting.deep_prior.fit import Fit, cells_of, coefficients_of, each_channel, level_of, parts_of
from dpcodec.inpainting.deep_prior.losses import MaskedLoss
from dpcodec.inpainting.deep_prior.multiresunet import COMPLEX_CHANNELS
from dpcodec.inpainting.deep_prior.networks import fresh_network
from dpcodec.inpainting.network_size import FitPlan, default_steps
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import Progress
from dpcodec.inpainting.progress_parts import ProgressParts
from dpcodec.inpainting.solver_settings import SolverSettings

LOSS = "mse+stft"
INPUT_RANGE = 0.1
INPUT_NOISE = 0.03


def solve(problem: Problem, settings: SolverSettings, plan: FitPlan, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: [C, K, L], finite always.

    The Nyquist bin is estimated as zero. The estimate is the output of the step with the lowest loss, when
    the steps are over, when `settings.deadline` is less than a step away (channels share the time) or when
    `progress` answers true. A silent channel, or one for which no time was left, comes back as its kept
    coefficients and zeros.

    A fit that diverges before its first finite output is replaced by least squares, which a `RuntimeWarning`
    tells. Raises `SettingsError` for an unknown loss.
    """

    def work(one: Problem, own: SolverSettings, told: ProgressParts) -> np.ndarray | None:
        if own.deadline is not None and time.monotonic() >= own.deadline:
            return None
        return _solve_channel(one, own, plan, told)

    return each_channel(work, problem, settings, progress)


def _solve_channel(
    problem: Problem, settings: SolverSettings, plan: FitPlan, told: ProgressParts
) -> np.ndarray:
    """The estimate of one channel, [1, K, L]."""
    fit, inputs = published_fit(problem, settings, plan)
    steps = settings.iterations or default_steps(plan, "paper")
    best, lowest = None, math.inf
    level = level_of(problem)
    for loss, output in fit.run(inputs, steps, told.part(0.0, 1.0), settings.deadline):
        if settings.watch:
            settings.watch(loss, partial(coefficients_of, output * level, problem.value))
        if loss < lowest:
            best, lowest = output, loss
    if best is not None:
        return coefficients_of(best * level, problem.value)
    warnings.warn("a deep prior fit diverged and was replaced by least squares", RuntimeWarning, stacklevel=2)
    return least_squares.solve(problem, replace(settings, iterations=None), told.part(0.0, 1.0))


def published_fit(problem: Problem, settings: SolverSettings, plan: FitPlan) -> tuple[Fit, Iterator[Tensor]]:
    """The fit to a problem of one channel, and the input of each step [1, 2, F, T], without end.

    The target's kept cells have a mean square of 1; cells beyond the grid count as dropped.
    """
    device = torch.device(settings.device)
    target = parts_of(problem.value / np.float32(level_of(problem)), plan.multiple)
    kept = cells_of(problem.kept, plan.multiple)
    network: nn.Module = fresh_network(settings, plan)
    if plan.modulated:
        turn = carrier(problem.operator.n_fft, problem.operator.hop, *kept.shape)
        network = Modulated(network, turn.to(device))
    loss = MaskedLoss(settings.loss or LOSS, target.to(device), kept.to(device), problem.operator)
    fit = Fit(network.to(device, torch.float32), loss, settings.learning_rate or plan.learning_rate)
    return fit, _inputs((1, COMPLEX_CHANNELS, *kept.shape), settings.seed, device)


def _inputs(shape: tuple[int, ...], seed: int, device: torch.device) -> Iterator[Tensor]:
    """One draw of uniform noise, with fresh Gaussian noise each time."""
    generator = torch.Generator().manual_seed(seed)
    z = INPUT_RANGE * torch.rand(shape, generator=generator, dtype=torch.float32)
    while True:
        noise = torch.randn(shape, generator=generator, dtype=torch.float32)
        yield (z + INPUT_NOISE * noise).to(device)
