"""Reweighted least squares: among the signals that agree with the kept coefficients, the one with few large
coefficients in several windows at once.

    x^ = argmin_x  sum_kl c_k |Q (Sx - X)|^2 + mu  sum_j sum_i c_i s_ji e_j log(1 + |S_j x|_i^2 / e_j)

The mask hides coefficients of one resolution; another resolution still sees them. S_1 .. S_J are Hann STFTs
of one to sixteen times the window: a steady tone is sparse in the long ones, a short note in the short ones.
Their shares s_j, which sum to 1 at each place, are equal until the estimate has taken shape, and go then to
the windows that suit each place (`places`).

A logarithm is majorised by a quadratic with the weights w = e / (|S_j x|^2 + e) (iteratively reweighted least
squares: Candes, Wakin and Boyd 2008; Daubechies et al. 2010), renewed every other step, while e and mu fall;
each step minimises the quadratic over the plane of its gradient and the step before, which on a fixed
quadratic is conjugate gradients (memory gradient: Chouzenoux, Idier and Moussaoui 2011). The slower the fall,
the better the end: what is large is found one after the other. The less is known, the more the prior is
believed to the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from array_api_compat import device, is_numpy_array

from dpcodec.inpainting.arrays import dot, power, to_numpy
from dpcodec.inpainting.observation import Observation
from dpcodec.inpainting.step_budget import Stage
from dpcodec.inpainting.window_selection import shares
from dpcodec.settings import N_FFT_RANGE
from dpcodec.transform.operator import Operator
from dpcodec.transform.stft import Stft, array_namespace

Array = Any
T = TypeVar("T")

LONGER = (1, 2, 4, 8, 16)
"""Lengths of the prior's windows, in windows of the STFT."""
FEWER, FEWER_FROM = (1, 4, 8), 0.5
"""The same where coefficients are missing everywhere, from so many known real numbers per sample on: as good
in the mean, in two thirds of the time. Attacks gain, steady tones lose (docs/experiments/inpainting.md)."""
SPARSITY_E = 1e-2
"""First e, relative to the largest power in a window."""
LAST_E, LAST_E_RANGE = (-3.5, -2.0), (1e-6, 1e-5)
"""The last one falls with the known real numbers per sample, 10^(-3.5 - 2 known), within a range."""
SPARSITY_MU = 1e-2
"""First weight of the prior."""
LAST_MU, LAST_MU_RANGE = (0.5, -3.75), (3e-5, 1e-2)
"""The same of the last one."""
CHOOSE_FROM, CHOOSE = 0.3, 40
"""Share of the way from which windows are chosen for each place, and the steps between two choices."""
CHOICE = 0.3
"""Mean difference of logarithms that takes a share from one window to another, times what is known per
sample, 1 at most: with little known the difference is rough, and only a bold choice helps."""
TINY = 1e-30
"""Floor of e, for a signal that is all but silent."""
REWEIGHT_EVERY = 2
"""Steps between two changes of the weights."""


def prior_stfts(operator: Operator, factors: Sequence[int] = LONGER) -> list[Stft]:
    """The transforms S_j in whose coefficients sounds are sparse: so many windows long, none twice."""
    lengths = {min(factor * operator.n_fft, N_FFT_RANGE[1]) for factor in factors}
    return [Stft(n_fft, n_fft // 4, "hann") for n_fft in sorted(lengths)]


def few_windows_do(seen: Observation) -> bool:
    """Whether the prior's windows need not be all of LONGER."""
    return seen.determination >= FEWER_FROM and seen.covered()


class _View(NamedTuple):
    """A transform S or S_j, and the quadratic sum c (w |S x|^2 - 2 Re QY conj(S x)) on its coefficients.

    transform  S or S_j
    at         S x, of the estimate
    known      Q^2 and Q Y of the data; None where nothing was measured
    share      s_j of its coefficients; None where the prior does not look
    scratch    room for as many coefficients: fresh memory costs as much as what is done in it
    weights    w = Q^2 + mu s_j e / (|S x|^2 + e)
    move       image of the move before; None before the first
    """

    transform: Operator | Stft
    forward: Callable[[Array], Array]
    adjoint: Callable[[Array], Array]
    at: Array
    known: tuple[Array, Array] | None
    share: Array | None
    scratch: Array
    weights: Array = None
    move: Array = None


class _Prior(NamedTuple):
    """The prior at a point of the way."""

    e: float
    mu: float
    choice: float
    variance: float


def _prior_at(seen: Observation, way: float) -> _Prior:
    """At a share 0 .. 1 of the way: e relative to the largest power."""
    known = seen.determination
    e = _between(SPARSITY_E, _falling(LAST_E, LAST_E_RANGE, known), way)
    mu = _between(SPARSITY_MU, _falling(LAST_MU, LAST_MU_RANGE, known), way)
    return _Prior(e, mu, CHOICE * min(known, 1.0), seen.variance)


def _falling(line: tuple[float, float], ends: tuple[float, float], known: float) -> float:
    return float(np.clip(10 ** (line[0] + line[1] * known), *ends))


def refine(seen: Observation, x: Array, stage: Stage) -> Array:
    """Improve the estimate x, real [N], in the steps of the stage; e and mu fall as the stage goes on.

    On the CPU the transforms are worked on side by side, in a thread a core.
    """
    workers = os.cpu_count() or 1
    if not is_numpy_array(x) or workers == 1:
        return _refine(seen, x, stage, map)
    from concurrent.futures import ThreadPoolExecutor  # lazy: where others solve nobody needs it

    with ThreadPoolExecutor(workers) as pool:
        return _refine(seen, x, stage, pool.map)


def _refine(seen: Observation, x: Array, stage: Stage, each: Callable[..., Any]) -> Array:
    views, dx = _views(seen, x), None
    for step, way in enumerate(stage):
        prior = _prior_at(seen, way)
        if way >= CHOOSE_FROM and step % CHOOSE == 0:
            views = _chosen(seen, views, prior)
        if step % REWEIGHT_EVERY == 0:
            views = list(each(partial(_reweight, prior=prior), views))
        g = -sum(each(_slope, views))
        downs, H = zip(*each(partial(_look, g=g), views), strict=True)
        a = _minimum(sum(H), g, dx)
        if a is None:
            break
        dx = _combine(a, g, dx)
        x = x + dx
        seen.show(x)
        views = list(each(partial(_moved, a=a), views, downs))
    return x


def _views(seen: Observation, x: Array) -> list[_View]:
    """S, and the prior's windows; where S is one of these, it is looked at once for both."""
    operator, S = seen.operator, getattr(seen.operator, "transform", None)
    stfts = prior_stfts(operator, FEWER if few_windows_do(seen) else LONGER)
    known, share = (seen.square, seen.root * seen.target), 1 / len(stfts)
    views = [_view(operator, operator.forward, operator.adjoint, x, known, share if S in stfts else None)]
    for S_j in stfts:
        if S_j != S:
            span = S_j.span(operator.span.samples)
            forward, adjoint = partial(S_j.forward, span=span), partial(S_j.adjoint, span=span)
            views.append(_view(S_j, forward, adjoint, x, None, share))
    return views


def _view(
    transform: Operator | Stft,
    forward: Callable[[Array], Array],
    adjoint: Callable[[Array], Array],
    x: Array,
    known: tuple[Array, Array] | None,
    share: float | None,
) -> _View:
    at = forward(x)
    return _View(transform, forward, adjoint, at, known, share, 0 * at)


def _chosen(seen: Observation, views: list[_View], prior: _Prior) -> list[_View]:
    """The views, the prior's windows with the shares that suit the estimate."""
    asked = [view for view in views if view.share is not None]
    if len(asked) < 2:
        return views
    xp = array_namespace(views[0].at)
    squares = [power(view.at) for view in asked]
    e = max(prior.e * max(float(xp.max(P)) for P in squares), TINY)
    costs = [to_numpy(xp.log1p(P / e)) for P in squares]
    stfts = [view.transform for view in asked]
    samples = seen.operator.span.samples
    found = iter(shares(stfts, costs, seen.operator.n_fft, samples, prior.choice))
    return [
        view if view.share is None else view._replace(share=xp.asarray(next(found), device=device(view.at)))
        for view in views
    ]


def _slope(view: _View) -> Array:
    """Half the gradient of its quadratic, real [N]."""
    push = array_namespace(view.at).multiply(view.at, view.weights, out=view.scratch)
    if view.known is not None:
        push -= view.known[1]
    return view.adjoint(push)


def _look(view: _View, g: Array) -> tuple[Array, np.ndarray]:
    """The image of the downward gradient, and the quadratic [2, 2] over it and the move before."""
    down = view.forward(g)
    basis = [down] if view.move is None else [down, view.move]
    H = np.zeros((2, 2))
    for i, p in enumerate(basis):
        wp = array_namespace(p).multiply(p, view.weights, out=view.scratch)
        for j in range(i + 1):
            H[i, j] = H[j, i] = _inner(wp, basis[j], view.transform)
    return down, H


def _moved(view: _View, down: Array, a: tuple[float, float]) -> _View:
    move = _combine(a, down, view.move)
    at = view.at
    at += move
    return view._replace(at=at, move=move)


def _minimum(H: np.ndarray, g: Array, before: Array | None) -> tuple[float, float] | None:
    """Where the quadratic has its minimum in the plane of g and the move before; None if nowhere."""
    n = 1 if before is None else 2
    h = np.array([dot(g, g), 0.0 if before is None else dot(before, g)])[:n]
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


def _reweight(view: _View, prior: _Prior) -> _View:
    """With weights of the estimate as it is. e and mu e stop where the data are no surer."""
    if view.share is None:
        return view if view.known is None else view._replace(weights=view.known[0])
    w = power(view.at)
    e = max(float(array_namespace(w).max(w)) * prior.e, prior.variance, TINY)
    mu = max(prior.mu, prior.variance / e)
    w += e
    w = (mu * e * view.share) / w
    if view.known is not None:
        w += view.known[0]
    return view._replace(weights=w)


def _between(first: float, last: float, way: float) -> float:
    return float(first * (last / first) ** way)


def _inner(X: Array, Y: Array, transform: Operator | Stft) -> float:
    """<X, Y> with the weights c_k, of [K, L]."""
    xp = array_namespace(X)
    X, Y = xp.matrix_transpose(X), xp.matrix_transpose(Y)
    whole = xp.vecdot(xp.reshape(X, (-1,)), xp.reshape(Y, (-1,)))
    if transform.weights[0] == transform.weights[1]:
        return float(xp.real(whole))
    ends = xp.vecdot(X[:, 0], Y[:, 0]) + xp.vecdot(X[:, -1], Y[:, -1])
    return 2 * float(xp.real(whole)) - float(xp.real(ends))
