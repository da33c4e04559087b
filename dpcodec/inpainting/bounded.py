"""Coarsely quantised energy masks: every coefficient has a box, and the signal is sparse in the window that
suits each place best.

    x^ = argmin_x  sum_kl c_k phi_kl((Sx)_kl)  +  a sum_j sum_i c_i s_ji log(1 + |S_j x|_i^2 / e)

phi is flat in the middle of a coefficient's box and steep at its edge: under a force f the mean of a value
that may lie anywhere within [-1, 1] is L(f) = coth f - 1/f, so the force that holds it at y is L^-1(y), near
y (3 - y^2) / (1 - y^2) (Cohen, Rheologica Acta 30, 1991). A square instead would let the prior pull small
kept coefficients out of their boxes.

S_1 .. S_J are Hann STFTs of a quarter to eight times the window. Their shares s_j, which sum to 1 at each
place, go to the windows in which the logarithms around it are least: a steady tone to a long one, an attack
to a short one. Logarithms are majorised by quadratics as in `reweighted`, phi is replaced by its Newton
quadratic, and a few steps of conjugate gradients follow before both are renewed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

from dpcodec.inpainting.arrays import dot, power, quotient
from dpcodec.inpainting.observation import Observation, diagonal
from dpcodec.inpainting.quantiser_boxes import QuantiserBoxes
from dpcodec.inpainting.step_budget import Stage
from dpcodec.inpainting.window_selection import means, shares
from dpcodec.settings import N_FFT_RANGE
from dpcodec.transform.operator import Operator, StftOperator
from dpcodec.transform.stft import Span, Stft

Array = Any

WINDOWS = (0.25, 0.5, 1, 2, 4, 8)
"""Lengths of the prior's windows, in windows of the STFT."""
SPARSITY_A = 0.28
"""Weight of the prior, a."""
SPARSITY_E = 0.015
"""Power at which a coefficient starts to count as large, e, in squares of the quantiser's step."""
CHOICE = 0.04
"""Mean difference of the logarithms that takes a share from one window to another."""
EDGE = 0.9
"""Share of a box from which its force goes on straight."""
STEPS, STEPS_A_QUADRATIC = 40, 5
"""Conjugate gradient steps, and those between two changes of the quadratics."""
CHOICES = 2
"""Quadratics for which windows are chosen: the first ones."""
FLOOR = 1e-6
"""Smallest value in the preconditioner, relative to its largest."""


class _Window(NamedTuple):
    """A transform S_j, e of its frames, float32 [B, 1, L_j], and a times its share of each coefficient,
    float32 [B, K_j, L_j]."""

    stft: Stft
    span: Span
    e: Array
    share: Array


class _Quadratic(NamedTuple):
    """The model around estimates: weights of real and imaginary parts, of the S_j, and the diagonal."""

    real: Array
    imag: Array
    priors: list[Array]
    diagonal: Array


def prior_stfts(operator: Operator) -> list[Stft]:
    """The transforms S_j, none twice."""
    lowest, highest = N_FFT_RANGE
    lengths = {min(max(round(m * operator.n_fft / 4) * 4, lowest), highest) for m in WINDOWS}
    return [Stft(n_fft, n_fft // 4, "hann") for n_fft in sorted(lengths)]


def refine(seen: Observation, boxes: QuantiserBoxes, x: Array, stage: Stage) -> Array:
    """Improve the estimates x, real [B, N], in the steps of the stage. Same device as x."""
    xp = array_namespace(x)
    windows = [_window(seen, boxes, S) for S in prior_stfts(seen.operator)]
    going = xp.ones_like(x[:, 0]) > 0
    for step, _ in enumerate(stage):
        if step % STEPS_A_QUADRATIC == 0:
            if step < CHOICES * STEPS_A_QUADRATIC:
                windows = _chosen(seen, windows, x)
            model, r = _around(seen, boxes, windows, x)
            d = r / model.diagonal
            rz = dot(r, d)
        Hd = _curved(seen, windows, model, d)
        curvature = dot(d, Hd)
        going = going & (curvature > 0)
        if not xp.any(going):
            break
        a = quotient(rz, curvature, going)[:, None]
        x = x + a * d
        seen.show(x)
        r = r - a * Hd
        z = r / model.diagonal
        rz, before = dot(r, z), rz
        d = z + quotient(rz, before, going)[:, None] * d
    return x


def box_force(y: Array) -> tuple[Array, Array]:
    """The force that holds a value at y in a box [-1, 1], and its slope; real arrays of one shape.

    The force is y in the middle, L^-1(y) / 3 towards the edge, and a straight line beyond `EDGE`.
    """
    xp = array_namespace(y)
    near = xp.clip(y, -EDGE, EDGE)
    rest = 1 - near**2
    slope = 1 + 2 * near**2 * (3 - near**2) / (3 * rest**2)
    return near * (3 - near**2) / (3 * rest) + slope * (y - near), slope


def _window(seen: Observation, boxes: QuantiserBoxes, S: Stft) -> _Window:
    """S_j with the e of its frames, from the steps of the columns beneath them."""
    span, hop = S.span(seen.operator.span.samples), seen.operator.hop
    at = np.arange(span.frames) * S.hop + seen.operator.span.left - seen.operator.n_fft / 2
    around = means(boxes.power, at / hop, S.n_fft / 4 / hop)
    e = array_namespace(around).astype(SPARSITY_E * around, boxes.power.dtype)
    return _Window(S, span, e, 0 * e)


def _chosen(seen: Observation, windows: list[_Window], x: Array) -> list[_Window]:
    """The windows with their shares."""
    log1p = array_namespace(x).log1p
    costs = [log1p(power(w.stft.forward(x, w.span)) / w.e) for w in windows]
    stfts = [w.stft for w in windows]
    found = shares(stfts, costs, seen.operator.n_fft, seen.operator.span.samples, CHOICE)
    return [w._replace(share=SPARSITY_A * share) for w, share in zip(windows, found, strict=True)]


def _around(
    seen: Observation, boxes: QuantiserBoxes, windows: list[_Window], x: Array
) -> tuple[_Quadratic, Array]:
    """The quadratic at x and the downward gradient there."""
    xp = array_namespace(x)
    X = seen.operator.forward(x)
    away = X - boxes.centre
    force, real = box_force(xp.real(away) / boxes.edge)
    side, imag = box_force(xp.imag(away) / boxes.edge)
    middle = boxes.centre_weight - boxes.box_weight
    push = boxes.box_weight * boxes.edge * (force + 1j * side) + middle * away
    real, imag = boxes.box_weight * real + middle, boxes.box_weight * imag + middle
    down = -seen.operator.adjoint(push)
    whole = diagonal(seen.operator, (real + imag) / 2)
    priors = []
    for w in windows:
        Y = w.stft.forward(x, w.span)
        u = boxes.unit * w.share / (power(Y) + w.e)
        down = down - w.stft.adjoint(Y * u, w.span)
        whole = whole + diagonal(StftOperator(w.stft, w.span), u)
        priors.append(u)
    return _Quadratic(real, imag, priors, whole + FLOOR * xp.max(whole, axis=-1, keepdims=True)), down


def _curved(seen: Observation, windows: list[_Window], model: _Quadratic, d: Array) -> Array:
    """The quadratic's second derivative times d."""
    xp = array_namespace(d)
    D = seen.operator.forward(d)
    Hd = seen.operator.adjoint(model.real * xp.real(D) + 1j * (model.imag * xp.imag(D)))
    for w, u in zip(windows, model.priors, strict=True):
        Hd = Hd + w.stft.adjoint(w.stft.forward(d, w.span) * u, w.span)
    return Hd
