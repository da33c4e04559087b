"""Lost coefficients of an MDCT, estimated from those that arrived by what longer windows see.

    z^ = argmin_z  sum_j sum_i c_i s_ji log(1 + |S_j T*(X + z)|_i^2 / e)

T is the MDCT, X what arrived, z the lost cells alone: what arrived stays as it is, so no data term is needed.
A cell that is lost shares nothing with the others of its own window, but S_1 .. S_J, sine-windowed STFTs of a
twentieth to a third of a second, see tones that go on across it. The logarithm asks for few large
coefficients; it is majorised by a quadratic and minimised in rounds while e falls (iteratively reweighted
least squares, as in `inpainting.reweighted`), each round by a few steps of conjugate gradients,
preconditioned by what the weights come to at each cell. s_ji are shares of the windows: even at first, then
those that suit each place (`inpainting.window_selection`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dpcodec.settings import N_FFT_RANGE
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import Span, Stft

LONGEST_S = 0.37
"""The longest window, of 16384 samples at 44.1 kHz: about as long as notes stay."""
WINDOWS = 4
"""As many windows, each half as long as the one before, none shorter than the MDCT's."""
ROUNDS, STEPS = 8, 4
"""Changes of the weights, and steps of conjugate gradients after each."""
FIRST_E, LAST_E = 1e-2, 1e-5
"""e, relative to the largest power in a window, in the first round and the last."""
OVER_HOLE = 1.5
"""Least length of a window, in lengths of the hole: in a shorter one silence is the likeliest sound."""
CHOOSE_ROUND, CHOICE = 3, 0.3
"""Round before which each place gets the windows that suit it, and how boldly: see `shares`."""
TINY = 1e-30
"""Floor of e, for a sound that is all but silent."""


@lru_cache(maxsize=8)
def windows(n_fft: int, sample_rate: int) -> tuple[Stft, ...]:
    """S_1 .. S_J, shortest first: n_fft times powers of two.

    >>> [S.n_fft for S in windows(2048, 44100)]
    [2048, 4096, 8192, 16384]
    """
    longest = 2 * n_fft
    while 1.4 * longest < LONGEST_S * sample_rate and 2 * longest <= N_FFT_RANGE[1]:
        longest *= 2
    lengths = {longest >> k for k in range(WINDOWS)} if longest <= N_FFT_RANGE[1] else {n_fft}
    return tuple(Stft(length, length // 2, "sine") for length in sorted(lengths) if length >= n_fft)


def reach(n_fft: int, hop: int, sample_rate: int) -> int:
    """Frames on each side that bear on a lost cell: the longest window's."""
    return max(2 * n_fft, windows(n_fft, sample_rate)[-1].n_fft) // hop


def estimate(
    X: np.ndarray, lost: np.ndarray, operator: MdctOperator, sample_rate: int, stop: Callable[[], bool]
) -> np.ndarray:
    """The lost cells of one channel, float32 [K, L], zero elsewhere.

    X         real [K, L], what arrived
    lost      bool [K, L]
    operator  T of the run of frames; what its ends cut off counts as silence
    stop      asked before each step; once it answers true the best so far is taken
    """
    known = np.where(lost, 0, X).astype(np.float32)
    peak = float(np.abs(known).max(initial=0))
    if not peak > 0:
        return np.zeros_like(known)
    level = np.float32(2.0 ** np.floor(np.log2(peak)))
    long_enough = OVER_HOLE * _usual_hole(lost) * operator.hop
    stfts = windows(operator.n_fft, sample_rate)
    stfts = tuple(S for S in stfts if S.n_fft >= long_enough) or stfts[-1:]
    prior = _Prior.of(operator, known / level, lost, stfts)
    z = np.zeros_like(known)
    for round_ in range(ROUNDS):
        e = FIRST_E * (LAST_E / FIRST_E) ** (round_ / (ROUNDS - 1))
        weights = prior.weights(z, e, choose=round_ >= CHOOSE_ROUND)
        z, stopped = _conjugate_gradients(prior, weights, z, stop)
        if stopped:
            break
    usable: np.ndarray = np.where(np.isfinite(z), z * level, 0)
    return usable


def _usual_hole(lost: np.ndarray) -> int:
    """Frames in a row that are missing as a whole, at the median of such frames; 0 where there is none."""
    edges = np.flatnonzero(np.diff(lost.all(axis=0).astype(np.int8), prepend=0, append=0))
    runs = edges[1::2] - edges[::2]
    return int(np.median(np.repeat(runs, runs))) if runs.size else 0


class _Prior(NamedTuple):
    """The windows over one run of frames, and the signal of what arrived, real [N]."""

    operator: MdctOperator
    base: np.ndarray
    lost: np.ndarray
    stfts: Sequence[Stft]
    spans: Sequence[Span]

    @staticmethod
    def of(operator: MdctOperator, known: np.ndarray, lost: np.ndarray, stfts: Sequence[Stft]) -> _Prior:
        base = operator.adjoint(known)
        return _Prior(operator, base, lost, stfts, [S.span(base.size) for S in stfts])

    def weights(self, z: np.ndarray, e: float, choose: bool) -> list[np.ndarray]:
        """s_j / (|S_j x|^2 + e) of the signal as it is estimated, float32 [K_j, L_j], 1 at most over all."""
        x = self.base + self.operator.adjoint(z)
        powers = []
        for S, span in zip(self.stfts, self.spans, strict=True):
            X = S.forward(x, span)
            powers.append(X.real**2 + X.imag**2)
        e = max(e * max(float(P.max()) for P in powers), TINY)
        even = np.float32(e / len(powers))
        if not choose or len(powers) == 1:
            return [even / (P + e) for P in powers]
        from dpcodec.inpainting.window_selection import shares  # lazy: few files have holes

        costs = [np.log1p(P / e) for P in powers]
        chosen = shares(self.stfts, costs, self.operator.n_fft, x.size, CHOICE)
        return [e * s / (P + e) for s, P in zip(chosen, powers, strict=True)]

    def slope(self, x: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
        """T sum_j S_j* w_j S_j x on the lost cells, zero elsewhere: [K, L]."""
        total = np.zeros_like(x)
        for S, span, w in zip(self.stfts, self.spans, weights, strict=True):
            total += S.adjoint(S.forward(x, span) * w, span)
        slope: np.ndarray = np.where(self.lost, self.operator.forward(total), 0)
        return slope

    def diagonal(self, weights: Sequence[np.ndarray]) -> np.ndarray:
        """About what the weights come to at each cell, [K, L]: those of the bins and times around it."""
        K, L = self.lost.shape
        centres = np.arange(L) * self.operator.hop + self.operator.n_fft // 2 - self.operator.span.left
        total = np.zeros((K, L), np.float32)
        for S, w in zip(self.stfts, weights, strict=True):
            frames = np.clip(np.rint(centres / S.hop).astype(int), 0, w.shape[1] - 1)
            total += w[:-1].reshape(K, -1, w.shape[1]).mean(axis=1)[:, frames]
        return total


def _conjugate_gradients(
    prior: _Prior, weights: Sequence[np.ndarray], z: np.ndarray, stop: Callable[[], bool]
) -> tuple[np.ndarray, bool]:
    """STEPS steps from z on the quadratic of these weights, and whether the caller asked to stop."""
    scale = 1 / prior.diagonal(weights)
    r = -prior.slope(prior.base + prior.operator.adjoint(z), weights)
    d = u = scale * r
    ru = float(np.vdot(r, u))
    for _ in range(STEPS):
        if stop():
            return z, True
        Hd = prior.slope(prior.operator.adjoint(d), weights)
        curvature = float(np.vdot(d, Hd))
        if not (curvature > 0 and ru > 0):
            break
        z = z + np.float32(ru / curvature) * d
        r = r - np.float32(ru / curvature) * Hd
        u = scale * r
        ru, before = float(np.vdot(r, u)), ru
        d = u + np.float32(ru / before) * d
    return z, False
