"""Time-frequency inpainting on arrays, without files: what the decoder does with a masked spectrogram."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from array_api_compat import is_cupy_array

from dpcodec.errors import SettingsError
from dpcodec.inpainting.device import resolve_device
from dpcodec.inpainting.interchange import Array, as_numpy, beside, device_of, in_place, of_kind
from dpcodec.inpainting.problem import Origin, Problem, limit, reinsert
from dpcodec.inpainting.solver_settings import SolverSettings, with_share
from dpcodec.inpainting.solvers import Solve, agrees, solve_with, takes_arrays
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator, Operator, StftOperator
from dpcodec.transform.stft import Stft, array_namespace

Callback = Callable[[int, float, Array], bool | None]
"""Called after each step: its number from 1 on, the loss, the estimate [K, L]. A true answer stops."""


def inpaint(
    X: Array,
    mask: Array,
    transform: Stft | Mdct | Operator,
    *,
    solver: str | Solve = "auto",
    bounds: Array | None = None,
    halfwidth: Array | None = None,
    samples: int | None = None,
    context: bool = True,
    network: Any = None,
    fit: str = "guided",
    loss: str | None = None,
    learning_rate: float | None = None,
    iterations: int | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    device: str | None = None,
    callback: Callback | None = None,
) -> Array:
    """Estimate the coefficients that a mask has dropped.

    X          [..., K, L], complex of an `Stft`, real of an `Mdct`: a numpy array, a torch tensor, or another
               array of the array API standard. Only what the mask keeps is looked at
    mask       bool, True = kept; [..., K, L], or what broadcasts to it, as [K, L] for all of a batch
    transform  what X is of, without frames cut into blocks; or an operator of one stretch of a signal
    solver     "auto", a name of `dpcodec.SOLVERS` or of a plug-in, or a function `solve(problem, settings,
               progress)` that gives the estimate of a `dpcodec.Problem`, [1, K, L], as a numpy array
    bounds     on the moduli of dropped coefficients, >= 0, inf where unknown; broadcasts to X. None: unknown
    halfwidth  of the quantiser's boxes around kept coefficients, real and imaginary part alike; broadcasts to
               X. None: exact
    samples    N of the signal; None: the most that L frames may have, (L - 1) hop
    context    put the kept coefficients back after the solver; those with a half-width move into their boxes
    network    of solver deep-prior: a name, or a torch.nn.Module that maps float32 [1, 2, F, T] onto the same
               shape (real and imaginary part; F = K - 1 and T = L, rounded up to multiples of 16, or of its
               attribute `multiple`). A copy is fitted
    fit, loss, learning_rate, seed  of the deep prior, as in `DecodeSettings`; the rate is Adam's
    iterations  steps of the solver. None: its own default
    time_limit  seconds for all of it, after which it comes back with the best so far
    device     None: where X is; or "auto", "cpu", "cuda", "cuda:N", "mps"
    callback   called as `callback(step, loss, estimate)` after each step of an iterative solver

    Items of a batch are solved each for itself; by least squares on a GPU side by side. There tensors of any
    shape [..., K, L] stay tensors from start to end; other solvers take numpy's arrays. Gives an array of X's
    kind, type and shape, finite where X is kept. Raises `SettingsError` for shapes, types and values that do
    not fit.

    >>> stft = Stft(256, 64, "hann")
    >>> x = np.sin(np.arange(4000) / 9)
    >>> X = stft.forward(x)
    >>> mask = np.random.default_rng(0).random(X.shape) < 0.5
    >>> Y = inpaint(X, mask, stft, samples=4000)
    >>> bool(np.sum(abs(Y - X) ** 2) < 1e-3 * np.sum(abs(X[~mask]) ** 2))
    True
    """
    arrays = takes_arrays(solver)
    given = in_place(X) if arrays and not (device and is_cupy_array(X)) else as_numpy(X)
    values, kept, around = _checked(given, mask, transform, bounds, halfwidth)
    operator = _operator(transform, values.shape[-1], samples)
    settings = SolverSettings(
        device=resolve_device(device_of(X) if device is None else device),
        iterations=iterations,
        deadline=None if time_limit is None else time.monotonic() + time_limit,
        seed=seed,
        network=network,
        fit=fit,
        loss=loss,
        learning_rate=learning_rate,
    )
    xp = array_namespace(values)
    out = xp.where(kept, values, xp.zeros_like(values))
    count = len(values) if arrays and callback is None else 1
    for first in range(0, len(values), max(count, 1)):
        seen, some = _Seen(callback, X), slice(first, first + count)
        own = replace(with_share(settings, count / (len(values) - first)), watch=seen if callback else None)
        problem = _problem(operator, values[some], kept[some], *(a[some] for a in around))
        estimate, told = solve_with(solver, problem, own, seen.progress)
        if not agrees(told):
            estimate = limit(problem, estimate)
        out[some] = _in_context(problem, estimate, values[some]) if context else estimate
        if seen.stopped:
            break
    return beside(out.reshape(given.shape), X)


class _Seen:
    """Tells a callback of each step of one item, and the solver of its answer."""

    def __init__(self, callback: Callback | None, like: Array) -> None:
        self._callback, self._like, self._step = callback, like, 0
        self.stopped = False

    def __call__(self, loss: float, estimate: Callable[[], np.ndarray]) -> None:
        self._step += 1
        assert self._callback is not None
        answer = self._callback(self._step, loss, beside(estimate()[0], self._like))
        self.stopped = bool(answer) or self.stopped

    def progress(self, done: float, total: float | None, detail: str) -> bool:
        return self.stopped


def _checked(
    X: Array, mask: Array, transform: Stft | Mdct | Operator, bounds: Array | None, halfwidth: Array | None
) -> tuple[Array, Array, tuple[Array, Array]]:
    """Values and mask as [B, K, L], and half-widths and bounds the same, all of the kind of X. Raises
    `SettingsError`."""
    xp = array_namespace(X)
    kind = "real" if transform.orthonormal else "complex"
    if not xp.isdtype(X.dtype, f"{kind} floating"):
        raise SettingsError(f"X is of {X.dtype}: this transform has {kind} coefficients")
    if X.ndim < 2 or X.shape[-2] != transform.bins:
        raise SettingsError(f"X has shape {tuple(X.shape)}: give [..., {transform.bins}, frames]")
    kept = of_kind(mask, X)
    if not xp.isdtype(kept.dtype, "bool"):
        raise SettingsError(f"mask is of {kept.dtype}: give booleans, True = kept")
    kept = _spread("mask", kept, X)
    if not xp.all(xp.isfinite(X) | ~kept):
        raise SettingsError("X is not finite where the mask keeps it")
    around = []
    for name, given, default in (("halfwidth", halfwidth, 0.0), ("bounds", bounds, np.inf)):
        array = of_kind(default if given is None else given, X)
        if not xp.isdtype(array.dtype, ("real floating", "integral")) or not xp.all(array >= 0):
            raise SettingsError(f"{name}: give real numbers from 0 on")
        around.append(xp.astype(_spread(name, array, X), xp.float32))
    wide, bound = around
    nothing = xp.zeros_like(bound)
    grid = (math.prod(X.shape[:-2]), *X.shape[-2:])
    shaped = (xp.where(kept, wide, nothing), xp.where(kept, nothing, bound))
    return X.reshape(grid), kept.reshape(grid), (shaped[0].reshape(grid), shaped[1].reshape(grid))


def _spread(name: str, array: Array, X: Array) -> Array:
    try:
        return array_namespace(X).broadcast_to(array, X.shape)
    except (ValueError, RuntimeError) as exc:  # numpy's and torch's
        shapes = f"{tuple(array.shape)}: it does not fit X, {tuple(X.shape)}"
        raise SettingsError(f"{name} has shape {shapes}") from exc


def _operator(transform: Stft | Mdct | Operator, frames: int, samples: int | None) -> Operator:
    """S of a whole signal. Raises `SettingsError` where the numbers do not fit."""
    if not isinstance(transform, Stft | Mdct):
        if samples not in (None, transform.span.samples) or frames != transform.span.frames:
            raise SettingsError(f"the operator has {transform.span.frames} frames, X has {frames}")
        return transform
    samples = max(frames - 1, 0) * transform.hop if samples is None else samples
    span = transform.span(samples)
    if span.frames != frames:
        raise SettingsError(
            f"{samples} samples make {span.frames} frames of hop {transform.hop}, X has {frames}"
        )
    if isinstance(transform, Stft):
        return StftOperator(transform, span)
    return MdctOperator(transform, span, np.zeros(frames, np.int64))


def _problem(operator: Operator, X: Array, kept: Array, halfwidth: Array, bound: Array) -> Problem:
    """Of some items, [B, K, L]."""
    xp = array_namespace(X)
    value = xp.astype(
        xp.where(kept, X, xp.zeros_like(X)), xp.float32 if operator.orthonormal else xp.complex64
    )
    return Problem(operator, kept, value, value, halfwidth, bound, xp.zeros_like(bound), Origin())


def _in_context(problem: Problem, estimate: Array, X: Array) -> Array:
    """The estimate [B, K, L] with kept coefficients in their boxes, exact ones as they came."""
    exact = problem.kept & (problem.halfwidth == 0)
    return array_namespace(X).where(exact, X, reinsert(problem, estimate))
