"""The guided fit: linear algebra first, a network for what it leaves open.

    Y_w = S x_w,  x_w = least squares with a prior in a long window w,       w = 1 .. W
    theta* = argmin_theta  sum over hidden kl of  dist(P f_theta(Y'_1 .. Y'_W)_kl, known_kl)
    X^ = the nearest coefficients to P f_theta*(Y_1 .. Y_W) that agree with all that is known

Y' are the same linear estimates made without some of the kept coefficients (`hidden.py`): on these the
network learns what to make of such estimates, since there the answer is known; P = S S^+ leaves what is the
STFT of a signal. Some hidden coefficients are not fitted but judge: when to stop, which of the late iterates'
means is best, and whether the network's answer is taken at all: where it predicts them worse than the linear
start does, the linear start is the answer. A small network is fitted several times, so that each hidden
coefficient judges once, and X^ is of the mean of what they say.

Without its start the fit is a deep prior from noise, on all kept coefficients but those that judge.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from dpcodec.inpaint.deep_prior import starts
from dpcodec.inpaint.deep_prior.hidden import hide, set_aside
from dpcodec.inpaint.deep_prior.proposals import Correction
from dpcodec.inpaint.deep_prior.workbench import Workbench
from dpcodec.inpaint.hiding import surely_less
from dpcodec.inpaint.networks.sizes import AnySize, default_steps
from dpcodec.inpaint.portions import Portions
from dpcodec.inpaint.problem import Problem, Progress
from dpcodec.inpaint.solver_settings import FitMemory, SolverSettings

HELD_OUT = 0.03
"""Share of the kept coefficients that judge a fit without a start."""
LATER_STEPS = 4
"""A network that knows the file takes one in so many of the steps."""


def solve(problem: Problem, settings: SolverSettings, size: AnySize, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: complex64 [C, K, L], finite always.

    Channels are fitted one after the other and share the time. `settings.iterations` bounds the steps of the
    network. With `settings.memory` the network of the block before goes on; without, each channel is fitted
    anew and from the same seed. Comes back with the best so far when `settings.deadline` has passed or
    `progress` answers true: the linear start where there was no time for more. Raises `SettingsError` for an
    unknown loss.
    """
    channels = problem.kept.shape[0]
    estimate = np.where(problem.kept, problem.centre, 0).astype(np.complex64)
    stopped = False
    for c in range(channels):
        if stopped or not estimate[c].any():
            continue
        portions = Portions(progress, c, channels)
        one = _channel(problem, c)
        own = _share_of_time(settings, channels - c)
        work = _from_noise if "start" in settings.without else _from_start
        found = work(one, own, size, portions)
        estimate[c] = np.where(np.isfinite(found[0]), found[0], estimate[c])
        stopped = portions.stopped
    return estimate


def trial_step(problem: Problem, size: AnySize, settings: SolverSettings) -> Callable[[], float]:
    """One step of a fit on a problem of one channel, to be timed: with estimates that are mere noise."""
    noise = np.random.default_rng(0).standard_normal((2, len(starts.LONGER), *problem.kept.shape[1:]))
    bench = Workbench(problem, settings, size)
    proposal = bench.build(len(starts.LONGER), 0)
    prepared = proposal.prepare(bench.field((noise[0] + 1j * noise[1]).astype(np.complex64)))
    descent = bench.descent(proposal, problem.kept, None)
    return lambda: descent.step(prepared)


def _from_start(problem: Problem, settings: SolverSettings, size: AnySize, portions: Portions) -> np.ndarray:
    """The estimate of one channel, complex64 [1, K, L], from the linear start."""
    memory = (settings.memory or FitMemory()).fitted
    memory["blocks"] = blocks = memory.get("blocks", 0) + 1
    refit = blocks & (blocks - 1) == 0 or "proposals" not in memory
    began = time.monotonic()
    first = starts.linear(problem, settings, None, portions.part(0.0, 0.1))
    if portions.stopped or starts.settled(problem) or not (refit or _network_wins(memory, settings)):
        return first
    windows = _affordable(time.monotonic() - began, settings, refit)
    if len(windows) < 2 or not (refit or memory["estimates"] == len(windows)):
        return first
    more = portions.split(0.1, 0.4, len(windows) - 1)
    inputs = np.concatenate([first, starts.estimates(problem, settings, windows[1:], more)])
    if refit and not portions.stopped:
        _learn(problem, settings, size, windows, memory, portions)
    if portions.stopped or "proposals" not in memory or not _network_wins(memory, settings):
        return first
    bench = Workbench(problem, settings, size)
    X = bench.answer(memory["proposals"], inputs)
    found = starts.exact(problem, X, settings) if np.isfinite(X).all() else X
    return found if np.isfinite(found).all() else first


def _learn(
    problem: Problem,
    settings: SolverSettings,
    size: AnySize,
    windows: tuple[int | None, ...],
    memory: dict[str, Any],
    portions: Portions,
) -> None:
    """Fit the networks to what is hidden from the linear estimates, from where the memory has them."""
    hidden = hide(problem, settings.seed + memory["blocks"])
    folds = hidden.folds(size.folds)
    if not folds:
        return
    drawn = starts.estimates(hidden.problem, settings, windows, portions.split(0.4, 0.8, len(windows)))
    if portions.stopped:
        return
    bench = Workbench(problem, settings, size)
    before = memory.get("proposals", []) if memory.get("estimates") == len(windows) else []
    steps = settings.iterations or default_steps(size, "guided")
    linear = torch.from_numpy(drawn[0]).to(settings.device)
    proposals, errors = [], np.zeros((2, problem.kept.shape[2]))
    for i, (fitted, judged) in enumerate(folds):
        known = i < len(before)
        proposal = bench.moved(before[i]) if known else bench.build(len(windows), i)
        prepared = proposal.prepare(bench.field(drawn))
        judge = bench.judge(judged)
        descent = bench.descent(proposal, fitted, judge if "holdout" not in settings.without else None)
        told = portions.part(0.8 + 0.2 * i / len(folds), 0.8 + 0.2 * (i + 1) / len(folds))
        wanted = max(1, steps // LATER_STEPS) if known else steps
        deadline = _share_of_time(settings, len(folds) - i).deadline
        descent.run(itertools.repeat(prepared), prepared, wanted, told, deadline)
        proposals.append(descent.best)
        found = bench.cells(descent.best, prepared)[0]
        for row, X in enumerate((torch.from_numpy(found).to(settings.device), linear)):
            errors[row] += judge.by_frame(X).cpu().numpy()
    memory["proposals"], memory["estimates"] = proposals, len(windows)
    for blocks, one in zip(memory.setdefault("errors", ([], [])), errors, strict=True):
        blocks.append(one / max(errors[1].sum(), 1e-30))


def _network_wins(memory: dict[str, Any], settings: SolverSettings) -> bool:
    """Whether the network surely predicts hidden coefficients better than the linear start does, over the
    file."""
    if "holdout" in settings.without:
        return True
    errors = [np.concatenate(blocks) for blocks in memory.get("errors", ((), ())) if blocks]
    return bool(errors) and surely_less(*errors)


def _affordable(seconds: float, settings: SolverSettings, refit: bool) -> tuple[int | None, ...]:
    """The windows that the time left is enough for, where one solution took so many seconds."""
    if settings.deadline is None:
        return starts.LONGER
    solutions = (settings.deadline - time.monotonic()) / max(seconds, 1e-9)
    count = len(starts.LONGER)
    while count > 1 and (2 * count if refit else count) > solutions:
        count -= 1
    return starts.LONGER[:count]


def _from_noise(problem: Problem, settings: SolverSettings, size: AnySize, portions: Portions) -> np.ndarray:
    """The estimate of one channel, complex64 [1, K, L], by a network that starts from noise."""
    memory = (settings.memory or FitMemory()).fitted
    bench = Workbench(problem, settings, size)
    known = "proposals" in memory
    proposal: Correction = bench.moved(memory["proposals"][0]) if known else bench.build_from_noise()
    generator = torch.Generator().manual_seed(settings.seed)
    calm = proposal.draw(generator)
    judged = np.zeros_like(problem.kept)
    if "holdout" not in settings.without:
        judged = set_aside(problem, HELD_OUT, settings.seed)
    judge = bench.judge(judged) if judged.any() else None
    descent = bench.descent(proposal, problem.kept & ~judged, judge)
    steps = settings.iterations or default_steps(size, "guided")
    wanted = max(1, steps // LATER_STEPS) if known else steps
    told = portions.part(0.0, 1.0)
    shaken = (proposal.shake(calm, generator) for _ in itertools.count())
    descent.run(shaken, calm, wanted, told, settings.deadline)
    X = bench.cells(descent.best, calm)
    if not np.isfinite(X).all():
        warnings.warn(
            "a deep prior fit diverged and was replaced by least squares", RuntimeWarning, stacklevel=2
        )
        return starts.linear(problem, settings, None, told)
    memory["proposals"] = [descent.best]
    return starts.exact(problem, X, settings)


def _channel(problem: Problem, channel: int) -> Problem:
    own = slice(channel, channel + 1)
    return Problem(
        problem.stft,
        problem.span,
        problem.kept[own],
        problem.centre[own],
        problem.halfwidth[own],
        problem.bound[own],
    )


def _share_of_time(settings: SolverSettings, channels: int) -> SolverSettings:
    """The settings with the deadline of one of so many channels that are left."""
    if settings.deadline is None:
        return settings
    now = time.monotonic()
    return replace(settings, deadline=now + (settings.deadline - now) / channels)
