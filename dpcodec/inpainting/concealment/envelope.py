"""How loud the sound around a hole is, band by band, and so how loud noise in the hole may be.

A band's level is that of noise whose usual coefficient is as large as the band's own: a tone, one large
coefficient among small ones, hardly counts, since noise cannot stand for it. Beside a hole the level is the
mean of the nearest frames that tell it. In the hole the level in dB goes over from one side to the other, and
with the distance from the nearer one to what the band usually has: a word or a note that ends there is not
drawn out. At last it falls, since the sound may as well have ended.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dpcodec.transform.bands import band_edges

NEAREST = 3
"""Frames on each side that tell the level there."""
REACH_S = 2.0
"""Distance from a side at which nothing is left of its level."""
FORGOTTEN = 0.14
"""Distance, in reaches, over which what a side is louder than usual falls to 1 / e."""
QUIETEST = 1e-6
"""Power relative to the most that a band has within reach below which it is as quiet."""
SILENT = 1e-13
"""Power relative to the loudest band's around a hole that counts as silence."""
OF_ROOT_MAGNITUDE = 2**0.25 * math.gamma(0.75) / math.pi**0.5
"""Mean of the root of the magnitude of normal noise of variance 1."""


class Envelope(NamedTuple):
    """Of a run of frames of the file that begins with frame `first`.

    power   float64 [C, B, L], mean square of what arrived in each band
    level   float64 [C, B, L], variance of normal noise whose magnitudes' roots have the same mean
    across  float64 [C // 2, B, L], mean product of channels 2 i and 2 i + 1
    told    bool [L], whether anything arrived
    """

    first: int
    power: np.ndarray
    level: np.ndarray
    across: np.ndarray
    told: np.ndarray

    @property
    def stop(self) -> int:
        """The number of the frame after the last."""
        return self.first + len(self.told)

    def cut(self, first: int) -> Envelope:
        """From a frame of the file on."""
        at = max(first - self.first, 0)
        power, level, across = (field[:, :, at:] for field in (self.power, self.level, self.across))
        return Envelope(self.first + at, power, level, across, self.told[at:])


def envelope_of(first: int, X: np.ndarray, arrived: np.ndarray, sample_rate: int) -> Envelope:
    """The envelope of coefficients [C, K, L] that begin with frame `first`, where they arrived, bool [K,
    L]."""
    edges = band_edges(X.shape[1], sample_rate)[:-1]
    if arrived.all():
        count = np.diff([*edges, X.shape[1]])[:, None].astype(np.float64)
    else:
        X = X * arrived
        count = np.maximum(np.add.reduceat(arrived, edges, axis=0, dtype=np.float64), 1)
    squares = np.square(X.real, dtype=np.float64)
    if np.iscomplexobj(X):
        squares += np.square(X.imag, dtype=np.float64)
    roots = np.add.reduceat(np.sqrt(np.sqrt(squares)), edges, axis=1) / count
    pairs = len(X) // 2
    left, right = X[0 : 2 * pairs : 2], X[1 : 2 * pairs : 2]
    products = (left * right.conj()).real.astype(np.float64)
    return Envelope(
        first,
        np.add.reduceat(squares, edges, axis=1) / count,
        (roots / OF_ROOT_MAGNITUDE) ** 4,
        np.add.reduceat(products, edges, axis=1) / count,
        np.asarray(arrived.any(axis=0)),
    )


def join(envelopes: list[Envelope]) -> Envelope:
    """Neighbouring runs of frames as one."""
    fields = zip(*((e.power, e.level, e.across, e.told) for e in envelopes), strict=True)
    return Envelope(envelopes[0].first, *(np.concatenate(parts, axis=-1) for parts in fields))


def levels(around: Envelope, frame: int, reach: float, ahead: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(Power [C, B] that noise in this frame of the file may have, correlation [C // 2, B] of the pairs).

    reach  frames from a side at which nothing is left of its level
    ahead  frames after this one that tell what is usual, beside all before it and the nearest after it
    """
    sides = [_side(around, frame, way, reach) for way in (-1, 1)]
    nearest = min(side.distance for side in sides)
    if nearest >= reach:
        return np.zeros(around.power.shape[:2]), np.zeros(around.across.shape[:2])
    weights = np.array([max(1 - side.distance / reach, 0) / max(side.distance, 0.5) for side in sides])
    weights /= weights.sum()
    loudest = max(float(side.level.max(initial=0)) for side in sides)
    floor = max(SILENT * loudest, np.finfo(np.float64).tiny)
    logs = sum(w * np.log(np.maximum(side.level, floor)) for w, side in zip(weights, sides, strict=True))
    heard = np.exp(logs) > 2 * floor
    known = np.exp(-max(nearest - 1, 0) / (FORGOTTEN * reach))
    logs = known * logs + (1 - known) * _usual_log(around, frame, reach, ahead, floor)
    power = np.where(heard, np.exp(logs), 0) * (1 - nearest / reach) ** 2
    across = sum(w * side.across for w, side in zip(weights, sides, strict=True))
    return power, across


def _usual_log(around: Envelope, frame: int, reach: float, ahead: int, floor: float) -> np.ndarray:
    """Mean of the logarithm of the level, of what is told within reach: [C, B]."""
    distance = np.arange(len(around.told)) + around.first - frame
    known = around.told & (np.abs(distance) < reach)
    after = np.flatnonzero(known & (distance >= 0))[:NEAREST]
    known &= distance <= ahead
    known[after] = True
    told = around.level[:, :, known]
    quietest = np.maximum(QUIETEST * told.max(axis=2, keepdims=True), floor)
    usual: np.ndarray = np.log(np.maximum(told, quietest)).mean(axis=2)
    return usual


class _Side(NamedTuple):
    """What lies on one side of a frame, that frame included.

    distance  in frames, of the nearest one that tells anything; inf where none does within reach
    level     [C, B] there
    across    [C // 2, B], correlation of the pairs there
    """

    distance: float
    level: np.ndarray
    across: np.ndarray


def _side(around: Envelope, frame: int, way: int, reach: float) -> _Side:
    """Before the frame (way -1) or after it (1)."""
    at = frame - around.first
    order = np.arange(at, -1, -1) if way < 0 else np.arange(at, len(around.told))
    found = order[around.told[order]][:NEAREST]
    found = found[np.abs(found - at) < reach]
    pairs = around.across.shape[:2]
    if not found.size:
        return _Side(np.inf, np.zeros(around.level.shape[:2]), np.zeros(pairs))
    level, power, across = (f[:, :, found].mean(axis=2) for f in (around.level, around.power, around.across))
    both = np.sqrt(power[0 : 2 * pairs[0] : 2] * power[1 : 2 * pairs[0] : 2])
    correlation = np.divide(across, both, out=np.zeros(pairs), where=both > 0)
    return _Side(float(abs(found[0] - at)), level, np.clip(correlation, -1, 1))
