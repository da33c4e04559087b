"""How much of an estimate of lost cells is to be believed: a gate that learnt it (`inpainting.gate`).

A tone that goes on across a hole is found to within a few percent, one that glides is found at the wrong
phase, and a wrong phase doubles the error that silence makes. What tells them apart: whether the windows are
sure from the first round on, how far tones stand out in them, how loud it is on both sides, and how far away
these are. Everything is relative to the estimate's own size nearby, and no sign of the whole matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.inpainting.concealment.prior import TOLD_ROUNDS, WINDOWS, Estimates
from dpcodec.inpainting.gate import gates
from dpcodec.inpainting.neighbourhood import near

MOVES = len(TOLD_ROUNDS)
FEATURES = 3 * MOVES + 2 * WINDOWS + 9
BACKWARDS, OUTWARDS = 0.5, 1.5
"""Most that is believed, of the largest of the estimates, against its sign and in its direction."""
_FARTHEST = 12.0
"""Of a logarithm."""
_TINY = 1e-30


@dataclass(frozen=True)
class Seen:
    """Of the n lost cells.

    at        int64 [n], places in the flattened [K, L]
    scale     float32 [n], the estimate's size nearby, with its sign
    moves     float32 [MOVES, n], estimates over the scale
    features  float32 [FEATURES, n]
    """

    at: np.ndarray
    scale: np.ndarray
    moves: np.ndarray
    features: np.ndarray

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the most that may become of the cells, over the scale: [n] each."""
        size = np.abs(self.moves).max(axis=0)
        return -np.float32(BACKWARDS) * size, np.float32(OUTWARDS) * size


def believed(
    found: Estimates | None, X: np.ndarray, lost: np.ndarray, block_splits: np.ndarray
) -> np.ndarray:
    """What becomes of the lost cells of a channel, float32 [K, L], zero elsewhere.

    X             real [K, L], what arrived
    lost          bool [K, L]
    block_splits  int64 [L]
    """
    out = np.zeros(lost.shape, np.float32)
    if found is None:
        return out
    cells = seen(found, X, lost, block_splits)
    (gate,) = gates("conceal")
    out.reshape(-1)[cells.at] = cells.scale * np.clip(gate.move(cells.features, cells.moves), *cells.ends)
    return out


def seen(found: Estimates, X: np.ndarray, lost: np.ndarray, block_splits: np.ndarray) -> Seen:
    """What the gate sees; arguments as in `believed`."""
    at = np.flatnonzero(lost)

    def taken(values: np.ndarray) -> np.ndarray:
        cells: np.ndarray = np.broadcast_to(values, lost.shape).reshape(-1)[at]
        return cells

    last, squares = found.moves[-1], found.moves**2
    known = np.where(lost, 0, X).astype(np.float32) ** 2
    usual = float(known.sum(dtype=np.float64)) / max(np.count_nonzero(~lost), 1)
    power = near(squares.max(axis=0), 1, 1)
    power = np.maximum(power, np.float32(max(1e-9 * usual, _TINY)))

    def log(values: np.ndarray) -> np.ndarray:
        return np.clip(np.log(taken(values / power) + np.float32(1e-6)), -_FARTHEST, _FARTHEST)

    scale = taken(np.where(last < 0, -1, 1) * np.sqrt(power)).astype(np.float32)
    moves = np.stack([taken(move) / scale for move in found.moves])
    wide = near(squares[-1], 4, 4)
    features = [
        *moves,
        *(log(near(square, 1, 1)) for square in squares),
        *(log(near((last - move) ** 2, 1, 1)) for move in found.moves[:-1]),
        *map(log, _all_windows(found.steady)),
        *map(log, _all_windows(found.loud)),
        log(near(squares[-1], 2, 0)),
        log(near(squares[-1], 0, 2)),
        log(wide),
        taken(np.log(power / np.float32(max(usual, _TINY)))) / 4,
        *(f(values) for values, f in zip(_sides(known, lost), (log, log, taken, taken), strict=True)),
        taken(np.log((np.arange(len(lost)) + 1) / len(lost))[:, None]),
        taken(block_splits > 0).astype(np.float32),
    ]
    return Seen(at, scale, moves, np.stack(features).astype(np.float32))


def _all_windows(values: np.ndarray) -> np.ndarray:
    """The longest one stands for those that a file of this kind has not."""
    return values[np.minimum(np.arange(WINDOWS), len(values) - 1)]


def _sides(known: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Power of what is known nearest before a cell and after it, and the logarithm of the distances in
    frames: [K, L] each. Where there is nothing the power is 0."""
    there = near((~lost).astype(np.float32), 2, 0)
    power = near(known, 2, 0) / np.maximum(there, np.float32(1e-3))
    told, L = there > 0.01, lost.shape[1]
    frames = np.arange(L)
    before = np.maximum.accumulate(np.where(told, frames, -1), axis=1)
    after = np.minimum.accumulate(np.where(told, frames, L)[:, ::-1], axis=1)[:, ::-1]
    sides = [
        np.where(there_is, np.take_along_axis(power, np.clip(nearest, 0, L - 1), axis=1), np.float32(0))
        for nearest, there_is in ((before, before >= 0), (after, after < L))
    ]
    distances = (np.log1p(frames - before), np.log1p(after - frames))
    return sides[0], sides[1], *(d.astype(np.float32) for d in distances)
