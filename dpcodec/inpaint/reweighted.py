"""Reweighted least squares: among the signals that agree with the kept coefficients, the one with few large
coefficients in a longer window.

    x^ = argmin_x  sum_kl c_k |Q (Sx - X)|^2 + mu sum_i c_i e log(1 + |S'x|_i^2 / e)

The mask hides coefficients of one resolution; another resolution still sees them. S' is a Hann STFT of four
times the window. The logarithm is majorised by a quadratic with the weights w = e / (|S'x|^2 + e)
(iteratively reweighted least squares: Candes, Wakin and Boyd 2008; Daubechies et al. 2010), renewed every
other step, while e and mu fall; each step minimises the quadratic over the plane of its gradient and the
step before, which on a fixed quadratic is conjugate gradients (memory gradient: Chouzenoux, Idier and
Moussaoui 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from array_api_compat import array_namespace, is_numpy_array

from dpcodec.inpaint.observation import Observation
from dpcodec.inpaint.watch import Stage
from dpcodec.settings import N_FFT_RANGE
from dpcodec.signal.stft import Stft

Array = Any
T = TypeVar("T")

LONGER = 4
"""Length of the long window, in windows of the STFT."""
SPARSITY_E = (1e-2, 1e-6)
"""First and last e, relative to the largest power in the long window."""
SPARSITY_MU = (1e-2, 3e-5)
"""First and last weight of the prior."""
TINY = 1e-30
"""Floor of e, for a signal that is all but silent."""
RENEW = 2
"""Steps between two renewals of the weights."""


def long_stft(stft: Stft, longer: int = LONGER) -> Stft:
    """The transform S' in whose coefficients sounds are sparse: `longer` windows long."""
    n_fft = min(longer * stft.n_fft, N_FFT_RANGE[1])
    return Stft(n_fft, n_fft // 4, "hann")


class _View(NamedTuple):
    """An operator and its adjoint: Q S or S'."""

    forward: Callable[[Array], Array]
    adjoint: Callable[[Array], Array]


def refine(seen: Observation, x: Array, stage: Stage, longer: int = LONGER) -> Array:
    """Improve the estimate x, real [N], in the steps of the stage; e and mu fall as the stage goes on.

    The long window has `longer` windows of the STFT.

    On the CPU the two transforms are worked on side by side, in two threads.
    """
    with ThreadPoolExecutor(1) as pool:
        return _refine(seen, x, stage, long_stft(seen.stft, longer), pool if is_numpy_array(x) else None)


def _refine(seen: Observation, x: Array, stage: Stage, L: Stft, pool: ThreadPoolExecutor | None) -> Array:
    span = L.span(seen.span.samples)
    short = _View(seen.forward, seen.adjoint)
    long = _View(partial(L.forward, span=span), partial(L.adjoint, span=span))
    R, Y = short.forward(x) - seen.target, long.forward(x)
    dx = dR = dY = w = None
    for step, share in enumerate(stage):
        if step % RENEW == 0:
            w = _weights(Y, share, seen.variance)
        gR, gY = _both(pool, _slope, (short, R, None), (long, Y, w))
        g = -(gR + gY)
        (downR, HR), (downY, HY) = _both(pool, _look, (short, g, dR, None), (long, g, dY, w))
        a = _minimum(HR + HY, g, dx)
        if a is None:
            break
        dx, (dR, dY) = _combine(a, g, dx), _both(pool, _combine, (a, downR, dR), (a, downY, dY))
        x = x + dx
        R += dR
        Y += dY
    return x


def _slope(view: _View, at: Array, w: Array | None) -> Array:
    return view.adjoint(at if w is None else at * w)


def _look(view: _View, g: Array, before: Array | None, w: Array | None) -> tuple[Array, np.ndarray]:
    """The image of the downward gradient, and the quadratic [2, 2] over it and the move before."""
    down = view.forward(g)
    basis = [down] if before is None else [down, before]
    H = np.zeros((2, 2))
    for i, p in enumerate(basis):
        wp = p if w is None else p * w
        for j in range(i + 1):
            H[i, j] = H[j, i] = _inner(wp, basis[j])
    return down, H


def _minimum(H: np.ndarray, g: Array, before: Array | None) -> tuple[float, float] | None:
    """Where the quadratic has its minimum in the plane of g and the move before; None if nowhere."""
    n = 1 if before is None else 2
    h = np.array([_dot(g, g), 0.0 if before is None else _dot(before, g)])[:n]
    size = np.sqrt(np.diag(H))[:n]
    if not (np.isfinite(H).all() and (size > 0).all()):
        return None
    a = np.linalg.lstsq(H[:n, :n] / np.outer(size, size), h / size, rcond=1e-6)[0] / size
    return float(a[0]), float(a[-1])


def _combine(a: tuple[float, float], down: Array, before: Array | None) -> Array:
    """The move a0 down + a1 before; overwrites both."""
    down *= a[0]
    if before is not None:
        before *= a[1]
        down += before
    return down


def _both(
    pool: ThreadPoolExecutor | None, f: Callable[..., T], one: tuple[Any, ...], two: tuple[Any, ...]
) -> tuple[T, T]:
    """f(*one) and f(*two), the latter in the pool's thread if there is one."""
    if pool is None:
        return f(*one), f(*two)
    later = pool.submit(f, *two)
    return f(*one), later.result()


def _weights(Y: Array, share: float, variance: float) -> Array:
    """mu w: float32 [K', L'], at a share 0..1 of the way. e and mu e stop where the data are no surer."""
    xp = array_namespace(Y)
    power = xp.real(Y) ** 2 + xp.imag(Y) ** 2
    e = max(float(xp.max(power)) * _between(SPARSITY_E, share), variance, TINY)
    mu = max(_between(SPARSITY_MU, share), variance / e)
    return (mu * e) / (power + e)


def _between(ends: tuple[float, float], share: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** share)


def _dot(x: Array, y: Array) -> float:
    return float(array_namespace(x).vecdot(x, y))


def _inner(X: Array, Y: Array) -> float:
    """<X, Y> with the weights c_k, of complex [K, L]."""
    xp = array_namespace(X)
    X, Y = xp.matrix_transpose(X), xp.matrix_transpose(Y)
    whole = xp.vecdot(xp.reshape(X, (-1,)), xp.reshape(Y, (-1,)))
    ends = xp.vecdot(X[:, 0], Y[:, 0]) + xp.vecdot(X[:, -1], Y[:, -1])
    return 2 * float(xp.real(whole)) - float(xp.real(ends))
