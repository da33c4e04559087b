"""Symbols by context -> where the adaptive tables start.

A context that was seen often starts from the shares of its symbols; one that was seen seldom from those of a
more general one, which weighs as much as PRIOR symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dpcodec.training.coder import (
    MAGNITUDE_CONTEXTS,
    MAGNITUDES,
    NEAR,
    STAGES,
    TOTAL,
    ZERO_CONTEXTS,
    network_of,
)
from dpcodec.training.collect import KEPT_SHARE, Samples

PRIOR = 24
DIFFERENCES_TOTAL = TOTAL // 2
"""Scale factors learn faster from their start: it weighs half as much."""
_SEEN_AT_ONCE = 1 << 16


def spread(counts: np.ndarray, general: np.ndarray, total: int) -> np.ndarray:
    """Counts [contexts, symbols] drawn towards general ones of the same shape, adding up to about `total` a
    context, none below 1: int64."""
    general = general / general.sum(1, keepdims=True)
    drawn = counts + PRIOR * general
    found: np.ndarray = np.maximum(np.round(total * drawn / drawn.sum(1, keepdims=True)), 1).astype(np.int64)
    return found


def stft_tables(counts: dict[str, np.ndarray]) -> dict[str, Any]:
    """The JSON object of STFT files from counts by name."""
    groups = len(counts["imag"]) // len(counts["real"])
    alike = counts["imag"].reshape(-1, groups, counts["imag"].shape[1]).sum(0) + 1
    return {
        "zeros": _nonzero(counts["zeros"]).tolist(),
        "real": spread(counts["real"], _pooled(counts["real"]), TOTAL).tolist(),
        "imag": spread(counts["imag"], np.tile(alike, (len(counts["real"]), 1)), TOTAL).tolist(),
    }


def scale_factor_tables(counts: dict[str, np.ndarray]) -> dict[str, Any]:
    """What the JSON object of perceptual files has of scale factors, from counts by name."""
    found = {}
    for name in ("differences", "paired"):
        near = spread(counts[name], _pooled(counts[name]), DIFFERENCES_TOTAL)[:, np.arange(-NEAR, NEAR + 1)]
        found[name] = near.tolist()
    return found


def mdct_tables(networks: list[dict[str, Any]], samples: Sequence[Samples]) -> dict[str, Any]:
    """The JSON object of MDCT files: networks as they are, and counts in the contexts that they choose."""
    zeros = np.zeros((STAGES, ZERO_CONTEXTS, 2))
    magnitudes = np.zeros((MAGNITUDE_CONTEXTS, MAGNITUDES))
    for numbers, seen, share in zip(networks, samples, KEPT_SHARE, strict=True):
        network = network_of(numbers)
        for first in range(0, len(seen.classes), _SEEN_AT_ONCE):
            some = slice(first, first + _SEEN_AT_ONCE)
            zero, level = network.contexts(np.ascontiguousarray(seen.inputs[some].T, np.float32))
            found, stages = seen.classes[some].astype(np.int64), seen.stages[some]
            np.add.at(zeros, (stages, zero, (found > 0).astype(np.int64)), 1 / share)
            here = found > 0
            np.add.at(magnitudes, (level[here], found[here] - 1), 1 / share)
    alike = np.tile(zeros.sum(0), (STAGES, 1)) + 0.5
    nonzero = _nonzero(zeros.reshape(-1, 2), alike).reshape(STAGES, ZERO_CONTEXTS)
    return {
        "networks": networks,
        "nonzero": [
            _rising(row, weights).tolist() for row, weights in zip(nonzero, zeros.sum(2), strict=True)
        ],
        "magnitudes": spread(magnitudes, _beside(magnitudes), TOTAL).tolist(),
    }


def _nonzero(counts: np.ndarray, general: np.ndarray | None = None) -> np.ndarray:
    """Of contexts with counts [contexts, 2] of (zero, not zero) the second one of TOTAL, neither below 1."""
    general = _pooled(counts) if general is None else general
    found: np.ndarray = np.clip(spread(counts, general, TOTAL)[:, 1], 1, TOTAL - 1)
    return found


def _pooled(counts: np.ndarray) -> np.ndarray:
    """The sum over all contexts, for each of them."""
    pooled: np.ndarray = np.broadcast_to(counts.sum(0) + 1, counts.shape)
    return pooled


def _beside(counts: np.ndarray) -> np.ndarray:
    """The sum of the contexts next to each, and twice its own."""
    padded = np.pad(counts, ((1, 1), (0, 0)))
    near: np.ndarray = padded[:-2] + padded[2:] + 2 * counts + 1
    return near


def _rising(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The nearest values that never fall, in the mean of weighted squares (pool adjacent violators; Barlow et
    al., Statistical Inference under Order Restrictions, 1972): int64."""
    pools: list[list[float]] = []
    for value, weight in zip(values, weights + 1e-3, strict=True):
        pools.append([float(value), float(weight), 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, v, i), (b, w, j) = pools[-2:]
            pools[-2:] = [[(a * v + b * w) / (v + w), v + w, i + j]]
    return np.concatenate([np.full(int(n), round(value), np.int64) for value, _, n in pools])
