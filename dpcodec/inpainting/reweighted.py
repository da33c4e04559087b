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
quadratic is conjugate gradients (memory gradient: Chouzenoux, Idier and Moussaoui 2011). Nothing but weights
is kept of the coefficients: a step asks for S_j* w S_j of one signal. The slower the fall, the better the
end: what is large is found one after the other. The less is known, the more the prior is believed to the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from array_api_compat import is_numpy_array

from dpcodec.inpainting.arrays import dot, like, peak, power, quotient
from dpcodec.inpainting.normal import Normal
from dpcodec.inpainting.observation import Observation
from dpcodec.inpainting.step_budget import Stage
from dpcodec.inpainting.window_selection import shares
from dpcodec.settings import N_FFT_RANGE
from dpcodec.transform.operator import Operator, StftOperator
from dpcodec.transform.stft import Stft, array_namespace

Array = Any

LONGER = (1, 2, 4, 8, 16)
"""Lengths of the prior's windows, in windows of the STFT."""
LATE = (2, 8)
"""Those that wait until windows are chosen: it saves an eighth of the time and loses nothing
(docs/experiments/inpainting.md)."""
FEWER, FEWER_FROM = (1, 4, 8), 1.3
"""Both where the data all but determine the signal, from so many known real numbers per sample on: few steps
are enough for three windows, none of which waits."""
SPARSITY_E = 1e-2
"""First e, relative to the largest power in a window."""
LAST_E, LAST_E_RANGE = (-3.5, -2.0), (1e-6, 1e-5)
"""The last one falls with the known real numbers per sample, 10^(-3.5 - 2 known), within a range."""
SPARSITY_MU = 1e-2
"""First weight of the prior."""
LAST_MU, LAST_MU_RANGE = (-1.0, -2.5), (3e-5, 1e-2)
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


class _View:
    """A transform S or S_j and the quadratic sum c w |S x|^2 on its coefficients, for B signals.

    operator  S or S_j
    known     Q^2 of the data, real [B, K, L]; None where nothing was measured
    share     s_j of its coefficients, real [B, K, L]; None where the prior does not look
    weights   w = Q^2 + mu s_j e / (|S x|^2 + e), real [B, K, L]
    largest   largest |S x|^2 when the weights were last made, real [B, 1, 1]
    waits     whether it is not looked at before windows are chosen
    """

    def __init__(
        self, operator: Operator, x: Array, known: Array | None, share: float | None, waits: bool = False
    ) -> None:
        P = power(operator.forward(x))
        self.operator, self.known, self.waits = operator, known, waits
        self._normal = Normal(operator, x)
        self.largest = peak(P)
        self.weights = known if share is None else 0 * P
        self.share = None if share is None else 0 * P + share

    def reweighted(self, x: Array, e: Array, mu: Array, variance: Array) -> Array:
        """S* (W - Q^2) S x with the weights of the estimates x, real [B, N]. e, which is relative to the
        largest power of the time before, and mu e stop where the data are no surer."""
        xp = array_namespace(x)
        e = xp.maximum(xp.maximum(self.largest * e, variance), TINY * xp.ones_like(e))
        mu = xp.maximum(mu, variance / e)
        found, self.largest = self._normal.reweighted(x, self.weights, self.share, self.known, mu, e)
        return found

    def normal(self, x: Array) -> Array:
        """S* W S x with the weights as they are: real [B, N] -> real [B, N]."""
        return self._normal.times(x, self.weights)


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

    Each signal has its own weights, choice of windows and steps. On the CPU the transforms are worked on side
    by side, in a thread a core.
    """
    workers = os.cpu_count() or 1
    if not is_numpy_array(x) or workers == 1:
        return _refine(seen, x, stage, map)
    from concurrent.futures import ThreadPoolExecutor  # lazy: where others solve nobody needs it

    with ThreadPoolExecutor(workers) as pool:
        return _refine(seen, x, stage, pool.map)


def _refine(seen: Observation, x: Array, stage: Stage, each: Callable[..., Any]) -> Array:
    xp, prior, views = array_namespace(x), _Prior(seen), _views(seen, x)
    looking = [view for view in views if not view.waits]
    pull, pulled = seen.adjoint(seen.target - seen.forward(x)), x
    going = dx = dg = g = None
    for step, way in enumerate(stage):
        e, mu = prior.at(way)
        if way >= CHOOSE_FROM and step % CHOOSE == 0:
            _choose(seen, views, x, e, prior.choice)
            looking = views
        if step % REWEIGHT_EVERY == 0:
            pull, pulled = pull - seen.normal(x - pulled), x  # not from x: its rounding would drown the prior
            asked = [view for view in looking if view.share is not None]
            made = each(
                lambda view, *now: view.reweighted(*now), asked, *map(repeat, (x, e, mu, seen.variance))
            )
            g = pull - sum(made)
        Ag = sum(each(lambda view, g: view.normal(g), looking, repeat(g)))
        a, able = _minimum(g, Ag, dx, dg)
        going = able if going is None else going & able
        if not xp.any(going):
            break
        done = None if xp.all(going) else ~going
        dx, dg = _combine(a, g, dx, done), _combine(a, Ag, dg, done)
        x, g = x + dx, g - dg
        seen.show(x)
    return x


def _views(seen: Observation, x: Array) -> list[_View]:
    """S, and the prior's windows; where S is one of these, it is looked at once for both."""
    operator, S = seen.operator, getattr(seen.operator, "transform", None)
    few = seen.known[0].covered and seen.known[0].determination >= FEWER_FROM
    stfts, late = prior_stfts(operator, FEWER if few else LONGER), prior_stfts(operator, () if few else LATE)
    share = 1 / sum(S_j not in late for S_j in stfts)
    views = [_View(operator, x, seen.square, share if S in stfts else None)]
    for S_j in stfts:
        if S_j != S:
            span = S_j.span(operator.span.samples)
            views.append(_View(StftOperator(S_j, span), x, None, share, S_j in late))
    return views


def _choose(seen: Observation, views: list[_View], x: Array, e: Array, choice: Array) -> None:
    """Give the prior's windows the shares that suit the estimates."""
    xp = array_namespace(x)
    asked = [view for view in views if view.share is not None]
    if len(asked) < 2:
        return
    squares = [power(view.operator.forward(x)) for view in asked]
    largest = e * xp.max(xp.stack([peak(P) for P in squares]), axis=0)
    floor = xp.maximum(largest, TINY * xp.ones_like(largest))
    costs, windows = [xp.log1p(P / floor) for P in squares], [view.operator for view in asked]
    found = shares(windows, costs, seen.operator.n_fft, seen.operator.span.samples, choice)
    for view, share in zip(asked, found, strict=True):
        view.share = share


def _minimum(g: Array, Ag: Array, dx: Array, dg: Array) -> tuple[tuple[Array, Array], Array]:
    """Where each quadratic has its minimum in the plane of the downward gradient g and the move before, None
    at first, real [B] each, and whether it has one, bool [B]; 0 where not. `dg` is what that move took from
    the gradient: it is not made anew with the weights, which change little in a step."""
    xp = array_namespace(g)
    curved = dot(g, Ag)
    able = xp.isfinite(curved) & (curved > 0)
    alone = quotient(dot(g, g), curved, able)
    if dx is None:
        return (alone, 0 * alone), able
    along = dot(dx, dg)
    plane = able & xp.isfinite(along) & (along > 0)
    one = xp.ones_like(curved)
    sizes = [xp.sqrt(xp.where(plane, H, one)) for H in (curved, along)]
    cosine = xp.where(plane, dot(dx, Ag), 0 * one) / sizes[0] / sizes[1]
    h = [xp.where(plane, dot(p, g), 0 * one) / size for p, size in zip((g, dx), sizes, strict=True)]
    least = SAME * (1 + xp.abs(cosine))  # the two are of length 1: their sum and difference are the axes
    half = [quotient(u, 2 * v, v > least) for u, v in ((h[0] + h[1], 1 + cosine), (h[0] - h[1], 1 - cosine))]
    both = (half[0] + half[1]) / sizes[0], (half[0] - half[1]) / sizes[1]
    return (xp.where(plane, both[0], alone), xp.where(plane, both[1], 0 * alone)), able


def _combine(a: tuple[Array, Array], first: Array, second: Array, done: Array | None) -> Array:
    """a0 first + a1 second, of [B, N]; 0 for the signals that are done."""
    found = a[0][:, None] * first
    if second is not None:
        found += a[1][:, None] * second
    return found if done is None else array_namespace(first).where(done[:, None], 0 * first, found)
