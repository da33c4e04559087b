"""ViSQOL, through the package visqol-python (`pip install 'dpcodec[visqol]'`).

Chinen et al., "ViSQOL v3: an open source production ready objective speech and audio metric", QoMEX 2020.
Audio mode: 48 kHz, one channel, support vector regression to a mean opinion score.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpcodec.errors import AudioError, SettingsError
from dpcodec.metrics.pair import as_pair, resample

RATE_HZ = 48000
SHORTEST_S = 0.96
"""45 frames of 80 ms, 20 ms apart: the first patch of 30 begins at the 16th."""


def visqol(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> float:
    """The mean opinion score, about 1 (bad) .. 4.73 (the same), that ViSQOL predicts.

    Arrays of one shape, [C, N] or [N], full scale 1.0, at `sample_rate` Hz; resampled to 48 kHz, channels
    mixed into one. ViSQOL brings both to one level, so a gain does not count, nor does polarity. Its search
    for a delay of the whole is off; that of each patch, up to 60 frames, is part of the measure. Raises
    `AudioError` for less than 0.96 s, where either is silent, if the shapes differ, and for samples not
    finite; `SettingsError` where the package is not there.
    """
    reference, estimate = as_pair(reference, estimate)
    if reference.shape[1] < SHORTEST_S * sample_rate:
        raise AudioError(
            f"visqol: {reference.shape[1] / sample_rate:.3f} s are too short: give {SHORTEST_S} s or more, "
            "or leave visqol out"
        )
    api = require_visqol()()
    api.create(mode="audio", disable_global_alignment=True)
    signals = [_mono_48k(x, sample_rate) for x in (reference, estimate)]
    for name, x in zip(("reference", "estimate"), signals, strict=True):
        if not x.any():  # the package gives 4.73 or nan
            raise AudioError(f"visqol: the {name} is silent and has no level to match: leave visqol out")
    return float(api.measure_from_arrays(*signals, RATE_HZ).moslqo)


def _mono_48k(x: np.ndarray, sample_rate: int) -> np.ndarray:
    """[C, N] -> [M] at 48 kHz."""
    mixed: np.ndarray = x.mean(axis=0, keepdims=True)
    samples: np.ndarray = (mixed if sample_rate == RATE_HZ else resample(mixed, sample_rate, RATE_HZ))[0]
    return samples


def require_visqol() -> Any:
    """The package's class `VisqolApi`, or `SettingsError` saying how to get it."""
    try:
        from visqol import VisqolApi
    except (ImportError, OSError) as exc:
        raise SettingsError(
            "visqol: the package visqol-python cannot be loaded: run pip install 'dpcodec[visqol]'"
        ) from exc
    return VisqolApi
