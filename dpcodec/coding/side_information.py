"""Side information of perceptual files <-> symbols: scale factors, noise levels, stereo angles; all by band.

A scale factor w, 0 .. 63, makes the step of its band and frame `2**(w / 2)` times the channel's. The frames
of a band are bisected as those of coefficients are, from FIRST_DISTANCE on; each is coded as its difference,
modulo 64, from the mean of its two neighbours in time, or in the first frames from the band below. How far
apart the two are, and what the band below did, choose its context.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from dpcodec.coding.entropy import AdaptiveTable, Coder
from dpcodec.coding.stft_contexts import COARSEST
from dpcodec.coding.tables import GAIN, table

SCALE_FACTORS = 64
"""Alphabet of scale factors."""
NOISE_LEVELS = 16
NOISE_UNIT = 1 / 32
"""Of the root mean square of the noise that fills a band, in steps."""
NOISE_FRAMES = COARSEST
"""Frames that share a noise level."""
ANGLES = 64
"""Paired channels are rotated by `angle * pi / ANGLES`."""

_ROOT_2 = 1.4142135623730951
FIRST_DISTANCE = 256
"""Frames between those of a band whose scale factors are coded first."""
_FIRST_SCALE_FACTOR = 24
_FARTHEST_APART, _FARTHEST_OFF, _FARTHEST_NEAR = 4, 2, 7
_OFFS = 2 * _FARTHEST_OFF + 1
_APARTS = 2 * _FARTHEST_APART + 1
_DISTANCE_CLASSES = 3
SCALE_FACTOR_CONTEXTS = _OFFS + _DISTANCE_CLASSES * _APARTS * _OFFS


def step_factors(scale_factors: np.ndarray) -> np.ndarray:
    """What scale factors multiply the step by: float64 of their shape."""
    half = np.where(scale_factors & 1, _ROOT_2, 1.0)
    powers: np.ndarray = np.ldexp(half, (scale_factors >> 1).astype(np.int32))
    return powers


def code_scale_factors(coder: Coder, shape: tuple[int, int], truth: np.ndarray | None) -> np.ndarray:
    """Scale factors int64 [B, L], `shape`; `truth` is what to write, None when reading."""
    bands, frames = shape
    table = AdaptiveTable(_scale_factor_counts(), GAIN)
    w = np.zeros(shape, np.int64)
    below = np.zeros(frames, np.int64)  # how far off the band below was
    for b in range(bands):
        off = np.zeros(frames, np.int64)
        for places, expected, context in _scale_factor_passes(w, b, below):
            wanted = None if truth is None else (truth[b, places] - expected) % SCALE_FACTORS
            symbols = coder.code(table, context, wanted).astype(np.int64)
            w[b, places] = (expected + symbols) % SCALE_FACTORS
            off[places] = (symbols + SCALE_FACTORS // 2) % SCALE_FACTORS - SCALE_FACTORS // 2
        below = off
    return w


def _scale_factor_passes(
    w: np.ndarray, b: int, below: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each pass over a band: frames, expected scale factors and contexts, int64 [n] each. `w` is filled in
    between."""
    frames, distance = w.shape[1], FIRST_DISTANCE
    places = np.arange(0, frames, distance)
    expected = w[b - 1, places] if b else np.full(len(places), _FIRST_SCALE_FACTOR)
    yield places, expected, _off(below[places])
    while distance > 1:
        if frames <= distance // 2:  # a pass without frames
            distance //= 2
            continue
        places = np.arange(distance // 2, frames, distance)
        left, after = w[b, places - distance // 2], places + distance // 2
        right = np.where(after < frames, w[b, np.minimum(after, frames - 1)], left)
        apart = np.clip(left - right, -_FARTHEST_APART, _FARTHEST_APART) + _FARTHEST_APART
        stage = {2: 2, 4: 1}.get(distance, 0)
        yield places, (left + right) >> 1, (1 + stage * _APARTS + apart) * _OFFS + _off(below[places])
        distance //= 2


def _off(below: np.ndarray) -> np.ndarray:
    """Class of how far off the band below was."""
    classes: np.ndarray = np.clip(below, -_FARTHEST_OFF, _FARTHEST_OFF) + _FARTHEST_OFF
    return classes


@cache
def _scale_factor_counts() -> np.ndarray:
    """Int64 [SCALE_FACTOR_CONTEXTS, SCALE_FACTORS]."""
    near = np.arange(-_FARTHEST_NEAR, _FARTHEST_NEAR + 1)
    counts = np.ones((SCALE_FACTOR_CONTEXTS, SCALE_FACTORS), np.int64)
    counts[:, near] = table("scale_factors")["differences"]
    return counts


def code_noise(coder: Coder, shape: tuple[int, int], truth: np.ndarray | None) -> np.ndarray:
    """Noise classes int64 [B, ceil(L / NOISE_FRAMES)], `shape`, each in the context of the band below."""
    table = AdaptiveTable(_close(NOISE_LEVELS), GAIN)
    classes = np.zeros(shape, np.int64)
    for b in range(shape[0]):
        context = classes[b - 1] if b else np.zeros(shape[1], np.int64)
        classes[b] = coder.code(table, context, None if truth is None else truth[b])
    return classes


def code_stereo_angles(coder: Coder, bands: int, truth: np.ndarray | None) -> np.ndarray:
    """Angles int64 [B], each in the context of the band below."""
    table = AdaptiveTable(_close(ANGLES), GAIN)
    angles = np.zeros(bands, np.int64)
    for b in range(bands):
        context = angles[b - 1 : b] if b else np.zeros(1, np.int64)
        angles[b] = coder.code(table, context, None if truth is None else truth[b : b + 1])[0]
    return angles


@cache
def _close(size: int) -> np.ndarray:
    """Counts that fall with the distance from the context: int64 [size, size]."""
    places = np.arange(size)
    counts: np.ndarray = np.maximum(256 >> np.abs(places[:, None] - places), 4)
    return counts
