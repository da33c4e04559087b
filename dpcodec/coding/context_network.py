"""What is known around a coefficient -> the contexts of its symbol, by small networks of integers.

A network has one hidden layer and two outputs: how likely the symbol is not to be zero, and how large it is
if it is not. Both only choose contexts; their adaptive tables say how likely what really is. Every number is
an integer and every sum stays below 2**24, so float32 computes it exactly, in any order.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from dpcodec.coding.tables import table

HIDDEN = 48
ZERO_CONTEXTS, MAGNITUDE_CONTEXTS = 48, 24
LARGEST_INPUT = 255
_HIDDEN_UNIT, _LARGEST_HIDDEN, _OUTPUT_UNIT = 32, 127, 1024

_BLOCK = 128
"""Columns multiplied at a time."""


class Network(NamedTuple):
    """Integers, as float32.

    weights      [HIDDEN, inputs], -128 .. 127
    bias         [HIDDEN, 1]
    outputs      [2, HIDDEN], -2048 .. 2047
    output_bias  [2, 1]
    """

    weights: np.ndarray
    bias: np.ndarray
    outputs: np.ndarray
    output_bias: np.ndarray

    def contexts(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Contexts of zero or not and of the magnitude class, int64 [n] each, from integers 0 ..
        LARGEST_INPUT, float32 [inputs, n]."""
        hidden = _product(self.weights, inputs)
        hidden += self.bias
        hidden *= 1 / _HIDDEN_UNIT
        np.clip(np.floor(hidden, out=hidden), 0, _LARGEST_HIDDEN, out=hidden)
        out = _product(self.outputs, hidden)
        out += self.output_bias
        zero, magnitude = np.floor(out * (1 / _OUTPUT_UNIT)).astype(np.int64)
        return np.clip(zero, 0, ZERO_CONTEXTS - 1), np.clip(magnitude, 0, MAGNITUDE_CONTEXTS - 1)


def _product(matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Float32 [m, n] of [m, k] and [k, n], in blocks so small that BLAS starts no threads: they would gain
    nothing here and keep all cores busy waiting."""
    n = columns.shape[1]
    whole = n - n % _BLOCK
    out = np.empty((len(matrix), n), np.float32)
    blocks = (a[:, :whole].reshape(len(a), -1, _BLOCK).swapaxes(0, 1) for a in (columns, out))
    np.matmul(matrix, next(blocks), out=next(blocks))
    np.matmul(matrix, columns[:, whole:], out=out[:, whole:])
    return out


@cache
def networks(name: str) -> tuple[Network, ...]:
    """Of the table `name`: for rows 0, 4, ... of the first frames, rows 2, 6, ..., odd rows; for even and odd
    rows of others."""
    found = []
    for numbers in table(name)["networks"]:
        weights, bias, outputs, output_bias = (
            np.array(numbers[name], np.float32) for name in ("weights", "bias", "outputs", "output_bias")
        )
        found.append(Network(weights, bias[:, None], outputs, output_bias[:, None]))
    return tuple(found)
