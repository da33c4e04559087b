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
    shape  float64 [C, B, L], steps as log2 in units of half a power of two; of a turned band it is the
           smaller of both channels'
    scale  the step at shape 0

    Returns X turned, the shapes that go with it, and angles int64 [C // 2, B].
    """
    X, shape = X.copy(), shape.copy()
    bands = band_of_rows(X.shape[1], sample_rate)
    edges = band_edges(X.shape[1], sample_rate)[:-1]
    angles = np.zeros((len(X) // 2, len(edges)), np.int64)
    for pair in range(len(angles)):
        both = slice(2 * pair, 2 * pair + 2)
        lower = np.broadcast_to(shape[both].min(axis=0), shape[both].shape)
        tried = [np.zeros(len(edges), np.int64), np.full(len(edges), ANGLES // 4), _gathering(X[both], edges)]
        costs = []
        for angle in tried:
            steps = scale * np.exp2(np.where(angle[:, None] == 0, shape[both], lower) / 2)[:, bands]
            there = turned(X[both], angle[bands, None])
            bits = np.log2(1 + np.abs(there) / steps).sum(axis=(0, 2))
            costs.append(np.add.reduceat(bits, edges))
        best = np.argmin(costs, axis=0)
        angles[pair] = np.choose(best, tried)
        X[both] = turned(X[both], angles[pair][bands, None])
        shape[both] = np.where(angles[pair][:, None] == 0, shape[both], lower)
    return X, shape, angles


def _gathering(X: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The angle of each band that turns most of its energy into the first channel (principal axis)."""
    left, right, across = (
        np.add.reduceat(product.sum(axis=-1), edges) for product in (X[0] ** 2, X[1] ** 2, X[0] * X[1])
    )
    turn = 0.5 * np.arctan2(2 * across, left - right)
    angles: np.ndarray = np.rint(turn * ANGLES / np.pi).astype(np.int64) % ANGLES
    return angles
