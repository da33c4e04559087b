"""Real values <-> int32 symbols, with a dead zone, and what a symbol stands for.

A value becomes zero below 2/3 of the step, and else the multiple of the step that is less than 1/3 below or
2/3 above it, unless `quantize_mdct` is told another dead zone, as perceptual files tell it. Small values are
many, so more of an interval's values lie near its lower end; a part's `bias` says how far above the multiples
their means are.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.body import MAX_SYMBOL, STEP_RANGE, valid_step
from dpcodec.coding.quantize import FLOAT32_MAX
from dpcodec.compiled import address, held, library
from dpcodec.errors import SettingsError

DEAD_ZONE = 2 / 3
"""Threshold of zero, in steps. Of 0.55 to 0.72 it and 0.72 cost least (docs/experiments/coding.md)."""

FINEST_SNR_DB = 96.0

BIAS_UNIT = 1 / 32
"""In steps."""

_SEARCH_STEPS = 40


def step_for_mask(X: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The step of each channel whose dead zone ends at the smallest kept magnitude: float32 [C].

    X real [C, K, L], kept bool [C, K, L]. Where a mask keeps what is next to nothing, beside digital silence
    say, the step stays so large that its noise is FINEST_SNR_DB below the signal.
    """
    smallest = np.where(kept, np.abs(X), np.inf).min(axis=(1, 2), initial=np.inf)
    steps = np.where(np.isfinite(smallest), smallest, 1.0) / DEAD_ZONE * (1 - 2**-20)
    energy = (X.astype(np.float64) ** 2).sum((1, 2))
    noise = 12 * energy * 10 ** (-FINEST_SNR_DB / 10) / np.maximum(kept.sum((1, 2)), 1)
    return clamp_step(np.maximum(steps, np.sqrt(noise)), X)


def step_for_noise(X: np.ndarray, kept: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The step of each channel whose quantisation error over the kept values has the energy `noise`, float
    [C]; by bisection: float32 [C]."""
    steps = []
    for values, mask, energy in zip(X, kept, noise, strict=True):
        some = np.abs(values[mask])
        low, high = STEP_RANGE[0], max(2 * float(some.max(initial=0)), STEP_RANGE[0])
        for _ in range(_SEARCH_STEPS):
            middle = float(np.sqrt(low) * np.sqrt(high))
            error = errors(some, middle)
            low, high = (low, middle) if float(error @ error) > energy else (middle, high)
        steps.append(low)
    return clamp_step(np.array(steps), X)


def quantize_mdct(X: np.ndarray, step: float, dead_zone: float = DEAD_ZONE) -> np.ndarray:
    """Real [...] -> int32 [...], values below `dead_zone` steps -> 0.

    Raises `SettingsError` if a symbol would pass `MAX_SYMBOL` or the step is not a normal float32.

    >>> quantize_mdct(np.array([0.6, -0.7, 1.6, 1.7]), 1.0).tolist()
    [0, -1, 1, 2]
    """
    if not valid_step(step):
        raise SettingsError(f"quantiser step {step!r} is out of range: use a larger or smaller snr")
    if (compiled := library()) and X.dtype == np.float64:
        x, q = np.ascontiguousarray(X), np.empty(X.shape, np.int32)
        numbers = x.size, float(step), 1 - dead_zone, float(MAX_SYMBOL)
        if compiled.dpc_quantize(address(x), *numbers, address(q)):
            return q
    magnitude = np.floor(np.abs(X).astype(np.float64) / float(step) + (1 - dead_zone))
    if not np.all(magnitude <= MAX_SYMBOL):
        raise SettingsError(f"quantiser step {step!r} is too fine for these values: use a smaller snr")
    signed: np.ndarray = np.where(X < 0, -magnitude, magnitude).astype(np.int32)
    return signed


def bias_of(X: np.ndarray, q: np.ndarray, step: float, louder: float = 0.0) -> tuple[int, int]:
    """How far the values of magnitude 1, and those of larger ones, lie above their multiples of the step on
    average, those of magnitude 1 by `louder` steps more: two integers -8 .. 7 in BIAS_UNIT."""
    means = (mean + add for mean, add in zip(_means_above(X, q, float(step)), (louder, 0.0), strict=True))
    one, more = (min(max(round(mean / BIAS_UNIT), -8), 7) for mean in means)
    return one, more


def _means_above(X: np.ndarray, q: np.ndarray, step: float) -> list[float]:
    """Of values of magnitude 1 and of larger ones, 0 where there are none: how far above in steps."""
    if (compiled := library()) and X.dtype == np.float64:
        x, symbols, means = np.ascontiguousarray(X), np.ascontiguousarray(q, np.int32), np.empty(2)
        held(compiled.dpc_bias(address(x), address(symbols), x.size, step, address(means)))
        return means.tolist()
    magnitude = np.abs(q)
    above = np.abs(X) / step - magnitude
    return [float(np.mean(above[some])) if some.any() else 0.0 for some in (magnitude == 1, magnitude > 1)]


def dequantize_mdct(
    q: np.ndarray, step: float, bias: tuple[int, int], factors: np.ndarray | float = 1.0
) -> np.ndarray:
    """Int32 [...] -> float32 [...], finite always; the step is `factors` [...] times as large."""
    magnitude = np.abs(q).astype(np.float64)
    shifted = magnitude + np.where(magnitude > 1, bias[1], bias[0] * (magnitude == 1)) * BIAS_UNIT
    return single(np.sign(q) * shifted * float(step) * factors)


def boxes(q: np.ndarray, step: float, factors: np.ndarray | float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half the width of the interval that a symbol stands for, float32 [...]; the step is
    `factors` [...] times as large. The half-width of zero is the dead zone's."""
    unit = float(step) * np.asarray(factors)
    magnitude = np.abs(q)
    centre = np.sign(q) * (magnitude + (DEAD_ZONE - 0.5)) * unit
    halfwidth = np.where(magnitude > 0, 0.5, DEAD_ZONE) * unit
    return single(centre), single(halfwidth)


def single(values: np.ndarray) -> np.ndarray:
    """As float32; what that cannot hold becomes its largest number."""
    found: np.ndarray = np.clip(values, -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
    return found


def errors(magnitudes: np.ndarray, step: float, dead_zone: float = DEAD_ZONE) -> np.ndarray:
    """What quantising takes from magnitudes [...], before any bias is added: float64 [...]."""
    left: np.ndarray = magnitudes - np.floor(magnitudes / step + (1 - dead_zone)) * step
    return left


def clamp_step(steps: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Steps within what the format can hold for this X: float32 [C]."""
    finest = np.abs(X).max(axis=(1, 2), initial=0) / (MAX_SYMBOL // 2)
    clamped: np.ndarray = np.clip(np.maximum(steps, finest), *STEP_RANGE).astype(np.float32)
    return clamped
