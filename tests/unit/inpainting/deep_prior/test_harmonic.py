"""Harmonic convolution against its definition, written as loops; in value and in gradient."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dpcodec.inpainting.deep_prior.harmonic import HarmonicConv2d, stretch

from .definition import harmonic_convolution


def slow_stretch(x: Tensor, k: int, n: int) -> Tensor:
    """Row f reads row f k / n, between two rows linearly; zero past the last bin."""
    rows = []
    for f in range(x.shape[2]):
        low, part = f * k // n, f * k % n / n
        if f * k > n * (x.shape[2] - 1):
            rows.append(torch.zeros_like(x[:, :, 0]))
        elif part == 0:
            rows.append(x[:, :, low])
        else:
            rows.append((1 - part) * x[:, :, low] + part * x[:, :, low + 1])
    return torch.stack(rows, dim=2)


def slow_convolution(conv: HarmonicConv2d, x: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Stretched copies stacked along channels, then the sum over channels and frames, cell by cell."""
    copies = torch.cat([slow_stretch(x, k, conv.anchor) for k in range(1, kernel[0] + 1)], dim=1)
    assert conv.bias is not None
    frames = x.shape[3]
    rows = []
    for f in range(0, x.shape[2], conv.stride):
        cells = []
        for t in range(0, frames, conv.stride):
            total = conv.bias.expand(x.shape[0], -1)
            for j in range(kernel[1]):
                source = t + j - kernel[1] // 2
                if 0 <= source < frames:
                    total = total + copies[:, :, f, source] @ conv.weight[:, :, 0, j].T
            cells.append(total)
        rows.append(torch.stack(cells, dim=-1))
    return torch.stack(rows, dim=2)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("anchor", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "channels, kernel, bins, frames",
    [((2, 3), (3, 3), 12, 5), ((3, 2), (3, 5), 13, 4), ((1, 4), (4, 1), 7, 3), ((4, 1), (2, 3), 2, 2)],
)
def test_equals_the_slow_definition(
    channels: tuple[int, int],
    kernel: tuple[int, int],
    bins: int,
    frames: int,
    anchor: int,
    stride: int,
) -> None:
    torch.manual_seed(1)
    conv = HarmonicConv2d(*channels, kernel, anchor, stride).double()
    assert conv.bias is not None
    x = torch.randn(2, channels[0], bins, frames, dtype=torch.float64, requires_grad=True)
    wanted = (x, conv.weight, conv.bias)
    slow = slow_convolution(conv, x, kernel)
    fast = conv(x)
    assert fast.shape == slow.shape == (2, channels[1], -(-bins // stride), -(-frames // stride))
    torch.testing.assert_close(fast, slow)
    stacked = harmonic_convolution(x, conv.weight, conv.bias, kernel[0], anchor, stride)
    torch.testing.assert_close(stacked, slow)
    weight = torch.randn_like(slow)
    slow_gradients = torch.autograd.grad((slow * weight).sum(), wanted)
    fast_gradients = torch.autograd.grad((fast * weight).sum(), wanted)
    for got, expected in zip(fast_gradients, slow_gradients, strict=True):
        torch.testing.assert_close(got, expected)


def test_stretching_and_convolving_along_time_commute() -> None:
    """What allows each harmonic the order with less arithmetic."""
    x, weight = torch.randn(1, 3, 12, 9).double(), torch.randn(2, 3, 1, 5).double()
    for k, n in ((1, 2), (2, 3), (3, 1), (3, 2)):
        before = torch.nn.functional.conv2d(slow_stretch(x, k, n), weight)
        torch.testing.assert_close(slow_stretch(torch.nn.functional.conv2d(x, weight), k, n), before)


def test_a_stretched_copy_ends_at_its_share_of_the_rows() -> None:
    """What allows rows above F n / k to be left out."""
    x = 1 + torch.rand(1, 1, 12, 2)
    for k, n in ((2, 1), (3, 1), (3, 2), (5, 3)):
        live = 11 * n // k + 1
        assert bool((slow_stretch(x, k, n)[:, :, :live] > 0).all())
        assert not slow_stretch(x, k, n)[:, :, live:].any()


def test_gradient_agrees_with_finite_differences() -> None:
    torch.manual_seed(2)
    conv = HarmonicConv2d(2, 2, (3, 3), anchor=2).double()
    x = torch.randn(1, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(conv, (x,))


@pytest.mark.parametrize("p, q", [(1, 1), (1, 2), (1, 3), (2, 3), (3, 2), (2, 1), (4, 3), (5, 1)])
@pytest.mark.parametrize("bins", [1, 2, 9, 10])
def test_stretch_reads_the_rows_it_should(p: int, q: int, bins: int) -> None:
    x = torch.randn(1, 2, bins, 3, dtype=torch.float64)
    live = min(bins, q * (bins - 1) // p + 1)
    torch.testing.assert_close(stretch(x, p, q, live), slow_stretch(x, p, q)[:, :, :live])


def test_kernel_of_one_harmonic_and_frame_is_an_ordinary_convolution() -> None:
    conv = HarmonicConv2d(3, 4, (1, 1), anchor=1)
    x = torch.randn(2, 3, 6, 5)
    torch.testing.assert_close(conv(x), torch.nn.functional.conv2d(x, conv.weight, conv.bias))
