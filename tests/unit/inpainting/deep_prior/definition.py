"""The published network as the paper draws it, slow and obvious: what the fast one is compared with."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

Weights = dict[str, Tensor]


def stretched(x: Tensor, k: int, n: int) -> Tensor:
    """Row f reads row f k / n of [B, C, F, T], between two rows linearly; zero past the last bin."""
    bins = x.shape[2]
    position = torch.arange(bins) * k
    low = (position // n).clamp(max=bins - 1)
    high = (low + 1).clamp(max=bins - 1)
    part = ((position % n).to(x.dtype) / n)[:, None]
    inside = (position <= (bins - 1) * n).to(x.dtype)[:, None]
    return ((1 - part) * x[:, :, low] + part * x[:, :, high]) * inside


def harmonic_convolution(
    x: Tensor, weight: Tensor, bias: Tensor, harmonics: int, anchor: int, stride: int = 1
) -> Tensor:
    """Stretched copies stacked along channels, then an ordinary convolution of one row."""
    copies = torch.cat([stretched(x, k, anchor) for k in range(1, harmonics + 1)], dim=1)
    return functional.conv2d(copies, weight, bias, stride=stride, padding=(0, weight.shape[3] // 2))


def multiresunet(w: Weights, z: Tensor, scales: int) -> Tensor:
    """The output for an input [B, 2, F, T], from the weights by name; kernels of 3 harmonics."""

    def harmonic(name: str, x: Tensor, anchor: int, stride: int = 1) -> Tensor:
        return harmonic_convolution(x, w[f"{name}.weight"], w[f"{name}.bias"], 3, anchor, stride)

    def ordinary(name: str, x: Tensor) -> Tensor:
        rows, frames = w[f"{name}.weight"].shape[2:]
        padding = (rows // 2, frames // 2)
        return functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=padding)

    def leaky(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    def norm(name: str, x: Tensor) -> Tensor:
        mean = x.mean((0, 2, 3), keepdim=True)
        variance = (x - mean).square().mean((0, 2, 3), keepdim=True)
        scale, shift = (w[f"{name}.{which}"][:, None, None] for which in ("weight", "bias"))
        return (x - mean) / (variance + 1e-5).sqrt() * scale + shift

    def shortcut(name: str, x: Tensor) -> Tensor:
        return leaky(norm(f"{name}.shortcut.norm", ordinary(f"{name}.shortcut.convolution", x)))

    def block(name: str, x: Tensor, encodes: bool) -> Tensor:
        beside, parts = shortcut(name, x), []
        for i in range(3):
            link = f"{name}.chain.{i}"
            y = harmonic(f"{link}.convolution", x, i + 1) if encodes else ordinary(f"{link}.convolution", x)
            x = leaky(norm(f"{link}.norm", y))
            parts.append(x)
        return leaky(torch.cat(parts, dim=1) + beside)

    def skip(name: str, x: Tensor) -> Tensor:
        y = leaky(norm(f"{name}.harmonic.norm", harmonic(f"{name}.harmonic.convolution", x, 2)))
        return norm(f"{name}.norm", leaky(y + shortcut(name, x)))

    x = block("encoder.0", z, True)
    skips = []
    for i in range(scales - 1):
        skips.append(skip(f"skips.{i}", x))
        x = block(f"encoder.{i + 1}", leaky(harmonic(f"down.{i}", x, 1, stride=2)), True)
    for i in range(scales - 1):
        up = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        x = block(f"decoder.{i}", torch.cat([up, skips.pop()], dim=1), False)
    return ordinary("output", x)
