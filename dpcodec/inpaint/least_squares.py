"""Least squares: the signal whose STFT best fits what is known of its coefficients.

    x^ = argmin_x  sum_kl c_k Q_kl^2 |(Sx)_kl - X_kl|^2  (+ prior)

with Q from `observation.observe`. A redundant STFT keeps more coefficients than the signal has samples up to
a good share of drop, and then no prior is needed: conjugate gradients on the normal equations
S*Q^2 S x = S*Q^2 X, preconditioned by their diagonal, end at the signal itself (Hestenes and Stiefel 1952;
Saad, Iterative Methods for Sparse Linear Systems, algorithm 9.1). Where they do not end, and nothing bounds
what was dropped, `reweighted.refine` goes on with a prior: few large coefficients in a longer window.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpaint import reweighted
from dpcodec.inpaint.observation import Observation, observe
from dpcodec.inpaint.problem import Problem, Progress, limit
from dpcodec.inpaint.solver_settings import SolverSettings

Array = Any
Stop = Callable[[int], bool]

STEPS = 200
"""Conjugate gradient steps within which a determined signal reaches the tolerance."""
TOLERANCE = 1e-7
"""Residual of the preconditioned normal equations, relative to the start, at which the signal is found."""
DIAGONAL_FLOOR = 1e-6
"""Smallest value in the preconditioner, relative to its largest: samples that hardly a kept frame covers."""
HOPELESS = 1.02
"""Below this many kept real numbers per sample no signal is determined: the first stage is cut short."""
FIRST_STEPS = 30
"""Steps of the first stage where the signal is not determined."""


def solve(problem: Problem, settings: SolverSettings, progress: Progress) -> np.ndarray:
    """Estimate all coefficients: Sx^ with the dropped ones limited by their bounds, complex64 [C, K, L].

    Channels are solved one after the other and share the time. Finite always; comes back with the best so far
    when `settings.deadline` has passed or `progress` answers true. `settings.iterations` bounds the steps of
    a channel. On a device other than the CPU the same code runs on torch tensors.
    """
    channels = problem.kept.shape[0]
    estimate = np.empty(problem.kept.shape, np.complex64)
    for c in range(channels):
        watch = _Watch(progress, settings.deadline, c, channels, settings.iterations)
        seen = _on_device(observe(problem, c), settings.device)
        estimate[c] = _numpy(seen.stft.forward(solve_channel(seen, watch), seen.span))
    usable = np.isfinite(estimate)
    return limit(problem, np.where(usable, estimate, problem.centre).astype(np.complex64))


def solve_channel(seen: Observation, watch: _Watch) -> Array:
    """The signal of one channel, float32 [N], on the observation's device."""
    target = seen.root * seen.target
    b = seen.adjoint(target)
    if not _size(b) > 0:
        return b
    steps = watch.steps(STEPS if seen.determination >= HOPELESS else FIRST_STEPS)
    watch.total = watch.steps(steps + (0 if seen.bounded else reweighted.STEPS))
    x, found = conjugate_gradients(seen, b, steps, watch.stop)
    if (found and seen.covered()) or seen.bounded or watch.total <= steps:
        return x
    return reweighted.refine(seen, x, watch.total - steps, lambda done: watch.stop(steps + done))


def conjugate_gradients(seen: Observation, b: Array, steps: int, stop: Stop) -> tuple[Array, bool]:
    """Solve S*Q^2 S x = b from x = 0: (x real [N], whether the tolerance was reached)."""
    d = seen.diagonal()
    scale = 1 / (d + DIAGONAL_FLOOR * array_namespace(d).max(d))
    x, r = 0 * b, b
    z = scale * r
    d, rz = z, _dot(r, z)
    enough = TOLERANCE**2 * rz
    for step in range(steps):
        if rz <= enough:
            return x, True
        if stop(step):
            break
        Ad = seen.adjoint(seen.forward(d))
        curvature = _dot(d, Ad)
        if not curvature > 0:
            break
        x, r = x + (rz / curvature) * d, r - (rz / curvature) * Ad
        z = scale * r
        rz, before = _dot(r, z), rz
        d = z + (rz / before) * d
    return x, rz <= enough


class _Watch:
    """Tells the caller's `progress` how far all channels are, and when a channel has to end."""

    def __init__(
        self, progress: Progress, deadline: float | None, channel: int, channels: int, limit: int | None
    ) -> None:
        self._progress, self._limit, self._channel, self._channels = progress, limit, channel, channels
        self._end = None
        if deadline is not None:
            now = time.monotonic()
            self._end = now + (deadline - now) / (channels - channel)
        self.total = 1

    def steps(self, wanted: int) -> int:
        """`wanted` steps, or as many as the settings allow."""
        return wanted if self._limit is None else min(wanted, self._limit)

    def stop(self, done: int) -> bool:
        """Whether to end the channel after `done` of its steps."""
        asked = self._progress(self._channel * self.total + done, self._channels * self.total)
        return bool(asked) or (self._end is not None and time.monotonic() >= self._end)


def _on_device(seen: Observation, device: str) -> Observation:
    if device == "cpu":
        return seen
    import torch  # lazy: the CPU path runs without it

    def move(a: np.ndarray) -> Array:
        return torch.from_numpy(np.ascontiguousarray(a)).to(device)

    return replace(seen, target=move(seen.target), root=move(seen.root))


def _numpy(X: Array) -> np.ndarray:
    return X if isinstance(X, np.ndarray) else np.asarray(X.cpu())


def _dot(x: Array, y: Array) -> float:
    return float(array_namespace(x).vecdot(x, y))


def _size(x: Array) -> float:
    return math.sqrt(_dot(x, x))
