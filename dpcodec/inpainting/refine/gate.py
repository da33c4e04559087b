"""The gate: features of a coefficient -> how much of each move is made, by a small perceptron.

    move = sum_j g_j move_j + g_0,  clipped to the box

with g the outputs of two hidden layers of rectified linear units. Weights are integers in the table `refine`,
one gate a round; a float weight is an integer over UNIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from dpcodec.inpainting.tables import table

UNIT = 1024
_BLOCK = 128
"""Coefficients multiplied at a time: BLAS starts no threads for so few."""


@dataclass(frozen=True)
class Gate:
    """Layers of weights float32 [inputs, outputs] and biases [outputs]; the last has an output a move and one
    more."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def move(self, features: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """In steps, outwards positive, float32 [n], of features [FEATURES, n] and moves [MOVES, n]."""
        n = features.shape[1]
        short = -n % _BLOCK
        x = np.pad(features, ((0, 0), (0, short))).T.reshape(-1, _BLOCK, len(features))
        for i, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weights
            x += bias
            if i + 1 < len(self.weights):
                np.maximum(x, 0, out=x)
        gains = x.reshape(n + short, -1)[:n].T
        made: np.ndarray = np.einsum("jn,jn->n", gains[:-1], moves) + gains[-1]
        return made


def gate_of(numbers: dict[str, Any]) -> Gate:
    """A gate from its JSON object."""
    weights, biases = (
        tuple(np.array(layer, np.float32) / UNIT for layer in numbers[name]) for name in ("weights", "biases")
    )
    return Gate(weights, biases)


@cache
def gates() -> Sequence[Gate]:
    """One a round."""
    return [gate_of(numbers) for numbers in table("refine")["gates"]]
