"""SDR of BSSEval: what a filter of 512 taps can make of the reference is target, the rest is distortion.

Vincent, Gribonval and Févotte, "Performance measurement in blind audio source separation", IEEE TASLP 14(4),
2006, for one source. With the reference r and the estimate e of energy 1, R the Toeplitz matrix of r's
autocorrelation and b the correlation of e with r, both at lags 0 .. 511, the best filter h solves R h = b,
and the energy of the target is h'b. scipy is loaded by the first call.
"""

from __future__ import annotations

import numpy as np

from dpcodec.metrics.pair import as_pair
from dpcodec.metrics.snr import LIMIT_DB, ratio_db, si_sdr

TAPS = 512
RESIDUAL = 1e-13
"""Largest part of b that Levinson's recursion may leave unexplained; rounding alone leaves 1e-14 or less."""


def sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Signal-to-distortion ratio in dB. Each channel has a filter of its own; the energies of their targets
    are added, and those of their distortions.

    Arrays of one shape, [C, N] or [N], at any rate: 512 taps span less time at a higher one.
    inf above 150 dB (a gain, a polarity flip or a delay of up to 511 samples is no error) and where both are
    silent; -inf below -150 dB, and where one of them is silent. Raises `AudioError` if the shapes differ, and
    for no samples or ones not finite.
    """
    reference, estimate = as_pair(reference, estimate)
    if not estimate.any():
        return float("-inf") if reference.any() else float("inf")
    target = distortion = 0.0
    for r, e in zip(reference, estimate, strict=True):
        level = _level_db(r, e)
        energy = float(np.vdot(e, e))
        target += energy / (1 + 10 ** (-level / 10))
        distortion += energy / (1 + 10 ** (level / 10))
    return ratio_db(target, distortion, LIMIT_DB)


def _level_db(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Target against distortion in one channel, [N]."""
    if not reference.any() or not estimate.any():
        return float("-inf")
    share = _target_share(*(x / np.linalg.norm(x) for x in (reference, estimate)))
    # One gain is a filter too. Where the fit of 512 taps is ill-conditioned (a lowpassed reference), rounding
    # can leave more distortion than one tap does, or lift the target's share above 1.
    return max(ratio_db(max(share, 0.0), max(1 - share, 0.0)), si_sdr(reference, estimate))


def _target_share(r: np.ndarray, e: np.ndarray) -> float:
    """Energy of the target in an estimate [N] of energy 1, beside a reference [N] of energy 1."""
    from scipy import fft, linalg

    size = fft.next_fast_len(r.size + TAPS, real=True)
    R, E = (fft.rfft(x, size) for x in (r, e))
    own, b = (fft.irfft(X * R.conj(), size)[:TAPS] for X in (R, E))
    h = _solve(own, b)
    # What the filter h explains, written out: an error of h counts squared, where in h'b it counts as it is.
    return float(2 * h @ b - h @ linalg.matmul_toeplitz(own, h))


def _solve(own: np.ndarray, b: np.ndarray) -> np.ndarray:
    """h [T] of R h = b, R the symmetric Toeplitz matrix whose first column is `own` [T]."""
    from scipy import linalg

    try:
        h: np.ndarray = linalg.solve_toeplitz(own, b)
        if np.abs(linalg.matmul_toeplitz(own, h) - b).max() <= RESIDUAL:
            return h
    except np.linalg.LinAlgError:
        pass
    # Levinson's recursion loses smooth references, such as a tone that fades in and out.
    least: np.ndarray = linalg.lstsq(linalg.toeplitz(own), b)[0]
    return least
