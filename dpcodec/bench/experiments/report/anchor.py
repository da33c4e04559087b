"""The low anchor of ITU-R BS.1534: the clip without what lies above 3.5 kHz."""

from __future__ import annotations

import numpy as np
from scipy import signal

from dpcodec import Audio, SettingsError

PASS_HZ, STOP_HZ = 3500.0, 4000.0
ATTENUATION_DB = 60.0


def low_pass(rate: int) -> np.ndarray:
    """The filter of `low_anchor`, float64 [odd], symmetric.

    BS.1534-1, section 5.1: ripple below 3.5 kHz at most 0.1 dB, attenuation at 4 kHz at
    least 25 dB, at 4.5 kHz 50 dB.
    Raises `SettingsError` if the rate in Hz leaves no room above the filter.
    """
    if rate <= 2 * STOP_HZ:
        raise SettingsError(f"the rate is {rate} Hz: the 3.5 kHz anchor takes more than {2 * STOP_HZ:.0f} Hz")
    length, beta = signal.kaiserord(ATTENUATION_DB, (STOP_HZ - PASS_HZ) / (rate / 2))
    return np.asarray(signal.firwin(length | 1, (PASS_HZ + STOP_HZ) / 2, window=("kaiser", beta), fs=rate))


def low_anchor(clip: Audio) -> Audio:
    """The clip through a low-pass of 3.5 kHz, of linear phase and in step with it. Raises as `low_pass`."""
    taps = low_pass(clip.sample_rate)[np.newaxis]
    samples = signal.oaconvolve(clip.samples.astype(np.float64), taps, mode="same", axes=1)
    return Audio(samples, clip.sample_rate)
