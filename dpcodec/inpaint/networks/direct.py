"""The network built directly: a stretch reads rows by index, stretched copies are stacked, torch convolves.

It is the definition that the tests hold the fast network to, in value and in gradient, and that
`bench speed` times it against. Parameters, their names and their initialisation are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.inpaint.heap import kept_heap
from dpcodec.inpaint.networks.harmonic import HarmonicConv2d
from dpcodec.inpaint.networks.multiresunet import MultiResUNet
from dpcodec.inpaint.networks.sizes import NetworkSize


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


def measure_pairs(size: NetworkSize, bins: int, frames: int) -> Iterator[tuple[float, float]]:
    """Seconds of a step (forward, backward, Adam) of the direct network and of ours, in turns, without end.

    On the CPU, [1, 2, bins, frames] cells, the mean square as loss. Ours keeps freed memory, as in a fit; the
    direct network has what the system gives. Of each pair ours takes two steps, of which the second counts:
    the first one takes the memory anew.
    """
    torch.manual_seed(0)
    z = torch.rand(1, 2, bins, frames)
    networks = (DirectMultiResUNet(size), MultiResUNet(size))
    optimizers = [torch.optim.Adam(network.parameters(), lr=size.learning_rate) for network in networks]

    def step(index: int) -> float:
        start = time.perf_counter()
        optimizers[index].zero_grad()
        networks[index](z).square().mean().backward()
        optimizers[index].step()
        return time.perf_counter() - start

    while True:
        direct_s = step(0)
        with kept_heap():
            step(1)
            ours_s = step(1)
        yield direct_s, ours_s
