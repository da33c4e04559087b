"""Examples -> what the gate sees of some of their cells, and what is wanted; what a gate gains."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting.gate import Gate
from dpcodec.training.concealment.problems import Example
from dpcodec.training.refine.samples import Samples

BY_SIZE = 0.7
"""Share of the cells that are drawn in proportion to the size of their estimates; others are drawn evenly."""
FARTHEST = 10.0
"""Most that is wanted, over an estimate's size nearby."""


def drawn(example: Example, rng: np.random.Generator, count: int) -> Samples:
    """At most `count` of an example's cells."""
    scale = np.abs(example.cells.scale).astype(np.float64)
    chance = BY_SIZE * scale / scale.sum() + (1 - BY_SIZE) / len(scale)
    some = rng.choice(len(scale), min(count, len(scale)), p=chance)
    wanted = np.clip(example.truth[some] / example.cells.scale[some], -FARTHEST, FARTHEST)
    energy = max(float(np.sum(example.truth.astype(np.float64) ** 2)), 1e-30)
    low, high = (end[some] for end in example.cells.ends)
    return Samples(
        example.cells.features[:, some],
        example.cells.moves[:, some],
        wanted.astype(np.float32),
        low,
        high,
        (scale[some] ** 2 / energy / (chance[some] * len(some))).astype(np.float32),
    )


def gain(example: Example, gate: Gate | None) -> float:
    """Decibels by which the error is less than that of zeros; without a gate all is believed."""
    cells = example.cells
    move = cells.moves[-1]
    if gate is not None:
        move = np.clip(gate.move(cells.features, cells.moves), *cells.ends)
    before = float(np.sum(example.truth.astype(np.float64) ** 2))
    after = float(np.sum((example.truth - cells.scale * move).astype(np.float64) ** 2))
    return 10 * float(np.log10(max(before, 1e-30) / max(after, 1e-30)))
