"""Filters along time with fewer multiplications than taps.

A tile of m outputs `y[t] = sum_j w[j] x[t + j]` of a filter of K taps is part of a circular correlation of
length N = m + K - 1: a product in each bin of a DFT. Of conjugate bins one is enough, and Gauss's three real
products make a complex one:

    (a + ib) (c + id) = (p - r) + i (p + q),    p = a (c + d),  q = c (b - a),  r = d (a + b)

All of it is linear but for these products, so with real matrices (the form of S. Winograd's short
convolutions; R. E. Blahut, "Fast algorithms for digital signal processing", 1985)

    y = A [(G w) . (B x)],        A [m, P],  G [P, K],  B [P, N],  P = 3 N / 2 - 1 for even N.

For 11 taps and 40 outputs these are 74 products instead of 440. The points lie on the unit circle, where
rounding errors stay as small as those of the sums of a plain convolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

OUTPUTS = 40
"""Outputs of a tile: more of them need fewer products, but larger matrices A and B."""


COLUMNS = 8192
"""Of a matrix at a time, where it passes through a cache."""


@dataclass(frozen=True, eq=False)
class Dense:
    """Points of some rows by a matrix [P, n]."""

    matrix: Tensor

    def analyse(self, rows: Tensor, points: Tensor) -> None:
        """[n, columns] -> [P, columns]."""
        torch.mm(self.matrix, rows, out=points)

    def add_synthesis(self, points: Tensor, rows: Tensor) -> None:
        """The transpose, [P, columns] -> added to [n, columns]."""
        torch.addmm(rows, self.matrix.T, points, out=rows)


@dataclass(frozen=True, eq=False)
class Halved:
    """The same where points are bins of a DFT of even length: half the multiplications.

    Half a length further on, even bins repeat and odd bins change their sign: even bins see the sum of the
    two halves, odd bins their difference. even, odd: [P', N / 2]; n rows from `first` on, the others zero.
    """

    even: Tensor
    odd: Tensor
    first: int

    def analyse(self, rows: Tensor, points: Tensor) -> None:
        count, half = self.even.shape
        below = half - self.first
        for columns in _columns(rows):
            low = _placed(rows[:below, columns], self.first, half)
            high = _placed(rows[below:, columns], 0, half)
            torch.mm(self.even, low + high, out=points[:count, columns])
            torch.mm(self.odd, low - high, out=points[count:, columns])

    def add_synthesis(self, points: Tensor, rows: Tensor) -> None:
        count, half = self.even.shape
        below = half - self.first
        for columns in _columns(rows):
            same, turned = self.even.T @ points[:count, columns], self.odd.T @ points[count:, columns]
            low, high = rows[:below, columns], rows[below:, columns]
            here = slice(self.first, self.first + len(low))
            low.add_(same[here]).add_(turned[here])
            high.add_(same[: len(high)]).sub_(turned[: len(high)])


def _placed(rows: Tensor, first: int, count: int) -> Tensor:
    """The rows from `first` on, zeros for the others of `count` rows."""
    if len(rows) == count:
        return rows
    return functional.pad(rows, (0, 0, first, count - first - len(rows)))


def _columns(rows: Tensor) -> Iterator[slice]:
    return (slice(start, start + COLUMNS) for start in range(0, rows.shape[1], COLUMNS))


@dataclass(frozen=True, eq=False)
class Tile:
    """Frames `inputs` of the input become points by `into`, products become frames `outputs` by `back`."""

    inputs: slice
    outputs: slice
    into: Dense | Halved
    back: Dense | Halved


@dataclass(frozen=True, eq=False)
class Tiling:
    """A convolution of so many taps over all frames, zeros outside: taps [P, K] is G."""

    taps: Tensor
    tiles: tuple[Tile, ...]


@lru_cache(maxsize=64)
def tiling(
    frames: int, taps: int, stride: int, repeats: int, dtype: torch.dtype, device: torch.device
) -> Tiling:
    """Tiles of a convolution with an odd number of taps that keeps the number of frames.

    stride   of its outputs only every so many are wanted
    repeats  `frames` counts the frames after each frame of the input has been repeated so many times
    """
    outputs = -(-frames // -(-frames // OUTPUTS))
    outputs += outputs % 2
    A, G, B = (matrix.to(device) for matrix in bilinear(outputs, taps))
    tiles = []
    for start in range(0, frames, outputs):
        stop, before = min(start + outputs, frames), start - taps // 2
        first, last = max(0, before), min(frames, stop + taps // 2)
        skipped = -start % stride
        begin, end = (start + skipped) // stride, -(-stop // stride)
        into: Dense | Halved
        back: Dense | Halved
        if repeats == 1:
            into = _halved(B, first - before, dtype)
        else:
            repeated = B[:, first - before : last - before] @ _repetition(first, last, repeats).to(device)
            into = Dense(repeated.to(dtype))
        if stride == 1:
            back = _halved(A.T, 0, dtype)
        else:
            back = Dense(A[skipped : stop - start : stride].T.to(dtype).contiguous())
        inputs = slice(first // repeats, -(-last // repeats))
        tiles.append(Tile(inputs, slice(begin, end), into, back))
    return Tiling(G.to(dtype), tuple(tiles))


def bilinear(outputs: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """A [N, P], of which the first m rows count, G [P, K] and B [P, N] of the formula above, float64; N even.

    Points of even bins come first.
    """
    length = outputs + taps - 1
    bins = range(length // 2 + 1)
    A, G, B = [], [], []
    for i in (*bins[::2], *bins[1::2]):
        turn = (torch.arange(length) * i % length).to(torch.float64)
        c, s = (turn * (2 * math.pi / length)).cos(), (turn * (2 * math.pi / length)).sin()
        if i in (0, length // 2):  # real bins: one product
            A += [c / length]
            G += [c]
            B += [c]
        else:  # the filter's bin is a + ib = c + is, the input's c - is; a bin counts for its conjugate too
            A += [2 * (c - s) / length, -2 * s / length, -2 * c / length]
            G += [c, s - c, s + c]
            B += [c - s, c, -s]
    return torch.stack(A, 1), torch.stack(G)[:, :taps], torch.stack(B)


def _halved(matrix: Tensor, first: int, dtype: torch.dtype) -> Halved:
    """Of a matrix [P, N] over bins, those of even bins first."""
    even, half = (size // 2 for size in matrix.shape)
    return Halved(
        matrix[:even, :half].to(dtype).contiguous(), matrix[even:, :half].to(dtype).contiguous(), first
    )


def _repetition(first: int, last: int, repeats: int) -> Tensor:
    """0 and 1, float64: frame i of first .. last - 1 is input frame i // repeats."""
    source = torch.arange(first, last) // repeats
    return functional.one_hot(source - source[0]).to(torch.float64)
