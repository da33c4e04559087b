"""This codec at a bit rate: the share of coefficients to drop, found by trying."""

from __future__ import annotations

import math
from dataclasses import replace

from dpcodec import Audio, EncodeSettings, SettingsError, encode, profile

KEEP_RANGE = (1e-4, 0.9)
"""Shares of coefficients tried. With next to nothing dropped the quantiser, which makes as much noise as the
mask, would take over and turn the curve of sizes around."""
STEPS = 14
CLOSE_ENOUGH = 0.998
"""Of the bytes there are to spend: the search ends there."""


def fit(audio: Audio, kbps: float, settings: EncodeSettings | None = None) -> tuple[bytes, float]:
    """The largest file found that is not above `kbps` kbit/s, whole on disk, and the `drop` that made it.

    settings  what is encoded with but for `drop`; default: profile stft

    Bisection over the logarithm of keep = 1 - drop. Raises `SettingsError` where the smallest file, nearly
    everything dropped, is above the bit rate.
    """
    settings = settings or profile("stft")
    limit = math.floor(kbps * 125 * audio.duration)

    def attempt(keep: float) -> tuple[bytes, float]:
        drop = 1 - keep
        return encode(audio, replace(settings, drop=drop)), drop

    low, high = KEEP_RANGE
    largest = attempt(high)
    if len(largest[0]) <= limit:
        return largest
    best = attempt(low)
    if len(best[0]) > limit:
        raise SettingsError(
            f"{kbps:g} kbit/s are {limit} bytes here, and the smallest file is {len(best[0])}: give more"
        )
    for _ in range(STEPS):
        keep = math.sqrt(low * high)
        tried = attempt(keep)
        if len(tried[0]) > limit:
            high = keep
        else:
            low = keep
            best = max(best, tried, key=lambda one: len(one[0]))
        if len(best[0]) >= CLOSE_ENOUGH * limit:
            break
    return best
