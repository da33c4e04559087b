"""Symbols that keep the energy of their band: which small values become one, and which zero.

Beside noise that is masked, what is heard of coarse steps is that a band gets louder and softer by chance, as
more or fewer of its values pass the threshold of zero. A value near the threshold makes about the same error
either way; so the threshold of each band and frame is the one that gives the band its energy back.
"""

from __future__ import annotations

import numpy as np

THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
"""That are tried, in steps."""
USUAL = 0.55
PRICE = 2.5
"""A threshold counts as so many octaves of energy worse for each step that it is off the usual one."""
ONE = 1.08
"""What the magnitude 1 is decoded to, about, in steps."""
NOISE = 0.02
"""Mean square of the noise in place of a value that became zero, about, in squares of the step."""


def match_energy(scaled: np.ndarray, q: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Symbols int32 [K, L] of which those of magnitude 0 and 1 are chosen anew.

    scaled  float64 [K, L], values in steps
    q       int32 [K, L], the symbols of a dead zone of USUAL
    edges   int [B], first row of each band
    """
    edges = edges[edges < len(q)]
    if not len(edges):
        return q
    magnitude, large = np.abs(scaled), np.abs(q) > 1
    small = np.where(large, 0.0, magnitude)  # large ones pass no threshold

    def sums(cells: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.add.reduceat(cells, edges, axis=0)
        return found

    wanted = np.log2(sums(magnitude**2) + 1e-9)
    fixed = sums(np.where(large, np.square(q, dtype=np.float64), NOISE))
    ones = _passing(small, edges)
    made = np.log2(fixed + (ONE**2 - NOISE) * ones + 1e-9)
    price = PRICE * np.abs(np.array(THRESHOLDS) - USUAL)
    best = np.argmin(np.abs(made - wanted) + price[:, None, None], axis=0)
    thresholds = np.repeat(np.array(THRESHOLDS)[best], np.diff([*edges, len(q)]), axis=0)
    signs = np.where(small >= thresholds, np.sign(scaled), 0.0)
    chosen: np.ndarray = np.where(large, q, signs).astype(np.int32)
    return chosen


def _passing(magnitudes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many of the magnitudes [K, L] of each band and frame reach each threshold: [thresholds, B, L]."""
    bands, frames = len(edges), magnitudes.shape[1]
    band = np.repeat(np.arange(bands), np.diff([*edges, len(magnitudes)]))
    reached = np.searchsorted(THRESHOLDS, magnitudes.ravel(), side="right").reshape(magnitudes.shape)
    cell = (reached * bands + band[:, None]) * frames + np.arange(frames)
    levels = len(THRESHOLDS) + 1
    counts = np.bincount(cell.ravel(), minlength=levels * bands * frames).reshape(levels, bands, frames)
    found: np.ndarray = counts[::-1].cumsum(axis=0)[-2::-1]
    return found
