"""What is known around a coefficient -> the contexts of its symbol, by small networks of integers.

A network has one hidden layer and two outputs: how likely the symbol is not to be zero, and how large it is
if it is not. Both only choose contexts; their adaptive tables say how likely what really is. Every number is
an integer and every sum stays below 2**24, so float32 computes it exactly, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from dpcodec.coding.predictor_tables import NETWORKS

HIDDEN = 48
ZERO_CLASSES, LEVEL_CLASSES = 48, 24
LARGEST_INPUT = 255
_HIDDEN_UNIT, _LARGEST_HIDDEN, _OUTPUT_UNIT = 32, 127, 1024

_BLOCK = 128
"""Columns multiplied at a time."""

_WEIGHT, _BIAS, _OUTPUT, _OUTPUT_BIAS = 2, 4, 3, 5
"""Hexadecimal digits of each kind of number, two's complement."""


@dataclass(frozen=True)
class Network:
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

    def classes(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classes of zero or not and of the level, int64 [n] each, from integers 0 .. LARGEST_INPUT, float32
        [inputs, n]."""
        hidden = _product(self.weights, inputs)
        hidden += self.bias
        hidden *= 1 / _HIDDEN_UNIT
        np.clip(np.floor(hidden, out=hidden), 0, _LARGEST_HIDDEN, out=hidden)
        out = _product(self.outputs, hidden)
        out += self.output_bias
        zero, level = np.floor(out * (1 / _OUTPUT_UNIT)).astype(np.int64)
        return np.clip(zero, 0, ZERO_CLASSES - 1), np.clip(level, 0, LEVEL_CLASSES - 1)


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
def networks() -> tuple[Network, ...]:
    """For rows 0, 4, ... of the first frames, rows 2, 6, ..., odd rows; for even and odd rows of others."""
    return tuple(_read(block) for block in NETWORKS)


def _read(block: str) -> Network:
    """A line a hidden unit: bias, a weight for each input, two of the outputs; then both outputs' biases."""
    *units, last = block.split()
    rows = []
    for unit in units:
        ends = (_BIAS, len(unit) - 2 * _OUTPUT)
        rows.append(
            _integers(unit[: ends[0]], _BIAS)
            + _integers(unit[ends[0] : ends[1]], _WEIGHT)
            + _integers(unit[ends[1] :], _OUTPUT)
        )
    table = np.array(rows, np.float32)
    return Network(
        np.ascontiguousarray(table[:, 1:-2]),
        table[:, :1],
        np.ascontiguousarray(table[:, -2:].T),
        np.array(_integers(last, _OUTPUT_BIAS), np.float32)[:, None],
    )


def _integers(digits: str, width: int) -> list[int]:
    """Numbers of `width` hexadecimal digits each, two's complement."""
    half = 16**width // 2
    found = (int(digits[k : k + width], 16) for k in range(0, len(digits), width))
    return [(number + half) % (2 * half) - half for number in found]
