"""Examples -> what a gate sees of some of their coefficients, and how far each is from where it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dpcodec.inpainting.refine.features import seen
from dpcodec.inpainting.refine.wiener import Filters
from dpcodec.training.refine.problems import Example

BY_STEP = 0.7
"""Share of the coefficients that are drawn in proportion to their step; the others are drawn evenly."""
FEWEST = 50
"""An example with fewer coefficients that may move is left out."""


@dataclass(frozen=True)
class Samples:
    """float32, n coefficients.

    features   [FEATURES, n]
    moves      [MOVES, n], in steps, outwards positive
    wanted     [n], the move that leads to the truth
    low, high  [n], the box
    weight     [n], energy that a step's error adds, over that of all errors of the example
    """

    features: np.ndarray
    moves: np.ndarray
    wanted: np.ndarray
    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray


def drawn(example: Example, estimate: np.ndarray, rng: np.random.Generator, count: int) -> Samples | None:
    """At most `count` of an example's coefficients as a gate sees them after the rounds that made the
    estimate."""
    boxes = example.boxes
    found = seen(boxes, estimate, Filters.over(boxes).filtered(estimate))
    if len(found.at) < FEWEST:
        return None
    step = boxes.step.reshape(-1)[found.at].astype(np.float64)
    chance = BY_STEP * step / step.sum() + (1 - BY_STEP) / len(step)
    some = rng.choice(len(step), min(count, len(step)), p=chance)
    at, sign = found.at[some], found.sign[some]
    ends = [sign * side.reshape(-1)[at] for side in (boxes.low, boxes.high)]
    error = example.truth - boxes.value
    energy = max(float(np.sum(error.astype(np.float64) ** 2)), 1e-30)
    return Samples(
        found.features[:, some],
        found.moves[:, some],
        (sign * error.reshape(-1)[at] / step[some]).astype(np.float32),
        np.minimum(*ends),
        np.maximum(*ends),
        (step[some] ** 2 / energy / (chance[some] * len(some))).astype(np.float32),
    )


def joined(parts: Iterable[Samples | None]) -> Samples:
    """All in one."""
    some = [part for part in parts if part is not None]
    names = ("features", "moves", "wanted", "low", "high", "weight")
    return Samples(*(np.concatenate([getattr(part, name) for part in some], axis=-1) for name in names))
