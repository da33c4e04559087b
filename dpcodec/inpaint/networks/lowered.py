"""A convolution over frequency and time as matrix products at the points of short convolutions along time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dpcodec.inpaint.networks.row_terms import Terms
from dpcodec.inpaint.networks.short_convolution import Tiling

CELLS = 2**21
"""Of one tensor, that fit into a cache with two others."""


class Filters(NamedTuple):
    """What of an input a convolution makes.

    weight  [K, C, J, O]: each term takes one of J filters
    tiling  all convolutions of an input have the same tiles of it, but may want other frames of their own
    shape   frames and bins of the result
    """

    weight: Tensor
    terms: Terms
    tiling: Tiling
    shape: tuple[int, int]


def convolve(x: Tensor, *filters: Filters) -> tuple[Tensor, ...]:
    """[B, T, F, C] -> [B, *shape, O] for each of the filters, which share the points of x.

    Tile by tile, so that the points of all frames never exist at once; they are made again for the gradient.
    """
    weights, *rest = zip(*filters, strict=True)
    results: tuple[Tensor, ...] = _Convolution.apply(x, tuple(zip(*rest, strict=True)), *weights)  # type: ignore[no-untyped-call]
    return results


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, plans: tuple[Any, ...], *weights: Tensor) -> tuple[Tensor, ...]:
        x = x.contiguous()
        branches = [_Branch(x, weight, *plan) for weight, plan in zip(weights, plans, strict=True)]
        X = branches[0].points_of(x)
        results = tuple(branch.result(len(x)) for branch in branches)
        for i, item in enumerate(x):
            for j, tile in enumerate(branches[0].tiling.tiles):
                tile.into.analyse(item[tile.inputs].flatten(1), X.flatten(1))
                for branch, y in zip(branches, results, strict=True):
                    branch.forward(X, y[i], j)
        ctx.save_for_backward(x, *weights)
        ctx.plans = plans
        return results

    @staticmethod
    def backward(ctx: Any, *changes: Tensor) -> tuple[Tensor | None, ...]:
        x, *weights = ctx.saved_tensors
        branches = [_Branch(x, weight, *plan) for weight, plan in zip(weights, ctx.plans, strict=True)]
        X, dX = branches[0].points_of(x), branches[0].points_of(x)
        changes = tuple(change.contiguous() for change in changes)
        dx = torch.zeros_like(x)
        for i, item in enumerate(x):
            for j, tile in enumerate(branches[0].tiling.tiles):
                tile.into.analyse(item[tile.inputs].flatten(1), X.flatten(1))
                dX.zero_()
                for branch, dy in zip(branches, changes, strict=True):
                    branch.backward(X, dy[i], dX, j)
                tile.into.add_synthesis(dX.flatten(1), dx[i, tile.inputs].flatten(1))
        return dx, None, *(branch.gradient() for branch in branches)


class _Branch:
    """One convolution at the points of its tiles."""

    def __init__(
        self, x: Tensor, weight: Tensor, terms: Terms, tiling: Tiling, shape: tuple[int, int]
    ) -> None:
        self.tiling, self._terms, self._shape = tiling, terms, shape
        self._of_filters = weight.shape
        self._W = (tiling.taps @ weight.flatten(1)).view(-1, *weight.shape[1:])
        self._dW = torch.zeros_like(self._W)
        self._Z = x.new_empty(len(self._W), shape[1], weight.shape[3])

    def points_of(self, x: Tensor) -> Tensor:
        """Room for the points of a tile, [P, F, C]."""
        return x.new_empty(len(self._W), *x.shape[2:])

    def result(self, items: int) -> Tensor:
        """Zeros [B, T', F', O]."""
        return self._Z.new_zeros(items, *self._shape, self._Z.shape[2])

    def forward(self, X: Tensor, y: Tensor, index: int) -> None:
        """Of the points of tile `index` its frames of y [T', F', O]."""
        for points in self._groups(X):
            self._Z[points].zero_()
            for term in self._terms:
                term.forward(X[points], self._W[points], self._Z[points])
        tile = self.tiling.tiles[index]
        tile.back.add_synthesis(self._Z.flatten(1), y[tile.outputs].flatten(1))

    def backward(self, X: Tensor, dy: Tensor, dX: Tensor, index: int) -> None:
        """Add to dX, and to the gradient of the filters, what a change of the result makes."""
        tile = self.tiling.tiles[index]
        tile.back.analyse(dy[tile.outputs].flatten(1), self._Z.flatten(1))
        for points in self._groups(X):
            for term in self._terms:
                term.backward(X[points], self._W[points], self._Z[points], dX[points], self._dW[points])

    def gradient(self) -> Tensor:
        """That of the filters, [K, C, J, O]."""
        return (self.tiling.taps.T @ self._dW.flatten(1)).view(self._of_filters)

    def _groups(self, X: Tensor) -> Iterator[slice]:
        """So many points at a time that they stay in a cache."""
        count = max(1, CELLS // max(X[0].numel(), self._Z[0].numel()))
        return (slice(start, start + count) for start in range(0, len(X), count))
