"""Stereo rotation: paired channels rotated band by band, where that leaves less to code, and back."""

from __future__ import annotations

import numpy as np

from dpcodec.coding.side_information import ANGLES
from dpcodec.transform.bands import band_edges, band_of_rows
from dpcodec.transform.block_switching import bits_of_lines


def rotate_pairs(
    X: np.ndarray, threshold: np.ndarray, scale: float, sample_rate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotate channels 2 i and 2 i + 1 by an angle for each band: one of none, a quarter (middle and side),
    and that which gathers most in the first channel; whichever costs the fewest bits.

    X          float64 [C, K, L]
    threshold  float64 [C, B, L], log2 of the step's square at scale 1, which is the noise a channel may have
    scale      the step at threshold 0

    Returns X rotated, the thresholds that go with it, and angles int64 [C // 2, B].
    """
    X, threshold = X.copy(), threshold.copy()
    bands = band_of_rows(X.shape[1], sample_rate)
    edges = band_edges(X.shape[1], sample_rate)[:-1]
    angles = np.zeros((len(X) // 2, len(edges)), np.int64)
    for pair in range(len(angles)):
        both = slice(2 * pair, 2 * pair + 2)
        tried = [np.zeros(len(edges), np.int64), np.full(len(edges), ANGLES // 4), _gathering(X[both], edges)]
        costs: list[np.ndarray] = []
        thresholds: list[np.ndarray] = []
        found: list[np.ndarray] = []
        for angle in tried:
            there = rotated(X[both], angle[bands, None]) if angle.any() else X[both]
            thresholds.append(_threshold_of_rotated(there, threshold[both], angle, scale, edges))
            bits = bits_of_lines(there, scale * np.exp2(thresholds[-1] / 2), bands)
            costs.append(np.add.reduceat(bits, edges))
            found.append(there)
        best = np.argmin(costs, axis=0)
        angles[pair] = np.choose(best, tried)
        chosen = np.empty_like(found[0])
        for way, there in enumerate(found):
            rows = np.flatnonzero(best[bands] == way)
            chosen[:, rows] = there[:, rows]
        X[both] = chosen
        threshold[both] = np.choose(best[:, None], thresholds)
    return X, threshold, angles


def rotate_back(X: np.ndarray, angles: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """The inverse, for angles int64 [C // 2, B, L] and the band of each row, int64 [K]: X [C, K, L]."""
    pairs = []
    for i, angle in enumerate(angles):
        steady = angle[:, :1] if (angle == angle[:, :1]).all() else angle
        pairs.append(rotated(X[2 * i : 2 * i + 2], steady, back=True, rows=bands))
    return np.concatenate([*pairs, X[2 * len(pairs) :]])


def rotated(
    X: np.ndarray, angles: np.ndarray, back: bool = False, rows: np.ndarray | None = None
) -> np.ndarray:
    """Channels 0 and 1 of [2, ...] rotated by angles [...] in units of pi / ANGLES: what the first channel
    holds of both moves into it. float64 [2, ...]. With `rows` angles are those of bands, taken row by row."""
    turn = angles * (np.pi / ANGLES)
    cosine, sine = np.cos(turn), np.sin(turn) * (-1 if back else 1)
    if rows is not None:
        cosine, sine = cosine[rows], sine[rows]
    return np.stack([cosine * X[0] + sine * X[1], cosine * X[1] - sine * X[0]])


def _threshold_of_rotated(
    there: np.ndarray, threshold: np.ndarray, angles: np.ndarray, scale: float, edges: np.ndarray
) -> np.ndarray:
    """The thresholds of a rotated pair, [2, B, L], so that neither channel gets more noise than it may have.

    The second may have what both may; of what it does make, which is no more than its own energy where that
    becomes zero, the first leaves room.
    """
    left, right = np.exp2(threshold)
    second = np.minimum(left, right)
    energy = np.add.reduceat(there[1] ** 2, edges) / np.diff([*edges, there.shape[1]])[:, None]
    made = np.minimum(second, 12 * energy / scale**2)
    cosine, sine = (np.square(f(angles * (np.pi / ANGLES)))[:, None] for f in (np.cos, np.sin))
    first = np.minimum(
        (left - made * sine) / np.maximum(cosine, 1e-6), (right - made * cosine) / np.maximum(sine, 1e-6)
    )
    both = np.log2(np.stack([np.maximum(first, second), second]))
    return np.where(angles[:, None] == 0, threshold, both)


def _gathering(X: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The angle of each band that rotates most of its energy into the first channel (principal axis)."""
    left, right, across = (
        np.add.reduceat(product.sum(axis=-1), edges) for product in (X[0] ** 2, X[1] ** 2, X[0] * X[1])
    )
    turn = 0.5 * np.arctan2(2 * across, left - right)
    angles: np.ndarray = np.rint(turn * ANGLES / np.pi).astype(np.int64) % ANGLES
    return angles
