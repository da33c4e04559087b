"""Least squares: the signal whose STFT best fits what is known of its coefficients.

    x^ = argmin_x  sum_kl c_k Q_kl^2 |(Sx)_kl - X_kl|^2  (+ prior)

with Q from `observation.observe`. A redundant STFT keeps more coefficients than the signal has samples up to
a good share of drop, and then no prior is needed: conjugate gradients on the normal equations
S*Q^2 S x = S*Q^2 X, preconditioned by their diagonal, end at the signal itself (Hestenes and Stiefel 1952;
Saad, Iterative Methods for Sparse Linear Systems, algorithm 9.1). Where they do not end, and nothing bounds
what was dropped, `reweighted.refine` goes on with a prior: few large coefficients in a longer window.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpaint import reweighted
from dpcodec.inpaint.observation import Observation, observe
from dpcodec.inpaint.problem import Problem, Progress, limit
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.inpaint.watch import Stage, Watch

Array = Any

STEPS = 200
"""Conjugate gradient steps within which a determined signal reaches the tolerance."""
TOLERANCE = 1e-7
"""Residual of the preconditioned normal equations, relative to the start, at which the signal is found."""
DIAGONAL_FLOOR = 1e-6
"""Smallest value in the preconditioner, relative to its largest: samples that hardly a kept frame covers."""
UNSEEN = 1e-7
"""Curvature, relative to the diagonal's, below which the data say nothing about a direction."""
PULL = 1e-2
"""Weight of the zeros that stand for frames missing beyond a cut end."""
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
        watch = Watch(progress, settings.deadline, c, channels, settings.iterations)
        seen = _on_device(observe(problem, c), settings.device)
        estimate[c] = _numpy(seen.stft.forward(solve_channel(seen, watch), seen.span) * seen.level)
    usable = np.isfinite(estimate)
    return limit(problem, np.where(usable, estimate, problem.centre).astype(np.complex64))


def solve_channel(seen: Observation, watch: Watch) -> Array:
    """The signal of one channel divided by its level, float32 [N], on the observation's device."""
    b = seen.adjoint(seen.target)
    if not _dot(b, b) > 0:
        return b
    first = watch.allowed(STEPS if seen.determination >= HOPELESS else FIRST_STEPS)
    second = 0 if seen.bounded else watch.allowed(reweighted.STEPS, first)
    x, found = conjugate_gradients(seen, b, watch.stage(first, first + second))
    if second == 0 or (found and seen.covered()):
        return x
    return reweighted.refine(seen, x, watch.stage(second, first + second))


def conjugate_gradients(seen: Observation, b: Array, stage: Stage) -> tuple[Array, bool]:
    """Solve S*Q^2 S x = b from x = 0: (x real [N], whether it was found).

    Found means that the residual fell to the tolerance over the samples inside the block: next to a cut end,
    where frames are missing, nothing may determine the signal, and nobody will use it. Ends earlier in a
    direction that the data say nothing about: rounding would take it anywhere.
    """
    d, pull = seen.diagonal(), PULL * seen.missing()
    floor = d + pull + DIAGONAL_FLOOR * array_namespace(d).max(d)
    inside = seen.inside
    x, r = 0 * b, b + 0
    d = z = r / floor
    rz, enough = _dot(r, z), TOLERANCE**2 * _dot(r[inside], z[inside])
    for _ in stage:
        if _dot(r[inside], z[inside]) <= enough:
            return x, True
        Ad = seen.adjoint(seen.forward(d)) + pull * d
        curvature = _dot(d, Ad)
        if not curvature > UNSEEN * _dot(d, floor * d):
            break
        x += (rz / curvature) * d
        r -= (rz / curvature) * Ad
        z = r / floor
        rz, before = _dot(r, z), rz
        d = z + (rz / before) * d
    return x, _dot(r[inside], z[inside]) <= enough


def _on_device(seen: Observation, device: str) -> Observation:
    if device == "cpu":
        return seen
    import torch  # lazy: the CPU path runs without it

    def move(a: np.ndarray) -> Array:
        return torch.from_numpy(a.T).to(device).mT

    return replace(seen, target=move(seen.target), root=move(seen.root))


def _numpy(X: Array) -> np.ndarray:
    return X if isinstance(X, np.ndarray) else np.asarray(X.cpu())


def _dot(x: Array, y: Array) -> float:
    return float(array_namespace(x).vecdot(x, y))
