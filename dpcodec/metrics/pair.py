"""The two signals that a metric compares: what is asked of them, and one rate for both."""

from __future__ import annotations

import numpy as np

from dpcodec.audio.resample import Resampler
from dpcodec.errors import AudioError


def as_pair(reference: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both signals as float64 [C, N]; [N] is one channel.

    Raises `AudioError` if their shapes differ, if they hold no samples, or a sample that is not finite.
    """
    if reference.shape != estimate.shape:
        raise AudioError(
            f"shapes {reference.shape} and {estimate.shape} differ: align the signals, or cut the longer one"
        )
    if reference.ndim not in (1, 2):
        raise AudioError(f"the shape is {reference.shape}: give [C, N] or [N]")
    if reference.size == 0:
        raise AudioError("there are no samples: nothing can be compared, give audio")
    signals = []
    for name, signal in (("reference", reference), ("estimate", estimate)):
        samples = np.atleast_2d(np.asarray(signal, np.float64))
        if not np.isfinite(samples).all():
            c, n = np.argwhere(~np.isfinite(samples))[0]
            raise AudioError(
                f"sample {n} of channel {c} of the {name} is {samples[c, n]}: replace what is not finite"
            )
        signals.append(samples)
    return signals[0], signals[1]


def resample(x: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    """[C, N] at `rate_in` Hz -> float32 [C, ceil(N rate_out / rate_in)] at `rate_out` Hz. Raises `AudioError`
    where the rates are too far apart."""
    return Resampler(rate_in, rate_out, x.shape[0]).process(x.astype(np.float32), last=True)
