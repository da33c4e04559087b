"""The parts of the MultiResUNet: blocks of three chained convolutions, and skip connections.

Convolutions keep the size of [B, C, F, T] and have a bias; LeakyReLU has slope 0.2.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.inpaint.networks.harmonic import HarmonicConv2d

SLOPE = 0.2
Convolution: TypeAlias = nn.Conv2d | HarmonicConv2d


class ConvolutionMaker(Protocol):
    """Makes the `index`-th convolution (0, 1, 2) of a block."""

    def __call__(self, index: int, in_channels: int, out_channels: int) -> Convolution:
        """A convolution that keeps the size of its input."""


def activate(x: Tensor) -> Tensor:
    """LeakyReLU, in place: the callers' operations do not need their results for their gradients."""
    return functional.leaky_relu_(x, SLOPE)


def block_channels(width: int) -> tuple[int, int, int]:
    """Channels of a block's three convolutions (alpha = 1); together they are the block's output.

    >>> block_channels(128)
    (21, 42, 64)
    """
    return int(0.167 * width), int(0.333 * width), int(0.5 * width)


class Normalised(nn.Module):
    """Convolution -> BatchNorm -> LeakyReLU.

    BatchNorm keeps no running statistics: a network is only ever run on what it is fitted to.
    """

    def __init__(self, convolution: Convolution, channels: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.BatchNorm2d(channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, T] -> [B, channels, F, T]."""
        return activate(self.norm(self.convolution(x)))


class MultiResBlock(nn.Module):
    """Three chained convolutions, their outputs concatenated, plus a 1x1 shortcut of the input; LeakyReLU."""

    def __init__(self, in_channels: int, width: int, make: ConvolutionMaker) -> None:
        super().__init__()
        channels = block_channels(width)
        sources = (in_channels, *channels[:2])
        self.chain = nn.ModuleList(
            Normalised(make(index, source, out), out)
            for index, (source, out) in enumerate(zip(sources, channels, strict=True))
        )
        total = sum(channels)
        self.shortcut = Normalised(nn.Conv2d(in_channels, total, 1), total)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, F, T] -> [B, sum(block_channels(width)), F, T]."""
        shortcut = self.shortcut(x)
        parts = []
        for link in self.chain:
            x = link(x)
            parts.append(x)
        return activate(torch.cat(parts, dim=1) + shortcut)


class ResPath(nn.Module):
    """Skip connection of one step: harmonic convolution plus 1x1 convolution; LeakyReLU, BatchNorm."""

    def __init__(self, in_channels: int, out_channels: int, make: ConvolutionMaker) -> None:
        super().__init__()
        self.harmonic = Normalised(make(1, in_channels, out_channels), out_channels)
        self.shortcut = Normalised(nn.Conv2d(in_channels, out_channels, 1), out_channels)
        self.norm = nn.BatchNorm2d(out_channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, F, T] -> [B, out_channels, F, T]."""
        y: Tensor = self.norm(activate(self.harmonic(x) + self.shortcut(x)))
        return y
