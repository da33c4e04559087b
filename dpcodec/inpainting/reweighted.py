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
from array_api_compat import is_numpy_array

from dpcodec.inpainting.arrays import dot, like, peak, power, quotient
from dpcodec.inpainting.observation import Known, Observation
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
SAME = 1e-6
"""Share of the plane's larger curvature below which the smaller one is rounding: its two moves are one."""


def prior_stfts(operator: Operator, factors: Sequence[int] = LONGER) -> list[Stft]:
    """The transforms S_j in whose coefficients sounds are sparse: so many windows long, none twice."""
    lengths = {min(factor * operator.n_fft, N_FFT_RANGE[1]) for factor in factors}
    return [Stft(n_fft, n_fft // 4, "hann") for n_fft in sorted(lengths)]


def factors_of(known: Known) -> tuple[int, ...]:
    """The prior's windows for a signal of which so much is known."""
    return FEWER if known.determination >= FEWER_FROM and known.covered else LONGER


class _View(NamedTuple):
    """A transform S or S_j, and the quadratic sum c (w |S x|^2 - 2 Re QY conj(S x)) on its coefficients.

    transform  S or S_j
    at         S x, of the estimates, [B, K, L]
    known      Q^2 and Q Y of the data; None where nothing was measured
    share      s_j of its coefficients, one for all or [B, K, L]; None where the prior does not look
    scratch    room for as many coefficients: fresh memory costs as much as what is done in it
    weights    w = Q^2 + mu s_j e / (|S x|^2 + e)
    move       image of the move before; None before the first
    """

    transform: Operator | Stft
    forward: Callable[[Array], Array]
    adjoint: Callable[[Array], Array]
    at: Array
    known: tuple[Array, Array] | None
    share: Array | float | None
    scratch: Array
    weights: Array = None
    move: Array = None


class _Prior:
    """The prior of B signals on its way: e relative to the largest power, mu and the choice of windows, real
    [B, 1, 1] each."""

    def __init__(self, seen: Observation) -> None:
        known = np.array([one.determination for one in seen.known])
        self._last_e = _column(_falling(LAST_E, LAST_E_RANGE, known), seen)
        self._last_mu = _column(_falling(LAST_MU, LAST_MU_RANGE, known), seen)
        self.choice = _column(CHOICE * np.minimum(known, 1.0), seen)
        self.variance = seen.variance

    def at(self, way: float) -> tuple[Array, Array]:
        """e and mu at a share 0 .. 1 of the way."""
        e = SPARSITY_E * (self._last_e / SPARSITY_E) ** way
        return e, SPARSITY_MU * (self._last_mu / SPARSITY_MU) ** way


def _falling(line: tuple[float, float], ends: tuple[float, float], known: np.ndarray) -> np.ndarray:
    return np.clip(10 ** (line[0] + line[1] * known), *ends)


def _column(values: np.ndarray, seen: Observation) -> Array:
    """A number for each signal, [B, 1, 1]."""
    return like(values[:, None, None], seen.root)


def refine(seen: Observation, x: Array, stage: Stage) -> Array:
    """Improve the estimates x, real [B, N], in the steps of the stage; e and mu fall as the stage goes on.

    Each signal has its own weights, choice of windows and steps; all have the windows of the first. On the
    CPU the transforms are worked on side by side, in a thread a core.
    """
    workers = os.cpu_count() or 1
    if not is_numpy_array(x) or workers == 1:
        return _refine(seen, x, stage, map)
    from concurrent.futures import ThreadPoolExecutor  # lazy: where others solve nobody needs it

    with ThreadPoolExecutor(workers) as pool:
        return _refine(seen, x, stage, pool.map)


def _refine(seen: Observation, x: Array, stage: Stage, each: Callable[..., Any]) -> Array:
    xp, prior, views = array_namespace(x), _Prior(seen), _views(seen, x)
    going, dx = None, None
    for step, way in enumerate(stage):
        e, mu = prior.at(way)
        if way >= CHOOSE_FROM and step % CHOOSE == 0:
            views = _chosen(seen, views, e, prior.choice)
        if step % REWEIGHT_EVERY == 0:
            views = list(each(partial(_reweight, e=e, mu=mu, variance=prior.variance), views))
        g = -sum(each(_slope, views))
        downs, H = zip(*each(partial(_look, g=g), views), strict=True)
        a, able = _minimum(sum(H), g, dx)
        going = able if going is None else going & able
        if not xp.any(going):
            break
        dx = _combine(a, g, dx)
        x = xp.where(going[:, None], x + dx, x)
        seen.show(x)
        views = list(each(partial(_moved, a=a), views, downs))
    return x


def _views(seen: Observation, x: Array) -> list[_View]:
    """S, and the prior's windows; where S is one of these, it is looked at once for both."""
    operator, S = seen.operator, getattr(seen.operator, "transform", None)
    stfts = prior_stfts(operator, factors_of(seen.known[0]))
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


def _chosen(seen: Observation, views: list[_View], e: Array, choice: Array) -> list[_View]:
    """The views, the prior's windows with the shares that suit the estimates."""
    xp = array_namespace(views[0].at)
    asked = [view for view in views if view.share is not None]
    if len(asked) < 2:
        return views
    squares = [power(view.at) for view in asked]
    largest = e * xp.max(xp.stack([peak(P) for P in squares]), axis=0)
    floor = xp.maximum(largest, TINY * xp.ones_like(largest))
    costs, windows = [xp.log1p(P / floor) for P in squares], [view.transform for view in asked]
    found = iter(shares(windows, costs, seen.operator.n_fft, seen.operator.span.samples, choice))
    return [view if view.share is None else view._replace(share=next(found)) for view in views]


def _slope(view: _View) -> Array:
    """Half the gradient of its quadratic, real [B, N]."""
    push = array_namespace(view.at).multiply(view.at, view.weights, out=view.scratch)
    if view.known is not None:
        push -= view.known[1]
    return view.adjoint(push)


def _look(view: _View, g: Array) -> tuple[Array, Array]:
    """The image of the downward gradient, and the quadratic over it, real [1, B], and the move before: [3, B]
    for first with first, second with first, second with second."""
    down, xp = view.forward(g), array_namespace(g)
    basis = [down] if view.move is None else [down, view.move]
    H = []
    for i, p in enumerate(basis):
        wp = xp.multiply(p, view.weights, out=view.scratch)
        H += [_inner(wp, q, view.transform) for q in basis[: i + 1]]
    return down, xp.stack(H)


def _moved(view: _View, down: Array, a: tuple[Array, Array]) -> _View:
    move = _combine(a, down, view.move)
    at = view.at
    at += move
    return view._replace(at=at, move=move)


def _minimum(H: Array, g: Array, before: Array | None) -> tuple[tuple[Array, Array], Array]:
    """Where each quadratic has its minimum in the plane of g and the move before, real [B] each, and whether
    it has one, bool [B]; 0 where not."""
    xp = array_namespace(H)
    able = xp.all(xp.isfinite(H), axis=0) & (H[0] > 0)
    if before is None:
        a = quotient(dot(g, g), H[0], able)
        return (a, 0 * a), able
    able = able & (H[2] > 0)
    one = xp.ones_like(H[0])
    sizes = [xp.sqrt(xp.where(able, H[i], one)) for i in (0, 2)]
    cosine = xp.where(able, H[1], 0 * one) / sizes[0] / sizes[1]
    h = [xp.where(able, dot(p, g), 0 * one) / size for p, size in zip((g, before), sizes, strict=True)]
    least = SAME * (1 + xp.abs(cosine))  # the two are of length 1: their sum and difference are the axes
    half = [quotient(u, 2 * v, v > least) for u, v in ((h[0] + h[1], 1 + cosine), (h[0] - h[1], 1 - cosine))]
    return ((half[0] + half[1]) / sizes[0], (half[0] - half[1]) / sizes[1]), able


def _combine(a: tuple[Array, Array], down: Array, before: Array | None) -> Array:
    """The move a0 down + a1 before, of [B, ...]; overwrites both."""
    shape = (-1, *(1,) * (down.ndim - 1))
    xp = array_namespace(down)
    down *= xp.reshape(a[0], shape)
    if before is not None:
        before *= xp.reshape(a[1], shape)
        down += before
    return down


def _reweight(view: _View, e: Array, mu: Array, variance: Array) -> _View:
    """With weights of the estimates as they are. e and mu e stop where the data are no surer."""
    if view.share is None:
        return view if view.known is None else view._replace(weights=view.known[0])
    w = power(view.at)
    xp = array_namespace(w)
    e = xp.maximum(xp.maximum(peak(w) * e, variance), TINY * xp.ones_like(e))
    mu = xp.maximum(mu, variance / e)
    w += e
    w = (mu * e * view.share) / w
    if view.known is not None:
        w += view.known[0]
    return view._replace(weights=w)


def _inner(X: Array, Y: Array, transform: Operator | Stft) -> Array:
    """<X, Y> with the weights c_k, of [B, K, L]: real [B]."""
    xp = array_namespace(X)
    X, Y = xp.matrix_transpose(X), xp.matrix_transpose(Y)
    whole = xp.real(xp.vecdot(*(xp.reshape(Z, (Z.shape[0], -1)) for Z in (X, Y))))
    if transform.weights[0] == transform.weights[1]:
        return whole
    ends = sum(xp.vecdot(X[..., k], Y[..., k]) for k in (0, -1))
    return 2 * whole - xp.real(ends)
