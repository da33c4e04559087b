"""Autoregressive models of a sound: how to get one, and how one bridges a gap.

A signal is autoregressive of order p if a[0] x[n] + ... + a[p] x[n - p], with a[0] = 1, is white: what is
left of each sample when the p before it have predicted what they can. A model is that `a`, float64 [p + 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve_toeplitz, solveh_banded

TINY = 1e-300
"""Floor of a power that something is divided by."""
LOADING = 1e-9
"""Share of the diagonal added to it, against rounding."""


class Model(NamedTuple):
    """The coefficients a, float64 [p + 1], and the mean square of what they cannot predict."""

    a: np.ndarray
    variance: float

    @property
    def order(self) -> int:
        return self.a.size - 1


def burg(pieces: Sequence[np.ndarray], order: int) -> Model:
    """The model of one sound of which several pieces are known, each real [n], longer than the order.

    The reflection coefficients are found one by one, each by least squares on the errors of predicting
    forwards and backwards (Burg, "Maximum entropy spectral analysis", 1975), here of all pieces together: no
    sample between them is needed, and no window.

    >>> burg([np.array([1.0, -0.5, 0.25, -0.125])], 1).a.round(2).tolist()
    [1.0, 0.8]
    """
    ahead = np.concatenate(pieces).astype(np.float64)
    behind = ahead.copy()
    starts = np.cumsum([0, *(len(piece) for piece in pieces)])
    starts, ends = starts[:-1], starts[1:] - 1
    a = np.zeros(order + 1)
    a[0] = 1.0
    power = float(ahead @ ahead + behind @ behind)
    for m in range(order):
        # Errors without a partner in their piece leave the sums.
        lonely = np.concatenate([ahead[starts + m], behind[ends]])
        ahead[starts + m] = 0
        power = max(power - float(lonely @ lonely), TINY)
        k = -2 * float(ahead[1:] @ behind[:-1]) / power
        moved = k * behind[:-1]
        behind[1:] = behind[:-1] + k * ahead[1:]
        ahead[1:] += moved
        ahead[starts] = behind[starts] = 0
        a[: m + 2] += k * a[m + 1 :: -1]
        power *= 1 - k * k
    return Model(a, power / (2 * (ahead.size - starts.size * order)))


def autocorrelation(x: np.ndarray, lags: int) -> np.ndarray:
    """sum_n x[n] x[n + j] for j = 0 .. lags, of real [n]: float64 [lags + 1]."""
    n_fft = 1 << (x.size + lags).bit_length()
    power = np.abs(np.fft.rfft(x, n_fft)) ** 2
    return np.fft.irfft(power, n_fft)[: lags + 1]


def bridge(x: np.ndarray, start: int, stop: int, a: np.ndarray) -> np.ndarray:
    """Samples start .. stop - 1 of real [N] for which a has the least to leave over: float64 [stop - start].

    Minimises sum_n (a * x)[n]^2 over them (Janssen, Veldhuis and Vries 1986), whatever they were before. Its
    normal equations are Toeplitz. At an end of x, beyond which nothing is known, this is prediction.
    """
    G, p = stop - start, a.size - 1
    if start == 0 and stop == x.size:
        return np.zeros(G)
    if start == 0:
        return bridge(x[::-1], x.size - stop, x.size, a)[::-1]
    around = _cut(x, start - p, stop + p)
    around[p : p + G] = 0
    if stop == x.size:
        for n in range(p, p + G):
            around[n] = -(a[:0:-1] @ around[n - p : n])
        return around[p : p + G]
    left_over = np.convolve(around, a)[p : 2 * p + G]
    column = _lags(a, G)
    column[0] *= 1 + LOADING
    return np.asarray(solve_toeplitz(column, -np.correlate(left_over, a, "valid")))


def bridge_between(x: np.ndarray, start: int, stop: int, before: Model, after: Model) -> np.ndarray:
    """The same where the sound changes: one model for what comes before, one for what comes after.

    The first predicts forwards, the second backwards. Their errors count by how near the own side is, from 1
    at the own end of the gap to 0 at the other, over the variance of the model.
    """
    G = stop - start
    order = min(max(before.order, after.order), G - 1)
    bands, pull = np.zeros((order + 1, G)), np.zeros(G)
    for model, flip in ((before, 1), (after, -1)):
        p = model.order
        side = _cut(x, start - p, start) if flip > 0 else _cut(x, stop, stop + p)[::-1]
        left_over = np.convolve(np.concatenate([side, np.zeros(G)]), model.a)[p : p + G]
        fading = np.concatenate([left_over * (1 - (np.arange(G) + 0.5) / G), np.zeros(p)])
        scale = 1 / max(model.variance, TINY)
        pull += scale * np.correlate(fading, model.a, "valid")[::flip]
        for k, band in enumerate(_fading_products(model.a, G)):
            bands[k, : G - k] += scale * band[::flip]
    bands[0] *= 1 + LOADING
    return -np.asarray(solveh_banded(bands, pull, lower=True))


def _fading_products(a: np.ndarray, G: int) -> list[np.ndarray]:
    """For k = 0 .. min(p, G - 1): sum_n w[n] a[n - i] a[n - i - k] over n < G, for i = 0 .. G - 1 - k, with w
    falling from 1 to 0. The weights are linear in n, so two running sums make all of them."""
    count = min(a.size, G)
    shifted = np.lib.stride_tricks.sliding_window_view(np.append(a, np.zeros(count - 1)), a.size)
    products = shifted * a
    sums, moments = np.cumsum(products, axis=1), np.cumsum(products * np.arange(a.size), axis=1)
    weight = 1 - (np.arange(G) + 0.5) / G
    bands = []
    for k in range(count):
        last = np.minimum(np.arange(G - 1 - k, -1, -1), a.size - 1)
        bands.append(weight[k:] * sums[k, last] - moments[k, last] / G)
    return bands


def _lags(a: np.ndarray, count: int) -> np.ndarray:
    """Autocorrelation of a for lags 0 .. count - 1."""
    full = np.correlate(a, a, "full")[a.size - 1 :]
    lags = np.zeros(count)
    lags[: full.size] = full[:count]
    return lags


def _cut(x: np.ndarray, start: int, stop: int) -> np.ndarray:
    """A copy of x[start:stop], zero beyond the ends of x."""
    cut: Any = np.zeros(stop - start)
    first, last = max(start, 0), min(stop, x.size)
    if first < last:
        cut[first - start : last - start] = x[first:last]
    return np.asarray(cut)
