"""Noise substitution: how loud what became zero was, by band, measured and filled in again.

An estimate like any other: solver `none` leaves it out. A cell's noise depends on its place alone, so that
any stretch of a file sounds the same.
"""

from __future__ import annotations

import math

import numpy as np

from dpcodec.coding.block_noise import gains_of_frames
from dpcodec.coding.side_information import NOISE_LEVELS, NOISE_UNIT, noise_groups
from dpcodec.compiled import address, held, library
from dpcodec.mask.prng import philox4x32

FILL, FILL_ALONE = 0.5, 0.9
"""Level of the noise, of that of the values it stands for: where nearly all of a band's energy is coded, and
where nothing is. Beside coded values noise adds to the error; where there are none, nearly all of it is
needed for the band to be as loud as it was (docs/experiments/perceptual.md)."""
OF_MEAN_MAGNITUDE = (math.pi / 2) ** 0.5
"""Root mean square of normal noise over its mean magnitude. Values of which a few are large have less: a tone
that became zero, or a sound in one frame of many, is not made up for by noise everywhere."""
_KEY = np.array([0x64706E6F, 0x69736531], np.uint32)
_WORDS = 4
_LOUDEST = float(np.finfo(np.float32).max)


def noise_levels(
    scaled: np.ndarray, q: np.ndarray, bands: np.ndarray, splits: np.ndarray, even: bool = True
) -> np.ndarray:
    """Level of each band and group of frames, int64 [B, groups].

    scaled  float64 [K, L], values in steps
    q       int32 [K, L], their symbols
    bands   int64 [K], of the rows
    splits  int64 [L], split exponents of the frames
    even    how frames make groups, see `side_information.noise_groups`

    The more of the energy became zero, the nearer to it is the noise's.
    """
    each = noise_groups(q.shape[1], even)[1]
    edges = np.flatnonzero(np.diff(bands, prepend=-1))
    gains = gains_of_frames(q, np.arange(len(q)), bands, splits) if splits.any() else None
    left, count, total, size = _sums(scaled, q, gains, edges, each)
    share = left / np.maximum(total, np.finfo(np.float64).tiny)
    loud = OF_MEAN_MAGNITUDE * size / np.maximum(count, 1e-9)
    filling = (FILL + (FILL_ALONE - FILL) * share) * loud
    levels: np.ndarray = np.minimum(np.rint(filling / NOISE_UNIT), NOISE_LEVELS - 1).astype(np.int64)
    return levels


def _sums(
    scaled: np.ndarray, q: np.ndarray, gains: np.ndarray | None, edges: np.ndarray, each: int
) -> np.ndarray:
    """Over the cells of each band, which begin at the rows `edges`, and group of `each` frames: the energy of
    those that became zero, how many there are, each times its gain, the energy of all, and the magnitudes of
    those that became zero: float64 [4, B, groups]."""
    frames = q.shape[1]
    if (compiled := library()) and q.size:
        sums = np.empty((4, len(edges), -(-frames // each)))
        x, symbols = np.ascontiguousarray(scaled, np.float64), np.ascontiguousarray(q)
        ends = np.array([*edges, len(q)])
        told = address(x), address(symbols), None if gains is None else address(gains), frames
        held(compiled.dpc_noise_sums(*told, address(ends), len(edges), each, address(sums)))
        return sums
    starts, zero, square = np.arange(0, frames, each), q == 0, scaled**2
    filled = zero if gains is None else zero * gains

    cells = np.where(zero, square, 0.0), filled, square, np.where(zero, np.abs(scaled), 0.0)
    return np.stack(
        [
            np.add.reduceat(np.add.reduceat(kind.astype(np.float64), edges, axis=0), starts, axis=1)
            for kind in cells
        ]
    )


def filled(
    values: np.ndarray, noise: np.ndarray, channel: int, first_frame: int, segment_frames: int
) -> np.ndarray:
    """Values of a channel with uniform noise of root mean square `noise` added: all [K, L], the type of the
    values, from frame `first_frame` of a file of segments of `segment_frames` frames on."""
    out = values.copy()
    rows = int(np.flatnonzero(noise.any(axis=1))[-1]) + 1 if noise.any() else 0
    at, frames = 0, values.shape[1]
    while at < frames:
        segment, inside = divmod(first_frame + at, segment_frames)
        stop = min(at + segment_frames - inside, frames)
        drawn = _uniform(segment, channel, rows, inside + stop - at)[:, inside:]
        loud = noise[:rows, at:stop].astype(np.float64) * drawn
        out[:rows, at:stop] += np.clip(loud, -_LOUDEST, _LOUDEST).astype(np.float32)
        at = stop
    return out


def _uniform(segment: int, channel: int, rows: int, frames: int) -> np.ndarray:
    """Uniform noise of variance 1, float32 [rows, frames]: four frames a block of Philox."""
    blocks = -(-frames // _WORDS)
    counter = np.empty((rows, blocks, 4), np.uint32)
    counter[..., 0] = np.arange(blocks)
    counter[..., 1] = np.arange(rows)[:, None]
    counter[..., 2], counter[..., 3] = channel, segment
    words = philox4x32(counter, _KEY).reshape(rows, blocks * _WORDS)[:, :frames]
    uniform: np.ndarray = (words.astype(np.float64) + 0.5) * (2 * 3**0.5 / 2**32) - 3**0.5
    return uniform.astype(np.float32)
