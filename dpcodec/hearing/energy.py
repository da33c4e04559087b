"""Symbols that keep the energy of their band: which small values become one, and which zero.

Beside noise that is masked, what is heard of coarse steps is that a band gets louder and softer by chance, as
more or fewer of its values pass the threshold of zero. A value near the threshold makes about the same error
either way; so the threshold of each band and frame is the one that gives the band its energy back.
"""

from __future__ import annotations

import numpy as np

from dpcodec.compiled import address, held, library

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
    energy, fixed, ones = _weighed(scaled, q, edges)
    wanted = np.log2(energy + 1e-9)
    made = np.log2(fixed + (ONE**2 - NOISE) * ones + 1e-9)
    price = PRICE * np.abs(np.array(THRESHOLDS) - USUAL)
    best = np.argmin(np.abs(made - wanted) + price[:, None, None], axis=0)
    return _chosen(scaled, q, edges, np.array(THRESHOLDS)[best])


def _weighed(
    scaled: np.ndarray, q: np.ndarray, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energy of each band and frame; what of it large symbols keep and noise makes, [B, L] each; and how many
    values reach each threshold, [thresholds, B, L]."""
    if compiled := library():
        shape, frames = (len(edges), q.shape[1]), q.shape[1]
        energy, fixed, ones = np.empty(shape), np.empty(shape), np.zeros((len(THRESHOLDS), *shape))
        x, symbols, ends = np.ascontiguousarray(scaled), np.ascontiguousarray(q), np.array([*edges, len(q)])
        cells = address(x), address(symbols), frames, address(ends), len(edges)
        tried, sums = np.array(THRESHOLDS), map(address, (energy, fixed, ones))
        held(compiled.dpc_energy_sums(*cells, NOISE, address(tried), *sums))
        return energy, fixed, ones
    large = np.abs(q) > 1
    small = np.where(large, 0.0, np.abs(scaled))  # large ones pass no threshold
    energy = np.add.reduceat(scaled**2, edges, axis=0)
    fixed = np.add.reduceat(np.where(large, np.square(q, dtype=np.float64), NOISE), edges, axis=0)
    return energy, fixed, _passing(small, edges)


def _chosen(scaled: np.ndarray, q: np.ndarray, edges: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Symbols int32 [K, L] of which the small ones follow from the thresholds [B, L]."""
    if compiled := library():
        x, symbols, ends = np.ascontiguousarray(scaled), np.ascontiguousarray(q), np.array([*edges, len(q)])
        chosen = np.empty(q.shape, np.int32)
        cells = address(x), address(symbols), q.shape[1], address(ends), len(edges)
        compiled.dpc_choose(*cells, address(thresholds), address(chosen))
        return chosen
    each = np.repeat(thresholds, np.diff([*edges, len(q)]), axis=0)
    signs = np.where(np.abs(scaled) >= each, np.sign(scaled), 0.0)
    found: np.ndarray = np.where(np.abs(q) > 1, q, signs).astype(np.int32)
    return found


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
