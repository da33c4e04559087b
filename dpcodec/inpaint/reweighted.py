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

from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpaint.observation import Observation
from dpcodec.inpaint.watch import Stage
from dpcodec.settings import N_FFT_RANGE
from dpcodec.signal.stft import Stft

Array = Any

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


class _Point(NamedTuple):
    """A signal or a direction with its images: x, Q S x (for the signal less the target), S' x."""

    x: Array
    R: Array
    Y: Array


def long_stft(stft: Stft) -> Stft:
    """The transform S' in whose coefficients sounds are sparse."""
    n_fft = min(LONGER * stft.n_fft, N_FFT_RANGE[1])
    return Stft(n_fft, n_fft // 4, "hann")


def refine(seen: Observation, x: Array, stage: Stage) -> Array:
    """Improve the estimate x, real [N], in the steps of the stage; e and mu fall as the stage goes on."""
    L = long_stft(seen.stft)
    span = L.span(seen.span.samples)
    at = _Point(x + 0, seen.forward(x) - seen.target, L.forward(x, span))
    before: _Point | None = None
    w: Array = None
    for step, share in enumerate(stage):
        if step % RENEW == 0:
            w = _weights(at.Y, share, seen.variance)
        g = -seen.adjoint(at.R) - L.adjoint(at.Y * w, span)
        down = _Point(g, seen.forward(g), L.forward(g, span))
        before = _best_move(down, before, w)
        if before is None:
            break
        for part, change in zip(at, before, strict=True):
            part += change
    return at.x


def _weights(Y: Array, share: float, variance: float) -> Array:
    """mu w: float32 [K', L'], at a share 0..1 of the way. e and mu e stop where the data are no surer."""
    xp = array_namespace(Y)
    power = xp.real(Y) ** 2 + xp.imag(Y) ** 2
    e = max(float(xp.max(power)) * _between(SPARSITY_E, share), variance, TINY)
    mu = max(_between(SPARSITY_MU, share), variance / e)
    return (mu * e) / (power + e)


def _between(ends: tuple[float, float], share: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** share)


def _best_move(down: _Point, before: _Point | None, w: Array) -> _Point | None:
    """The move to the quadratic's minimiser in the plane of its downward gradient and the move before, which
    it overwrites; None at the minimum."""
    basis = [down] if before is None else [down, before]
    n = len(basis)
    H, h = np.zeros((n, n)), np.zeros(n)
    for i, p in enumerate(basis):
        h[i] = _dot(p.x, down.x)
        wY = p.Y * w
        for j in range(i + 1):
            H[i, j] = H[j, i] = _inner(p.R, basis[j].R) + _inner(wY, basis[j].Y)
    size = np.sqrt(np.diag(H))
    if not (np.isfinite(H).all() and (size > 0).all()):
        return None
    a = np.linalg.lstsq(H / np.outer(size, size), h / size, rcond=1e-6)[0] / size
    for i, p in enumerate(down):
        p *= float(a[0])
        if before is not None:
            q = before[i]
            q *= float(a[1])
            p += q
    return down


def _dot(x: Array, y: Array) -> float:
    return float(array_namespace(x).vecdot(x, y))


def _inner(X: Array, Y: Array) -> float:
    """<X, Y> with the weights c_k, of complex [K, L]."""
    xp = array_namespace(X)
    X, Y = xp.matrix_transpose(X), xp.matrix_transpose(Y)
    whole = xp.vecdot(xp.reshape(X, (-1,)), xp.reshape(Y, (-1,)))
    ends = xp.vecdot(X[:, 0], Y[:, 0]) + xp.vecdot(X[:, -1], Y[:, -1])
    return 2 * float(xp.real(whole)) - float(xp.real(ends))
