"""Side information of perceptual files <-> symbols: scale factors, noise levels, stereo angles; all by band.

A scale factor w, 0 .. 63, makes the step of its band and frame `2**(w / 2)` times the channel's. The frames
of a band are bisected as those of coefficients are, from FIRST_DISTANCE on; each is coded as its difference,
modulo 64, from the mean of its two neighbours in time, or in the first frames from the band below. How far
apart the two are, and what the band below did, choose its context.

Since version 1.3 the second channel of a pair expects to move as the first one does: what that is off the
mean of its neighbours is added, and chooses the context in place of how far the neighbours are apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from dpcodec.coding.body import COARSEST
from dpcodec.coding.compiled_coder import CompiledCoder
from dpcodec.coding.entropy import AdaptiveTable, Coder
from dpcodec.coding.tables import GAIN, table

SCALE_FACTORS = 64
"""Alphabet of scale factors."""
NOISE_LEVELS = 16
NOISE_UNIT = 1 / 32
"""Of the root mean square of the noise that fills a band, in steps."""
NOISE_FRAMES = COARSEST
"""Frames that share a noise level, at most."""
ANGLES = 64
"""Paired channels are rotated by `angle * pi / ANGLES`."""

_ROOT_2 = 1.4142135623730951
FIRST_DISTANCE = 256
"""Frames between those of a band whose scale factors are coded first."""
_FIRST_SCALE_FACTOR = 24
_FARTHEST_APART, _FARTHEST_OFF, _FARTHEST_NEAR = 4, 2, 7
_OFFS = 2 * _FARTHEST_OFF + 1
_APARTS = 2 * _FARTHEST_APART + 1
_NEAREST = 3


def step_factors(scale_factors: np.ndarray) -> np.ndarray:
    """What scale factors multiply the step by: float64 of their shape."""
    half = np.where(scale_factors & 1, _ROOT_2, 1.0)
    powers: np.ndarray = np.ldexp(half, (scale_factors >> 1).astype(np.int32))
    return powers


def code_scale_factors(
    coder: Coder,
    shape: tuple[int, int],
    truth: np.ndarray | None,
    name: str = "scale_factors",
    first: np.ndarray | None = None,
    apart: int | None = None,
) -> np.ndarray:
    """Scale factors int64 [B, L], `shape`.

    truth  what to write, None when reading
    name   of the table with the counts at the start
    first  int64 [B or fewer, L], of the first channel of the pair, None if this is it or that was not coded
    apart  frames of the file from one to the next; None: coded as before format 1.4
    """
    bands, frames = shape
    counts = _scale_factor_counts(name, first is not None)
    if isinstance(coder, CompiledCoder):
        return coder.scale_factors(counts, shape, truth, first, apart)
    table = AdaptiveTable(counts, GAIN)
    w = np.zeros(shape, np.int64)
    below = np.zeros(frames, np.int64)  # how far off the band below was
    for b in range(bands):
        off = np.zeros(frames, np.int64)
        if first is None:
            passes = _scale_factor_passes(w, b, below, apart)
        else:
            passes = _paired_passes(w, b, below, apart, first)
        for places, expected, context in passes:
            wanted = None if truth is None else (truth[b, places] - expected) % SCALE_FACTORS
            symbols = coder.code(table, context, wanted).astype(np.int64)
            w[b, places] = (expected + symbols) % SCALE_FACTORS
            off[places] = (symbols + SCALE_FACTORS // 2) % SCALE_FACTORS - SCALE_FACTORS // 2
        below = off
    return w


def _scale_factor_passes(
    w: np.ndarray, b: int, below: np.ndarray, apart: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each pass over a band: frames, expected scale factors and contexts, int64 [n] each. `w` is filled in
    between."""
    places = np.arange(0, w.shape[1], FIRST_DISTANCE)
    expected = w[b - 1, places] if b else np.full(len(places), _FIRST_SCALE_FACTOR)
    yield places, expected, _off(below[places])
    for places, distance in _later_passes(w.shape[1]):
        left, right = _neighbours(w[b], places, distance)
        difference = np.clip(left - right, -_FARTHEST_APART, _FARTHEST_APART) + _FARTHEST_APART
        yield (
            places,
            (left + right) >> 1,
            (1 + _stage(distance, apart) * _APARTS + difference) * _OFFS + _off(below[places]),
        )


def _paired_passes(
    w: np.ndarray, b: int, below: np.ndarray, apart: int | None, first: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The same of the second channel of a pair."""
    top = len(first) - 1
    seen = first[min(b, top)] if len(first) else np.zeros(w.shape[1], np.int64)
    under = first[min(b - 1, top)] if b and len(first) else seen

    def context(stage: int, moved: np.ndarray, places: np.ndarray) -> np.ndarray:
        found: np.ndarray = (stage * _OFFS + _off(moved)) * _OFFS + _off(below[places])
        return found

    places = np.arange(0, w.shape[1], FIRST_DISTANCE)
    moved = seen[places] - under[places]
    yield places, (w[b - 1, places] + moved if b else seen[places]), context(0, moved, places)
    for places, distance in _later_passes(w.shape[1]):
        left, right = _neighbours(w[b], places, distance)
        before, after = _neighbours(seen, places, distance)
        moved = seen[places] - ((before + after) >> 1)
        yield places, ((left + right) >> 1) + moved, context(1 + _stage(distance, apart), moved, places)


def _later_passes(frames: int) -> Iterator[tuple[np.ndarray, int]]:
    """Frames int64 [n] of the passes after the first, and the distance of those before from one another."""
    distance = FIRST_DISTANCE
    while distance > 1:
        if frames > distance // 2:
            yield np.arange(distance // 2, frames, distance), distance
        distance //= 2


def _neighbours(w: np.ndarray, places: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """What is known on either side of the frames of a pass in [L]; on the left where there is no right."""
    left, after = w[places - distance // 2], places + distance // 2
    return left, np.where(after < len(w), w[np.minimum(after, len(w) - 1)], left)


def _stage(distance: int, apart: int | None) -> int:
    """Class of how far the neighbours are from one another: the nearer the higher."""
    if apart is None:
        return {2: 2, 4: 1}.get(distance, 0)
    return max(0, _NEAREST - ((distance * apart).bit_length() - 2))


def _off(below: np.ndarray) -> np.ndarray:
    """Class of how far off the band below was."""
    classes: np.ndarray = np.clip(below, -_FARTHEST_OFF, _FARTHEST_OFF) + _FARTHEST_OFF
    return classes


@cache
def _scale_factor_counts(name: str, paired: bool) -> np.ndarray:
    """Int64 [contexts, SCALE_FACTORS]."""
    near = np.arange(-_FARTHEST_NEAR, _FARTHEST_NEAR + 1)
    known = np.array(table(name)["paired" if paired else "differences"])
    counts = np.ones((len(known), SCALE_FACTORS), np.int64)
    counts[:, near] = known
    return counts


def noise_groups(frames: int, even: bool) -> tuple[int, int]:
    """How many groups of frames have noise levels, and the frames in each but the last: NOISE_FRAMES, or
    (`even`), since format 1.4, as many in all of them as can be."""
    groups = -(-frames // NOISE_FRAMES)
    return groups, -(-frames // max(groups, 1)) if even else NOISE_FRAMES


def code_noise(
    coder: Coder, shape: tuple[int, int], truth: np.ndarray | None, in_time: bool = False
) -> np.ndarray:
    """Noise levels int64 [B, groups of frames], `shape`, each in the context of the band below; `in_time`, as
    since format 1.4: those of the first group so, others in the context of the group before."""
    bands, groups = shape
    first = min(groups, 1) if in_time else groups
    known = None if truth is None else truth[:bands]
    levels = np.zeros(shape, np.int64)
    table = AdaptiveTable(_close(NOISE_LEVELS), GAIN)
    levels[:, :first] = _code_rows(coder, table, (bands, first), None if known is None else known[:, :first])
    if groups > first:
        wanted = None if known is None else known[:, first:].T
        table = AdaptiveTable(_close(NOISE_LEVELS), GAIN)
        levels[:, first:] = _code_rows(coder, table, (groups - first, bands), wanted, levels[:, 0]).T
    return levels


def code_stereo_angles(coder: Coder, bands: int, truth: np.ndarray | None) -> np.ndarray:
    """Angles int64 [B], each in the context of the band below."""
    wanted = None if truth is None else truth[:bands, None]
    return _code_rows(coder, AdaptiveTable(_close(ANGLES), GAIN), (bands, 1), wanted)[:, 0]


def _code_rows(
    coder: Coder,
    table: AdaptiveTable,
    shape: tuple[int, int],
    truth: np.ndarray | None,
    before: np.ndarray | None = None,
) -> np.ndarray:
    """Symbols int64 [rows, n], `shape`, row by row, each in the context of the one above it; those of the
    first row in that of `before` [n], of 0 where that is None."""
    if isinstance(coder, CompiledCoder):
        return coder.rows(table, shape, truth, before).astype(np.int64)
    symbols = np.zeros(shape, np.int64)
    above = np.zeros(shape[1], np.int64) if before is None else before
    for row in range(shape[0]):
        symbols[row] = above = coder.code(table, above, None if truth is None else truth[row]).astype(
            np.int64
        )
    return symbols


@cache
def _close(size: int) -> np.ndarray:
    """Counts that fall with the distance from the context: int64 [size, size]."""
    places = np.arange(size)
    counts: np.ndarray = np.maximum(256 >> np.abs(places[:, None] - places), 4)
    return counts
