"""Pairs of channels turned band by band, where that leaves less to code."""

from __future__ import annotations

import numpy as np

from dpcodec.bands import band_edges, band_of_rows
from dpcodec.coding.shape import ANGLES, turned


def turn_pairs(
    X: np.ndarray, shape: np.ndarray, scale: float, sample_rate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn channels 2 i and 2 i + 1 by an angle for each band: one of none, a quarter (middle and side), and
    that which gathers most in the first channel; whichever costs the fewest bits.

    X      float64 [C, K, L]
    shape  float64 [C, B, L], log2 of the step's square at scale 1, which is the noise a channel may have
    scale  the step at shape 0

    Returns X turned, the shapes that go with it, and angles int64 [C // 2, B].
    """
    X, shape = X.copy(), shape.copy()
    bands = band_of_rows(X.shape[1], sample_rate)
    edges = band_edges(X.shape[1], sample_rate)[:-1]
    angles = np.zeros((len(X) // 2, len(edges)), np.int64)
    for pair in range(len(angles)):
        both = slice(2 * pair, 2 * pair + 2)
        tried = [np.zeros(len(edges), np.int64), np.full(len(edges), ANGLES // 4), _gathering(X[both], edges)]
        costs: list[np.ndarray] = []
        shapes: list[np.ndarray] = []
        for angle in tried:
            there = turned(X[both], angle[bands, None])
            shapes.append(_shape_of_turned(there, shape[both], angle, scale, edges))
            steps = scale * np.exp2(shapes[-1] / 2)[:, bands]
            bits = np.log2(1 + np.abs(there) / steps).sum(axis=(0, 2))
            costs.append(np.add.reduceat(bits, edges))
        best = np.argmin(costs, axis=0)
        angles[pair] = np.choose(best, tried)
        X[both] = turned(X[both], angles[pair][bands, None])
        shape[both] = np.choose(best[:, None], shapes)
    return X, shape, angles


def _shape_of_turned(
    there: np.ndarray, shape: np.ndarray, angles: np.ndarray, scale: float, edges: np.ndarray
) -> np.ndarray:
    """The shapes of a turned pair, [2, B, L], so that neither channel gets more noise than it may have.

    The second may have what both may; of what it does make, which is no more than its own energy where that
    becomes zero, the first leaves room.
    """
    left, right = np.exp2(shape)
    second = np.minimum(left, right)
    energy = np.add.reduceat(there[1] ** 2, edges) / np.diff([*edges, there.shape[1]])[:, None]
    made = np.minimum(second, 12 * energy / scale**2)
    cosine, sine = (np.square(f(angles * (np.pi / ANGLES)))[:, None] for f in (np.cos, np.sin))
    first = np.minimum(
        (left - made * sine) / np.maximum(cosine, 1e-6), (right - made * cosine) / np.maximum(sine, 1e-6)
    )
    both = np.log2(np.stack([np.maximum(first, second), second]))
    return np.where(angles[:, None] == 0, shape, both)


def _gathering(X: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The angle of each band that turns most of its energy into the first channel (principal axis)."""
    left, right, across = (
        np.add.reduceat(product.sum(axis=-1), edges) for product in (X[0] ** 2, X[1] ** 2, X[0] * X[1])
    )
    turn = 0.5 * np.arctan2(2 * across, left - right)
    angles: np.ndarray = np.rint(turn * ANGLES / np.pi).astype(np.int64) % ANGLES
    return angles
