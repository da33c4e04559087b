"""A wide MultiResUNet on a CPU: the network of `multiresunet.py`, evaluated faster.

Tensors are [B, T, F, C] here, "cells": a transform along time is one matrix product over whole frames, and a
choice of rows costs nothing. From 64 channels on, C is rounded up to a multiple of 16 with channels of zeros,
since matrix products are half as fast on 127 columns as on 128.

What is done once instead of again and again, all of it exact:
- convolutions along time take 1.85 products an output instead of 11 (`short_convolution.py`);
- what the decoder reads from the scale below is convolved before each row and frame is repeated, and never
  joined with the skip connection: a convolution of joined channels is a sum of two;
- a block's output is transformed once for the skip connection and the way down;
- a bias before BatchNorm is left out, since BatchNorm takes it off again: its gradient is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.inpaint.networks.blocks import SLOPE, Convolution, MultiResBlock, Normalised, ResPath, activate
from dpcodec.inpaint.networks.harmonic import HarmonicConv2d
from dpcodec.inpaint.networks.lowered import Filters, convolve
from dpcodec.inpaint.networks.row_terms import GRAIN, doubled_terms, harmonic_terms, neighbour_terms
from dpcodec.inpaint.networks.short_convolution import Tiling, tiling

if TYPE_CHECKING:
    from dpcodec.inpaint.networks.multiresunet import MultiResUNet
PLANES, CELLS = (0, 3, 1, 2), (0, 2, 3, 1)
"""[B, T, F, C] -> [B, C, T, F], in the memory order that torch calls channels_last, and back."""
CACHED = 2**18
"""Numbers at a time, where several operations follow each other."""


def evaluate(network: MultiResUNet, z: Tensor) -> Tensor:
    """[B, 2, F, T] -> [B, 2, F, T], as `network.layer_by_layer`."""
    encoder, decoder = (cast("list[MultiResBlock]", blocks) for blocks in (network.encoder, network.decoder))
    downs, paths = cast("list[HarmonicConv2d]", network.down), cast("list[ResPath]", network.skips)
    x = _block(encoder[0], _widened(z.permute(0, 3, 2, 1), 3, GRAIN))
    skips = []
    for i, (down, path) in enumerate(zip(downs, paths, strict=True), start=1):
        harmonic = path.harmonic.convolution
        skip, lower = convolve(x, _filters(harmonic, x), _filters(down, x))
        skips.append(_res_path(path, x, skip))
        lower = lower + _widened(cast(Tensor, down.bias), 0, x.shape[3])
        x = _block(encoder[i], activate(lower))
    for block in decoder:
        x = _block(block, x, skips.pop())
    output = network.output
    weight = _widened(_widened(output.weight[:, :, 0, 0], 1, x.shape[3]), 0, GRAIN)
    y = functional.linear(x, weight, _widened(cast(Tensor, output.bias), 0, GRAIN))
    return y[..., : len(output.weight)].permute(0, 3, 2, 1)


def _block(block: MultiResBlock, *sources: Tensor) -> Tensor:
    """A MultiResBlock of one source, or of a source of half the size and another that would be joined."""
    shortcut = _normalise(block.shortcut.norm, _pointwise(block.shortcut.convolution.weight, *sources))
    parts: list[Tensor] = []
    for link in cast("list[Normalised]", block.chain):
        if parts or len(sources) == 1:
            x = (*sources, *parts)[-1]
            (y,) = convolve(x, _filters(link.convolution, x))
        else:
            y = _joined(link.convolution.weight, *sources)
        parts.append(_normalise(link.norm, y))
    merged: Tensor = _Merge.apply(shortcut, *parts)  # type: ignore[no-untyped-call]
    return merged


def _res_path(path: ResPath, x: Tensor, y: Tensor) -> Tensor:
    """Of the block's output x and the harmonic convolution y of it."""
    shortcut = _normalise(path.shortcut.norm, _pointwise(path.shortcut.convolution.weight, x))
    y = activate(_normalise(path.harmonic.norm, y) + shortcut)
    norm = path.norm
    planes = functional.batch_norm(y.permute(PLANES), None, None, norm.weight, norm.bias, True, eps=norm.eps)
    return planes.permute(CELLS)


def _normalise(norm: nn.BatchNorm2d, y: Tensor) -> Tensor:
    """BatchNorm and LeakyReLU; channels of zeros stay zero."""
    weight, bias = (_widened(p, 0, y.shape[3]) for p in (norm.weight, norm.bias))
    normalised: Tensor = _Normalise.apply(y, weight, bias, norm.eps)  # type: ignore[no-untyped-call]
    return normalised


def _filters(convolution: Convolution, x: Tensor) -> Filters:
    """A convolution of x, without its bias: harmonic, or ordinary and of the same size."""
    if isinstance(convolution, nn.Conv2d):
        return _ordinary(convolution.weight, x)
    out_channels, _, _, taps = convolution.weight.shape
    stride, (frames, bins) = convolution.stride, x.shape[1:3]
    weight = convolution.weight.view(out_channels, convolution.harmonics, -1, taps).permute(3, 2, 1, 0)
    terms = harmonic_terms(bins, convolution.harmonics, convolution.anchor, stride)
    tiles = _tiling(x, frames, taps, stride=stride)
    return Filters(_stored(weight, x), terms, tiles, (-(-frames // stride), -(-bins // stride)))


def _ordinary(weight: Tensor, x: Tensor) -> Filters:
    """Filters [O, C, J, K]."""
    out_channels, channels, count, taps = weight.shape
    frames, bins = x.shape[1:3]
    terms = neighbour_terms(bins, count, channels > out_channels)
    return Filters(_stored(weight.permute(3, 1, 2, 0), x), terms, _tiling(x, frames, taps), (frames, bins))


def _joined(weight: Tensor, low: Tensor, x: Tensor) -> Tensor:
    """An ordinary convolution [O, C, J, K] of `low`, rows and frames repeated, joined with x."""
    frames, bins = x.shape[1:3]
    of_low = weight[:, : -x.shape[3]].permute(3, 1, 2, 0)
    of_low = torch.stack([of_low[:, :, 0], of_low.sum(2), of_low[:, :, 2]], dim=2)
    tiles = _tiling(x, frames, weight.shape[3], repeats=2)
    terms = doubled_terms(low.shape[2])
    (y,) = convolve(low, Filters(_stored(of_low, low), terms, tiles, (frames, bins)))
    (z,) = convolve(x, _ordinary(weight[:, -x.shape[3] :], x))
    return y + z


def _pointwise(weight: Tensor, *sources: Tensor) -> Tensor:
    """A 1x1 convolution [O, C, 1, 1] without its bias."""
    x = sources[-1]
    weight = _widened(weight[:, :, 0, 0], 0, _grains(len(weight)))
    if len(sources) == 1:
        return functional.linear(x, _widened(weight, 1, x.shape[3]))
    low = sources[0]
    y = functional.linear(low, _widened(weight[:, : -x.shape[3]], 1, low.shape[3]))
    total: Tensor = _AddDoubled.apply(functional.linear(x, weight[:, -x.shape[3] :]), y)  # type: ignore[no-untyped-call]
    return total


def _tiling(x: Tensor, frames: int, taps: int, stride: int = 1, repeats: int = 1) -> Tiling:
    return tiling(frames, taps, stride, repeats, x.dtype, x.device)


def _stored(weight: Tensor, x: Tensor) -> Tensor:
    """[K, C, J, O] with as many input channels as x has, and output channels rounded up."""
    return _widened(_widened(weight, 1, x.shape[3]), 3, _grains(weight.shape[3]))


def _grains(channels: int) -> int:
    return channels if channels < 4 * GRAIN else -(-channels // GRAIN) * GRAIN


def _widened(x: Tensor, dim: int, size: int) -> Tensor:
    """Zeros appended along a dimension."""
    missing = size - x.shape[dim]
    return functional.pad(x, [0, 0] * (x.ndim - 1 - dim) + [0, missing]) if missing else x


class _Normalise(torch.autograd.Function):
    """LeakyReLU of BatchNorm. Only what goes in is kept; the sign of what comes out is found again."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        z, mean, scale = torch.native_batch_norm(y.permute(PLANES), weight, bias, None, None, True, 0.0, eps)
        ctx.save_for_backward(y, weight, bias, mean, scale)
        ctx.eps = eps
        return activate(z).permute(CELLS)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (change,) = gradients
        y, weight, bias, mean, scale = ctx.saved_tensors
        slope = weight * scale
        offset = bias - mean * slope
        inner = torch.empty_like(y)
        frames = max(1, CACHED // y[0, 0].numel())
        for item in range(len(y)):
            for start in range(0, y.shape[1], frames):
                here = (item, slice(start, start + frames))
                sign = torch.addcmul(offset, y[here], slope)
                torch.ops.aten.leaky_relu_backward(change[here], sign, SLOPE, False, grad_input=inner[here])
        planes = inner.permute(PLANES), y.permute(PLANES)
        dy, *others = torch.ops.aten.native_batch_norm_backward(
            *planes, weight, None, None, mean, scale, True, ctx.eps, [True, True, True]
        )
        return dy.permute(CELLS), *others, None


class _Merge(torch.autograd.Function):
    """LeakyReLU of the shortcut plus the parts side by side: one pass, and nothing kept but the result."""

    @staticmethod
    def forward(ctx: Any, shortcut: Tensor, *parts: Tensor) -> Tensor:
        y = torch.empty_like(shortcut)
        start = 0
        for part in parts:
            stop = start + part.shape[3]
            torch.add(shortcut[..., start:stop], part, out=y[..., start:stop])
            start = stop
        y[..., start:] = 0
        activate(y)
        ctx.save_for_backward(y)
        ctx.channels = [part.shape[3] for part in parts]
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        (y,) = ctx.saved_tensors
        change = torch.ops.aten.leaky_relu_backward(gradients[0], y, SLOPE, True)
        return change, *change[..., : sum(ctx.channels)].split(ctx.channels, dim=3)


class _AddDoubled(torch.autograd.Function):
    """x [B, 2T, 2F, C] plus y [B, T, F, C], each of its frames and rows repeated; in the memory of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        for i in range(2):
            for j in range(2):
                x[:, i::2, j::2] += y
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (change,) = gradients
        rows = change[:, 0::2] + change[:, 1::2]
        return change, rows[:, :, 0::2] + rows[:, :, 1::2]
