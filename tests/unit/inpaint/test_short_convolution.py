"""Convolution along time at a few points, and over rows, against torch's own convolutions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dpcodec.inpaint.networks.direct import DirectHarmonicConv2d
from dpcodec.inpaint.networks.lowered import Filters, convolve
from dpcodec.inpaint.networks.row_terms import Terms, doubled_terms, harmonic_terms, neighbour_terms
from dpcodec.inpaint.networks.short_convolution import Tiling, bilinear, tiling

CPU = torch.device("cpu")


def make_tiling(frames: int, taps: int, stride: int = 1, repeats: int = 1) -> Tiling:
    return tiling(frames, taps, stride, repeats, torch.float64, CPU)


def values_and_gradients(y: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    weight = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(0))
    return [y.detach(), *torch.autograd.grad((y * weight).sum(), inputs)]


@pytest.mark.parametrize("taps", [1, 3, 11])
@pytest.mark.parametrize("outputs", [2, 5, 6, 40])
def test_the_bilinear_form_is_a_correlation(outputs: int, taps: int) -> None:
    outputs += (outputs + taps - 1) % 2
    A, G, B = bilinear(outputs, taps)
    length = outputs + taps - 1
    assert B.shape == (max(1, (3 * length) // 2 - 1), length)
    w, x = torch.randn(taps, dtype=torch.float64), torch.randn(length, dtype=torch.float64)
    expected = functional.conv1d(x[None, None], w[None, None])[0, 0]
    torch.testing.assert_close((A @ ((G @ w) * (B @ x)))[:outputs], expected)


@pytest.mark.parametrize("frames, taps", [(1, 3), (2, 11), (7, 1), (16, 5), (41, 11), (97, 3), (160, 11)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_tiles_make_a_padded_convolution(frames: int, taps: int, stride: int) -> None:
    x = torch.randn(2, frames, 3, 4, dtype=torch.float64, requires_grad=True)
    w = torch.randn(taps, 4, 1, 5, dtype=torch.float64, requires_grad=True)
    planes, kernel = x.permute(0, 3, 2, 1), w.permute(3, 1, 2, 0)
    expected = functional.conv2d(planes, kernel, stride=(1, stride), padding=(0, taps // 2))
    terms = neighbour_terms(3, 1, together=False)
    (y,) = convolve(x, Filters(w, terms, make_tiling(frames, taps, stride), (-(-frames // stride), 3)))
    for got, wanted in zip(
        values_and_gradients(y.permute(0, 3, 2, 1), [x, w]),
        values_and_gradients(expected, [x, w]),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted)


def harmonic_filters(conv: DirectHarmonicConv2d, bins: int, frames: int) -> Filters:
    out_channels, _, _, taps = conv.weight.shape
    weight = conv.weight.view(out_channels, conv.harmonics, -1, taps).permute(3, 2, 1, 0)
    terms = harmonic_terms(bins, conv.harmonics, conv.anchor, conv.stride)
    shape = (-(-frames // conv.stride), -(-bins // conv.stride))
    return Filters(weight, terms, make_tiling(frames, taps, conv.stride), shape)


@pytest.mark.parametrize("anchor", [1, 2, 3, 4])
@pytest.mark.parametrize("bins", [1, 2, 9, 16])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_two_harmonic_convolutions_of_one_input(bins: int, anchor: int, stride: int) -> None:
    torch.manual_seed(0)
    convolutions = [DirectHarmonicConv2d(3, 4, (4, 3), anchor, stride).double()]
    convolutions.append(DirectHarmonicConv2d(3, 2, (2, 3), 1, 1).double())
    x = torch.randn(1, 3, bins, 6, dtype=torch.float64, requires_grad=True)
    results = convolve(x.permute(0, 3, 2, 1), *(harmonic_filters(conv, bins, 6) for conv in convolutions))
    inputs = [x, *(conv.weight for conv in convolutions)]
    expected = [conv(x) - conv.bias[:, None, None] for conv in convolutions]
    for got, wanted in zip(
        values_and_gradients(torch.cat([y.permute(0, 3, 2, 1).flatten() for y in results]), inputs),
        values_and_gradients(torch.cat([y.flatten() for y in expected]), inputs),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted)


def case_of_rows(name: str, bins: int) -> tuple[Terms, int]:
    """Terms, and how often rows and frames are repeated."""
    if name == "doubled":
        return doubled_terms(bins), 2
    return neighbour_terms(bins, 3, together=name == "together"), 1


@pytest.mark.parametrize("name", ["together", "apart", "doubled"])
@pytest.mark.parametrize("bins", [1, 2, 7])
def test_ordinary_convolution(name: str, bins: int) -> None:
    terms, repeats = case_of_rows(name, bins)
    x = torch.randn(2, 5, bins, 6, dtype=torch.float64, requires_grad=True)
    w = torch.randn(3, 6, 3, 2, dtype=torch.float64, requires_grad=True)
    planes = functional.interpolate(x.permute(0, 3, 2, 1), scale_factor=repeats, mode="nearest")
    expected = functional.conv2d(planes, w.permute(3, 1, 2, 0), padding=1)
    filters = w
    if name == "doubled":
        filters = torch.stack([w[:, :, 0], w.sum(2), w[:, :, 2]], dim=2)
    frames = 5 * repeats
    tiles = make_tiling(frames, 3, 1, repeats)
    (y,) = convolve(x, Filters(filters, terms, tiles, (frames, bins * repeats)))
    for got, wanted in zip(
        values_and_gradients(y.permute(0, 3, 2, 1), [x, w]),
        values_and_gradients(expected, [x, w]),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted)


def test_single_precision_is_as_good_as_a_plain_convolution() -> None:
    torch.manual_seed(0)
    x, w = torch.randn(1, 64, 160, 8), torch.randn(32, 64, 1, 11) / 26
    exact = functional.conv1d(x.double().permute(0, 3, 1, 2).flatten(0, 1), w[:, :, 0].double(), padding=5)
    filters, cells = w.permute(3, 1, 2, 0), x.permute(0, 2, 3, 1)
    tiles = tiling(160, 11, 1, 1, torch.float32, CPU)
    (y,) = convolve(cells, Filters(filters, neighbour_terms(8, 1, together=False), tiles, (160, 8)))
    error = y[0].permute(1, 2, 0).double() - exact
    assert float(error.norm() / exact.norm()) < 1e-6
