"""MultiResUNet with harmonic convolutions (F. Miotello, M. Pezzoli, L. Comanducci, F. Antonacci, A. Sarti,
"Deep prior-based audio inpainting using multi-resolution harmonic convolutional neural networks", IEEE/ACM
TASLP 2023).

Tensors are [B, channel, frequency, time]; input and output carry real and imaginary part as two channels.
Convolutions keep the size of their input unless they have a stride, and have a bias; LeakyReLU has slope 0.2.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.inpainting.deep_prior.harmonic import HarmonicConv2d
from dpcodec.inpainting.network_size import NetworkSize

COMPLEX_CHANNELS = 2
SLOPE = 0.2
Convolution: TypeAlias = nn.Conv2d | HarmonicConv2d


class MultiResUNet(nn.Module):
    """A U-Net whose encoder sees harmonics and whose decoder sees neighbouring bins.

    Encoder: a block of harmonic convolutions with anchors 1, 2, 3 at each scale, then a harmonic convolution
    of anchor 1 and stride 2 without BatchNorm. Decoder: nearest-neighbour upsampling, joined with the skip
    connection (both cropped about their centres to the smaller size), a block of ordinary convolutions.
    """

    def __init__(self, size: NetworkSize) -> None:
        super().__init__()
        kernel = (size.harmonics, size.frames)
        padding = (size.harmonics // 2, size.frames // 2)
        total = sum(block_channels(size.width))

        def harmonic(index: int, in_channels: int, out_channels: int) -> Convolution:
            return HarmonicConv2d(in_channels, out_channels, kernel, anchor=index + 1)

        def ordinary(index: int, in_channels: int, out_channels: int) -> Convolution:
            return nn.Conv2d(in_channels, out_channels, kernel, padding=padding)

        inputs = [COMPLEX_CHANNELS] + [total] * (size.scales - 1)
        between = range(size.scales - 1)
        self.encoder = nn.ModuleList(MultiResBlock(channels, size.width, harmonic) for channels in inputs)
        self.down = nn.ModuleList(HarmonicConv2d(total, total, kernel, anchor=1, stride=2) for _ in between)
        self.skips = nn.ModuleList(ResPath(total, size.skip, harmonic) for _ in between)
        self.decoder = nn.ModuleList(MultiResBlock(total + size.skip, size.width, ordinary) for _ in between)
        self.output = nn.Conv2d(total, COMPLEX_CHANNELS, 1)

    def forward(self, z: Tensor) -> Tensor:
        """[B, 2, F, T] -> [B, 2, F, T] where F and T are multiples of `NetworkSize.multiple`."""
        x: Tensor = self.encoder[0](z)
        skips = []
        for down, block, skip in zip(self.down, self.encoder[1:], self.skips, strict=True):
            skips.append(skip(x))
            x = block(_activate(down(x)))
        for block in self.decoder:
            up = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = block(_join(up, skips.pop()))
        y: Tensor = self.output(x)
        return y


def build(size: NetworkSize, seed: int) -> MultiResUNet:
    """A network with torch's default initialisation from `seed`; torch's global generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return MultiResUNet(size)


def block_channels(width: int) -> tuple[int, int, int]:
    """Channels of a block's three convolutions (alpha = 1); together they are the block's output.

    >>> block_channels(128)
    (21, 42, 64)
    """
    return int(0.167 * width), int(0.333 * width), int(0.5 * width)


class ConvolutionMaker(Protocol):
    """Makes the `index`-th convolution (0, 1, 2) of a block."""

    def __call__(self, index: int, in_channels: int, out_channels: int) -> Convolution:
        """A convolution that keeps the size of its input."""


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
        return _activate(self.norm(self.convolution(x)))


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
        return _activate(torch.cat(parts, dim=1) + shortcut)


class ResPath(nn.Module):
    """Skip connection of one step: harmonic convolution plus 1x1 convolution; LeakyReLU, BatchNorm."""

    def __init__(self, in_channels: int, out_channels: int, make: ConvolutionMaker) -> None:
        super().__init__()
        self.harmonic = Normalised(make(1, in_channels, out_channels), out_channels)
        self.shortcut = Normalised(nn.Conv2d(in_channels, out_channels, 1), out_channels)
        self.norm = nn.BatchNorm2d(out_channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, F, T] -> [B, out_channels, F, T]."""
        y: Tensor = self.norm(_activate(self.harmonic(x) + self.shortcut(x)))
        return y


def _activate(x: Tensor) -> Tensor:
    """LeakyReLU, in place: the callers' operations do not need their results for their gradients."""
    return functional.leaky_relu_(x, SLOPE)


def _join(a: Tensor, b: Tensor) -> Tensor:
    """Concatenate along channels after cropping both about their centres to the smaller size."""
    rows, columns = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
    return torch.cat([_centre(a, rows, columns), _centre(b, rows, columns)], dim=1)


def _centre(x: Tensor, rows: int, columns: int) -> Tensor:
    top, left = (x.shape[2] - rows) // 2, (x.shape[3] - columns) // 2
    return x[:, :, top : top + rows, left : left + columns]
