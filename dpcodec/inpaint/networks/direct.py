"""The network built directly: a stretch reads rows by index, stretched copies are stacked, torch convolves.

It is the definition that the tests hold the fast network to, in value and in gradient, and that
`bench speed` times it against. Parameters, their names and their initialisation are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.inpaint.networks.harmonic import HarmonicConv2d
from dpcodec.inpaint.networks.multiresunet import MultiResUNet


def stretched(x: Tensor, k: int, n: int) -> Tensor:
    """Row f reads row f k / n of [B, C, F, T], between two rows linearly; zero past the last bin."""
    bins = x.shape[2]
    position = torch.arange(bins, device=x.device) * k
    low = (position // n).clamp(max=bins - 1)
    high = (low + 1).clamp(max=bins - 1)
    part = ((position % n).to(x.dtype) / n)[:, None]
    inside = (position <= (bins - 1) * n).to(x.dtype)[:, None]
    return ((1 - part) * x[:, :, low] + part * x[:, :, high]) * inside


class DirectHarmonicConv2d(HarmonicConv2d):
    """The harmonic convolution by stacking its stretched copies."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, T] -> [B, O, ceil(F / stride), ceil(T / stride)]."""
        copies = torch.cat([stretched(x, k, self.anchor) for k in range(1, self.harmonics + 1)], dim=1)
        padding = (0, self.padding)
        return functional.conv2d(copies, self.weight, self.bias, stride=self.stride, padding=padding)


class DirectMultiResUNet(MultiResUNet):
    """The network layer by layer as the paper draws it."""

    convolution = DirectHarmonicConv2d

    def forward(self, z: Tensor) -> Tensor:
        """[B, 2, F, T] -> [B, 2, F, T]."""
        return self.layer_by_layer(z)
