"""A convolution over frequency and time as matrix products at the points of short convolutions along time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from dpcodec.inpaint.networks.row_terms import Terms
from dpcodec.inpaint.networks.short_convolution import Tiling

CELLS = 2**20
"""Of one tensor, that fit into a cache with two others."""


def convolve(x: Tensor, weight: Tensor, terms: Terms, tiling: Tiling, shape: tuple[int, int]) -> Tensor:
    """[B, T, F, C] -> [B, *shape, O], where each term takes one filter of the weight [K, C, J, O].

    Tile by tile, so that the points of all frames never exist at once; they are made again for the gradient.
    """
    result: Tensor = _Convolution.apply(x, weight, terms, tiling, shape)  # type: ignore[no-untyped-call]
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, terms: Terms, tiling: Tiling, shape: tuple[int, int]
    ) -> Tensor:
        x = x.contiguous()
        W = _points_of_filters(weight, tiling)
        X = x.new_empty(len(W), *x.shape[2:])
        Z = x.new_empty(len(W), shape[1], weight.shape[3])
        y = x.new_zeros(x.shape[0], *shape, weight.shape[3])
        for item, out in zip(x, y, strict=True):
            for tile in tiling.tiles:
                tile.into.analyse(item[tile.inputs].flatten(1), X.flatten(1))
                for points in _groups(X, Z):
                    Z[points].zero_()
                    for term in terms:
                        term.forward(X[points], W[points], Z[points])
                tile.back.add_synthesis(Z.flatten(1), out[tile.outputs].flatten(1))
        ctx.save_for_backward(x, weight)
        ctx.terms, ctx.tiling = terms, tiling
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        terms, tiling = ctx.terms, ctx.tiling
        dy = gradients[0].contiguous()
        W = _points_of_filters(weight, tiling)
        X, dX = x.new_empty(len(W), *x.shape[2:]), x.new_empty(len(W), *x.shape[2:])
        dZ = x.new_empty(len(W), *dy.shape[2:])
        dW, dx = torch.zeros_like(W), torch.zeros_like(x)
        for item, change, total in zip(x, dy, dx, strict=True):
            for tile in tiling.tiles:
                tile.into.analyse(item[tile.inputs].flatten(1), X.flatten(1))
                tile.back.analyse(change[tile.outputs].flatten(1), dZ.flatten(1))
                for points in _groups(X, dZ):
                    dX[points].zero_()
                    for term in terms:
                        term.backward(X[points], W[points], dZ[points], dX[points], dW[points])
                tile.into.add_synthesis(dX.flatten(1), total[tile.inputs].flatten(1))
        return dx, (tiling.taps.T @ dW.flatten(1)).view(weight.shape), None, None, None


def _points_of_filters(weight: Tensor, tiling: Tiling) -> Tensor:
    """[K, C, J, O] -> [P, C, J, O]."""
    return (tiling.taps @ weight.flatten(1)).view(-1, *weight.shape[1:])


def _groups(X: Tensor, Z: Tensor) -> Iterator[slice]:
    """So many points at a time that they stay in a cache."""
    count = max(1, CELLS // max(X[0].numel(), Z[0].numel()))
    return (slice(start, start + count) for start in range(0, len(X), count))
