"""The side information of shaped coefficients <-> symbols: weights, noise levels, stereo angles; all by band.

A weight w, 0 .. 63, makes the step of its band and frame `2**(w / 2)` times the channel's. The frames of a
band are bisected as those of coefficients are, from FIRST_DISTANCE on; each weight is coded as its
difference, modulo 64, from the mean of its two neighbours in time, or in the first frames from the band
below. How far apart the two are, and what the band below did, choose its context.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from dpcodec.coding.contexts import COARSEST
from dpcodec.coding.entropy import AdaptiveTable, Coder
from dpcodec.coding.shape_tables import WEIGHT_COUNTS
from dpcodec.coding.tables import GAIN, read_counts

WEIGHTS = 64
"""Alphabet of weights."""
NOISE_LEVELS = 16
NOISE_UNIT = 1 / 32
"""Of the root mean square of the noise that fills a band, in steps."""
NOISE_FRAMES = COARSEST
"""Frames that share a noise level."""
ANGLES = 64
"""A pair of channels is turned by `angle * pi / ANGLES`."""

FIRST_DISTANCE = 256
"""Frames between those of a band whose weights are coded first."""
_FIRST_WEIGHT = 24
_FARTHEST_APART, _FARTHEST_OFF, _FARTHEST_NEAR = 4, 2, 7
_OFFS = 2 * _FARTHEST_OFF + 1
_APARTS = 2 * _FARTHEST_APART + 1
_STAGES = 3
WEIGHT_CONTEXTS = _OFFS + _STAGES * _APARTS * _OFFS


def code_weights(coder: Coder, shape: tuple[int, int], truth: np.ndarray | None) -> np.ndarray:
    """Weights int64 [B, L], `shape`; `truth` is what to write, None when reading."""
    bands, frames = shape
    table = AdaptiveTable(_weight_counts(), GAIN)
    w = np.zeros(shape, np.int64)
    below = np.zeros(frames, np.int64)  # how far off the band below was
    for b in range(bands):
        off = np.zeros(frames, np.int64)
        for places, expected, context in _weight_passes(w, b, below):
            wanted = None if truth is None else (truth[b, places] - expected) % WEIGHTS
            symbols = coder.code(table, context, wanted).astype(np.int64)
            w[b, places] = (expected + symbols) % WEIGHTS
            off[places] = (symbols + WEIGHTS // 2) % WEIGHTS - WEIGHTS // 2
        below = off
    return w


def _weight_passes(
    w: np.ndarray, b: int, below: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each pass over a band: frames, expected weights and contexts, int64 [n] each. `w` is filled in
    between."""
    frames, distance = w.shape[1], FIRST_DISTANCE
    places = np.arange(0, frames, distance)
    expected = w[b - 1, places] if b else np.full(len(places), _FIRST_WEIGHT)
    yield places, expected, _off(below[places])
    while distance > 1:
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
def _weight_counts() -> np.ndarray:
    """Int64 [WEIGHT_CONTEXTS, WEIGHTS]."""
    near = np.arange(-_FARTHEST_NEAR, _FARTHEST_NEAR + 1)
    counts = np.ones((WEIGHT_CONTEXTS, WEIGHTS), np.int64)
    counts[:, near] = read_counts(WEIGHT_COUNTS, (WEIGHT_CONTEXTS, len(near)))
    return counts


def code_noise(coder: Coder, shape: tuple[int, int], truth: np.ndarray | None) -> np.ndarray:
    """Noise levels int64 [B, ceil(L / NOISE_FRAMES)], `shape`, each in the context of the band below."""
    table = AdaptiveTable(_close(NOISE_LEVELS), GAIN)
    levels = np.zeros(shape, np.int64)
    for b in range(shape[0]):
        context = levels[b - 1] if b else np.zeros(shape[1], np.int64)
        levels[b] = coder.code(table, context, None if truth is None else truth[b])
    return levels


def code_angles(coder: Coder, bands: int, truth: np.ndarray | None) -> np.ndarray:
    """Angles int64 [B], each in the context of the band below."""
    table = AdaptiveTable(_close(ANGLES), GAIN)
    angles = np.zeros(bands, np.int64)
    for b in range(bands):
        context = angles[b - 1 : b] if b else np.zeros(1, np.int64)
        angles[b] = coder.code(table, context, None if truth is None else truth[b : b + 1])[0]
    return angles


def turned(X: np.ndarray, angles: np.ndarray, back: bool = False) -> np.ndarray:
    """Channels 0 and 1 of [2, ...] turned by angles [...] in units of pi / ANGLES: what the first channel
    holds of both moves into it. float64 [2, ...]."""
    turn = angles * (np.pi / ANGLES)
    cosine, sine = np.cos(turn), np.sin(turn) * (-1 if back else 1)
    return np.stack([cosine * X[0] + sine * X[1], cosine * X[1] - sine * X[0]])


@cache
def _close(size: int) -> np.ndarray:
    """Counts that fall with the distance from the context: int64 [size, size]."""
    places = np.arange(size)
    counts: np.ndarray = np.maximum(256 >> np.abs(places[:, None] - places), 4)
    return counts
