"""MultiResUNet with harmonic convolutions (F. Miotello, M. Pezzoli, L. Comanducci, F. Antonacci, A. Sarti,
"Deep prior-based audio inpainting using multi-resolution harmonic convolutional neural networks", IEEE/ACM
TASLP 2023).

Tensors are [B, channel, frequency, time]; input and output carry real and imaginary part as two channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dpcodec.inpaint.networks.blocks import Convolution, MultiResBlock, ResPath, activate, block_channels
from dpcodec.inpaint.networks.harmonic import HarmonicConv2d
from dpcodec.inpaint.networks.sizes import NetworkSize
from dpcodec.inpaint.networks.wide import evaluate

COMPLEX_CHANNELS = 2
WIDE = 64
"""From this width on, the evaluation of `wide.py` is faster on a CPU."""


class MultiResUNet(nn.Module):
    """A U-Net whose encoder sees harmonics and whose decoder sees neighbouring bins.

    Encoder: a block of harmonic convolutions with anchors 1, 2, 3 at each scale, then a harmonic convolution
    of anchor 1 and stride 2 without BatchNorm. Decoder: nearest-neighbour upsampling, joined with the skip
    connection (both cropped about their centres to the smaller size), a block of ordinary convolutions.
    """

    convolution = HarmonicConv2d

    def __init__(self, size: NetworkSize) -> None:
        super().__init__()
        self._is_wide = size.width >= WIDE and size.harmonics == 3
        kernel = (size.harmonics, size.frames)
        padding = (size.harmonics // 2, size.frames // 2)
        total = sum(block_channels(size.width))

        def harmonic(index: int, in_channels: int, out_channels: int) -> Convolution:
            return self.convolution(in_channels, out_channels, kernel, anchor=index + 1)

        def ordinary(index: int, in_channels: int, out_channels: int) -> Convolution:
            return nn.Conv2d(in_channels, out_channels, kernel, padding=padding)

        inputs = [COMPLEX_CHANNELS] + [total] * (size.scales - 1)
        between = range(size.scales - 1)
        self.encoder = nn.ModuleList(MultiResBlock(channels, size.width, harmonic) for channels in inputs)
        self.down = nn.ModuleList(self.convolution(total, total, kernel, anchor=1, stride=2) for _ in between)
        self.skips = nn.ModuleList(ResPath(total, size.skip, harmonic) for _ in between)
        self.decoder = nn.ModuleList(MultiResBlock(total + size.skip, size.width, ordinary) for _ in between)
        self.output = nn.Conv2d(total, COMPLEX_CHANNELS, 1)

    def forward(self, z: Tensor) -> Tensor:
        """[B, 2, F, T] -> [B, 2, F, T] where F and T are multiples of `NetworkSize.multiple`."""
        return evaluate(self, z) if self._is_wide and z.device.type == "cpu" else self.layer_by_layer(z)

    def layer_by_layer(self, z: Tensor) -> Tensor:
        """The network as it is drawn."""
        x: Tensor = self.encoder[0](z)
        skips = []
        for down, block, skip in zip(self.down, self.encoder[1:], self.skips, strict=True):
            skips.append(skip(x))
            x = block(activate(down(x)))
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


def _join(a: Tensor, b: Tensor) -> Tensor:
    """Concatenate along channels after cropping both about their centres to the smaller size."""
    rows, columns = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
    return torch.cat([_centre(a, rows, columns), _centre(b, rows, columns)], dim=1)


def _centre(x: Tensor, rows: int, columns: int) -> Tensor:
    top, left = (x.shape[2] - rows) // 2, (x.shape[3] - columns) // 2
    return x[:, :, top : top + rows, left : left + columns]
