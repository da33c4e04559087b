"""SDR of BSSEval: what a filter of 512 taps can make of the reference is target, the rest is distortion.

Vincent, Gribonval and Févotte, "Performance measurement in blind audio source separation", IEEE TASLP 14(4),
2006, for one source. The filter is fitted by torchmetrics in float64; torch is loaded by the first call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpcodec.errors import DeviceError
from dpcodec.metrics.pair import as_pair
from dpcodec.metrics.snr import LIMIT_DB, ratio_db, si_sdr

TAPS = 512


def sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Signal-to-distortion ratio in dB. Each channel has a filter of its own; the energies of their targets
    are added, and those of their distortions.

    Arrays of one shape, [C, N] or [N], at any rate: 512 taps span less time at a higher one.
    inf above 150 dB (a gain, a polarity flip or a delay of up to 511 samples is no error) and where both are
    silent; -inf below -150 dB, and where one of them is silent. Raises `AudioError` if the shapes differ, and
    for no samples or ones not finite; `DeviceError` where torch or torchmetrics cannot be loaded.
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
    fitted = _fitted_db(reference, estimate)
    # One gain is a filter too. Where the fit of 512 taps is ill-conditioned (a lowpassed reference), rounding
    # can leave more distortion than one tap does; nan is a share of the target that it lifted above 1.
    return float("inf") if np.isnan(fitted) else max(fitted, si_sdr(reference, estimate))


def _fitted_db(reference: np.ndarray, estimate: np.ndarray) -> float:
    torch, signal_distortion_ratio = _require_torchmetrics()
    # Shorter signals would wrap around in torchmetrics' FFT; zeros behind them change nothing.
    padding = (0, max(TAPS - reference.size, 0))
    r, e = (torch.tensor(np.pad(x / np.linalg.norm(x), padding)) for x in (reference, estimate))
    return float(signal_distortion_ratio(e, r, filter_length=TAPS))


def _require_torchmetrics() -> tuple[Any, Any]:
    try:
        import torch
        from torchmetrics.functional.audio import signal_distortion_ratio
    except (ImportError, OSError) as exc:  # OSError: torch is there, one of its libraries is not
        raise DeviceError(
            "sdr: torch and torchmetrics cannot be loaded: run pip install --upgrade torch torchmetrics, "
            "or leave sdr out"
        ) from exc
    return torch, signal_distortion_ratio
