"""How loud the sound around a hole is, band by band, and so how loud noise in the hole may be.

Beside a hole the power of each band is the mean of the nearest frames that tell it. In it the level in dB
goes in a straight line from one side to the other, and falls with the distance from the nearer one: the sound
may as well have ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.transform.bands import band_edges

NEAREST = 3
"""Frames on each side that tell the level there."""
REACH_S = 2.0
"""Distance from a side at which nothing is left of its level."""
SILENT = 1e-13
"""Power relative to the loudest band's around a hole that counts as silence."""


@dataclass(frozen=True)
class Envelope:
    """Of a run of frames of the file that begins with frame `first`.

    power   float64 [C, B, L], mean square of what arrived in each band
    across  float64 [C // 2, B, L], mean product of channels 2 i and 2 i + 1
    told    bool [L], whether anything arrived
    """

    first: int
    power: np.ndarray
    across: np.ndarray
    told: np.ndarray

    @property
    def stop(self) -> int:
        """The number of the frame after the last."""
        return self.first + len(self.told)

    def cut(self, first: int) -> Envelope:
        """From a frame of the file on."""
        at = max(first - self.first, 0)
        return Envelope(self.first + at, self.power[:, :, at:], self.across[:, :, at:], self.told[at:])


def envelope_of(first: int, X: np.ndarray, arrived: np.ndarray, sample_rate: int) -> Envelope:
    """The envelope of coefficients [C, K, L] that begin with frame `first`, where they arrived, bool [K,
    L]."""
    edges = band_edges(X.shape[1], sample_rate)[:-1]
    if arrived.all():
        count = np.diff([*edges, X.shape[1]])[:, None].astype(np.float64)
    else:
        X = X * arrived
        count = np.maximum(np.add.reduceat(arrived, edges, axis=0, dtype=np.float64), 1)
    squares = X.real.astype(np.float64) ** 2 + X.imag.astype(np.float64) ** 2
    pairs = len(X) // 2
    left, right = X[0 : 2 * pairs : 2], X[1 : 2 * pairs : 2]
    products = (left * right.conj()).real.astype(np.float64)
    return Envelope(
        first,
        np.add.reduceat(squares, edges, axis=1) / count,
        np.add.reduceat(products, edges, axis=1) / count,
        np.asarray(arrived.any(axis=0)),
    )


def join(envelopes: list[Envelope]) -> Envelope:
    """Neighbouring runs of frames as one."""
    fields = zip(*((e.power, e.across, e.told) for e in envelopes), strict=True)
    return Envelope(envelopes[0].first, *(np.concatenate(parts, axis=-1) for parts in fields))


def levels(around: Envelope, frame: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """(Power [C, B] that noise in this frame of the file may have, correlation [C // 2, B] of the pairs).

    reach  frames from a side at which nothing is left of its level
    """
    sides = [_side(around, frame, way, reach) for way in (-1, 1)]
    nearest = min(distance for distance, _, _ in sides)
    if nearest >= reach:
        return np.zeros(around.power.shape[:2]), np.zeros(around.across.shape[:2])
    weights = np.array([max(1 - d / reach, 0) / max(d, 0.5) for d, _, _ in sides])
    weights /= weights.sum()
    loudest = max(float(power.max(initial=0)) for _, power, _ in sides)
    floor = max(SILENT * loudest, np.finfo(np.float64).tiny)
    logs = sum(w * np.log(np.maximum(power, floor)) for w, (_, power, _) in zip(weights, sides, strict=True))
    power = np.where(np.exp(logs) > 2 * floor, np.exp(logs), 0) * (1 - nearest / reach) ** 2
    across = sum(w * cross for w, (_, _, cross) in zip(weights, sides, strict=True))
    return power, across


def _side(around: Envelope, frame: int, way: int, reach: float) -> tuple[float, np.ndarray, np.ndarray]:
    """What lies on one side of a frame, that frame included: the distance in frames of the nearest one that
    tells anything (inf: none within reach), the power and the correlation there."""
    at = frame - around.first
    order = np.arange(at, -1, -1) if way < 0 else np.arange(at, len(around.told))
    found = order[around.told[order]][:NEAREST]
    found = found[np.abs(found - at) < reach]
    pairs = around.across.shape[:2]
    if not found.size:
        return np.inf, np.zeros(around.power.shape[:2]), np.zeros(pairs)
    power, across = around.power[:, :, found].mean(axis=2), around.across[:, :, found].mean(axis=2)
    both = np.sqrt(power[0 : 2 * pairs[0] : 2] * power[1 : 2 * pairs[0] : 2])
    correlation = np.divide(across, both, out=np.zeros(pairs), where=both > 0)
    return float(abs(found[0] - at)), power, np.clip(correlation, -1, 1)
