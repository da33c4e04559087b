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
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device, is_numpy_array

from dpcodec.inpainting.arrays import dot, power, to_numpy
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
"""Share of a plane's curvatures' product below which its two moves are one."""


def prior_stfts(operator: Operator, factors: Sequence[int] = LONGER) -> list[Stft]:
    """The transforms S_j in whose coefficients sounds are sparse: so many windows long, none twice."""
    lengths = {min(factor * operator.n_fft, N_FFT_RANGE[1]) for factor in factors}
    return [Stft(n_fft, n_fft // 4, "hann") for n_fft in sorted(lengths)]


class _View:
    """A transform S or S_j and the quadratic sum c w |S x|^2 on its coefficients.

    operator  S or S_j
    known     Q^2 of the data, real [K, L]; None where nothing was measured
    share     s_j of its coefficients, real [K, L]; None where the prior does not look
    weights   w = Q^2 + mu s_j e / (|S x|^2 + e), real [K, L]
    largest   largest |S x|^2 when the weights were last made
    waits     whether it is not looked at before windows are chosen
    """

    def __init__(
        self, operator: Operator, x: Array, known: Array | None, share: float | None, waits: bool = False
    ) -> None:
        P = power(operator.forward(x))
        self.operator, self.known, self.waits = operator, known, waits
        self._normal = Normal(operator, x)
        self.largest = float(array_namespace(P).max(P))
        self.weights = known if share is None else 0 * P
        self.share = None if share is None else 0 * P + share

    def reweighted(self, x: Array, prior: _Prior) -> Array:
        """S* (W - Q^2) S x with the weights of the estimate x, real [N]. e, which is relative to the largest
        power of the time before, and mu e stop where the data are no surer."""
        e = max(self.largest * prior.e, prior.variance, TINY)
        mu = max(prior.mu, prior.variance / e)
        found, self.largest = self._normal.reweighted(x, self.weights, self.share, self.known, mu, e)
        return found

    def normal(self, x: Array) -> Array:
        """S* W S x with the weights as they are: real [N] -> real [N]."""
        return self._normal.times(x, self.weights)


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
    views = _views(seen, x)
    looking = [view for view in views if not view.waits]
    pull, pulled = seen.adjoint(seen.target - seen.forward(x)), x
    dx: Array = None
    dg: Array = None
    g: Array = None
    for step, way in enumerate(stage):
        prior = _prior_at(seen, way)
        if way >= CHOOSE_FROM and step % CHOOSE == 0:
            _choose(seen, views, x, prior)
            looking = views
        if step % REWEIGHT_EVERY == 0:
            pull, pulled = pull - seen.normal(x - pulled), x  # not from x: its rounding would drown the prior
            asked = [view for view in looking if view.share is not None]
            g = pull - sum(each(lambda view, x=x, prior=prior: view.reweighted(x, prior), asked))
        move = _minimum(g, sum(each(lambda view, g=g: view.normal(g), looking)), dx, dg)
        if move is None:
            break
        dx, dg = move
        x = x + dx
        g = g - dg
        seen.show(x)
    return x


def _views(seen: Observation, x: Array) -> list[_View]:
    """S, and the prior's windows; where S is one of these, it is looked at once for both."""
    operator, S = seen.operator, getattr(seen.operator, "transform", None)
    stfts, late = prior_stfts(operator), prior_stfts(operator, LATE)
    share = 1 / sum(S_j not in late for S_j in stfts)
    views = [_View(operator, x, seen.square, share if S in stfts else None)]
    for S_j in stfts:
        if S_j != S:
            span = S_j.span(operator.span.samples)
            views.append(_View(StftOperator(S_j, span), x, None, share, S_j in late))
    return views


def _choose(seen: Observation, views: list[_View], x: Array, prior: _Prior) -> None:
    """Give the prior's windows the shares that suit the estimate."""
    asked = [view for view in views if view.share is not None]
    if len(asked) < 2:
        return
    xp = array_namespace(x)
    squares = [power(view.operator.forward(x)) for view in asked]
    e = max(prior.e * max(float(xp.max(P)) for P in squares), TINY)
    costs = [to_numpy(xp.log1p(P / e)) for P in squares]
    operator = seen.operator
    found = shares(
        [view.operator for view in asked], costs, operator.n_fft, operator.span.samples, prior.choice
    )
    for view, share in zip(asked, found, strict=True):
        view.share = xp.asarray(share, device=device(x))


def _minimum(g: Array, Ag: Array, dx: Array, Adx: Array) -> tuple[Array, Array] | None:
    """The move to where the quadratic has its minimum in the plane of the downward gradient g and the move
    before, None at first, and what the move takes from g; None if nowhere.

    A dx of before is not made anew with the weights: they change little in a step, and g is made anew.
    """
    steep, curved = dot(g, g), dot(g, Ag)
    if not (np.isfinite(curved) and curved > 0):
        return None
    if dx is not None:
        across, along, slope = dot(dx, Ag), dot(dx, Adx), dot(dx, g)
        area = curved * along - across**2
        if area > SAME * curved * along > 0.0:
            a, b = (steep * along - slope * across) / area, (slope * curved - steep * across) / area
            return a * g + b * dx, a * Ag + b * Adx
    a = steep / curved
    return a * g, a * Ag


def _between(first: float, last: float, way: float) -> float:
    return float(first * (last / first) ** way)
