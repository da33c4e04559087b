"""Ratios of energies without a filter: SNR, SI-SNR and SI-SDR, in dB.

All channels count as one signal: their energies are added before the ratio is taken, and one gain is fitted
to all of them, as in the source-aggregated SDR of von Neumann et al., ICASSP 2022. A mean of dB over channels
would let one silent channel decide.
"""

from __future__ import annotations

import math

import numpy as np

from dpcodec.metrics.pair import as_pair

LIMIT_DB = 150.0
"""Beyond this, up or down, a fitted ratio tells of rounding (24 bits are 150 dB): it is given as infinite."""


def snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """10 log10(sum reference² / sum (reference - estimate)²) in dB over all channels and samples.

    Arrays of one shape, [C, N] or [N]. inf where the two are equal, also both silent; -inf where only the
    reference is silent. Raises `AudioError` if the shapes differ, and for no samples or ones not finite.

    >>> round(snr(np.ones(4), np.full(4, 0.9)), 6)
    20.0
    """
    reference, estimate = as_pair(reference, estimate)
    return ratio_db(_energy(reference), _energy(reference - estimate))


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Scale-invariant SDR in dB: 10 log10(sum (a r)² / sum (a r - e)²), a = sum r e / sum r² (Le Roux et al.,
    "SDR - half-baked or well done?", ICASSP 2019, equation 3). The means stay in, as torchmetrics has it.

    Arrays, errors and channels as for `snr`. inf above 150 dB (a gain or a polarity flip is no error), and
    where both are silent; -inf below -150 dB, and where one of them is silent.

    >>> si_sdr(np.array([1.0, 2.0]), np.array([-2.0, -4.0]))
    inf
    """
    return _scale_invariant(*as_pair(reference, estimate))


def si_snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """`si_sdr` after each channel's mean is taken off both signals (Luo and Mesgarani, "TasNet: time-domain
    audio separation network for real-time, single-channel speech separation", ICASSP 2018).

    A signal that is constant to 150 dB counts as silent.
    """
    return _scale_invariant(*(_without_mean(x) for x in as_pair(reference, estimate)))


def ratio_db(signal: float, noise: float, limit_db: float = np.inf) -> float:
    """10 log10(signal / noise) of two energies; inf where there is no noise, else -inf where there is no
    signal, and infinite beyond +-`limit_db`.

    >>> ratio_db(1, 0.1), ratio_db(0, 0), ratio_db(0, 1), ratio_db(1e20, 1, 150)
    (10.0, inf, -inf, inf)
    """
    if noise == 0:
        return float("inf")
    if signal == 0:
        return float("-inf")
    level = float(10 * (np.log10(signal) - np.log10(noise)))
    return level if abs(level) <= limit_db else math.copysign(math.inf, level)


def _scale_invariant(reference: np.ndarray, estimate: np.ndarray) -> float:
    if not estimate.any():
        return float("-inf") if reference.any() else float("inf")
    if not reference.any():
        return float("-inf")
    target = float(np.vdot(reference, estimate)) / _energy(reference) * reference
    return ratio_db(_energy(target), _energy(target - estimate), LIMIT_DB)


def _without_mean(x: np.ndarray) -> np.ndarray:
    centred: np.ndarray = x - x.mean(axis=-1, keepdims=True)
    return centred if _energy(centred) > 10 ** (-LIMIT_DB / 10) * _energy(x) else np.zeros_like(x)


def _energy(x: np.ndarray) -> float:
    return float(np.vdot(x, x))
