"""The network: its size to the last parameter, its shapes, its initialisation."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor

from dpcodec.errors import SettingsError
from dpcodec.inpainting.deep_prior.carrier import Modulated, carrier, modulate
from dpcodec.inpainting.deep_prior.harmonic import HarmonicConv2d
from dpcodec.inpainting.deep_prior.multiresunet import MultiResBlock, MultiResUNet, ResPath, build
from dpcodec.inpainting.network_size import NETWORKS, NetworkSize, default_steps, network_size
from dpcodec.transform.stft import Stft

from .definition import multiresunet

TINY = NetworkSize(width=8, skip=4, frames=3)


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_published_network_has_the_published_number_of_parameters() -> None:
    assert count(build(NETWORKS["multiresunet"], 0)) == 6_666_452


def test_layout_of_the_published_network() -> None:
    network = build(NETWORKS["multiresunet"], 0)
    assert [len(part) for part in (network.encoder, network.down, network.skips, network.decoder)] == [
        5,
        4,
        4,
        4,
    ]
    kinds = [m for m in network.modules() if isinstance(m, HarmonicConv2d)]
    assert {m.weight.shape[-1] for m in kinds} == {11}
    anchors = [
        [c.anchor for c in block.modules() if isinstance(c, HarmonicConv2d)] for block in network.encoder
    ]
    assert anchors == [[1, 2, 3]] * 5
    assert all(down.stride == 2 and down.anchor == 1 for down in network.down)
    beside = [[c.anchor for c in skip.modules() if isinstance(c, HarmonicConv2d)] for skip in network.skips]
    assert beside == [[2]] * 4
    assert not any(isinstance(m, HarmonicConv2d) for block in network.decoder for m in block.modules())
    assert not any(isinstance(m, torch.nn.Dropout) for m in network.modules())
    assert network.output.bias is not None


def test_block_ends_at_127_channels_and_skip_at_128() -> None:
    def make(index: int, in_channels: int, out_channels: int) -> HarmonicConv2d:
        return HarmonicConv2d(in_channels, out_channels, (3, 3), anchor=index + 1)

    x = torch.randn(1, 2, 8, 6)
    assert MultiResBlock(2, 128, make)(x).shape == (1, 127, 8, 6)
    assert ResPath(2, 128, make)(x).shape == (1, 128, 8, 6)


@pytest.mark.parametrize("shape", [(32, 16), (48, 80)])
def test_output_has_the_shape_of_the_input(shape: tuple[int, int]) -> None:
    network = build(TINY, 0)
    z = torch.rand(1, 2, *shape, requires_grad=True)
    output = network(z)
    assert output.shape == z.shape
    output.square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in network.parameters())


@pytest.mark.parametrize("shape", [(32, 16), (48, 80)])
def test_output_and_gradients_are_those_of_the_definition(shape: tuple[int, int]) -> None:
    network = build(TINY, 1).double()
    weights: dict[str, Tensor] = dict(network.named_parameters())
    z = torch.rand(2, 2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    aim = torch.randn(z.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    results = []
    for output in (network(z), multiresunet(weights, z, TINY.scales)):
        gradients = torch.autograd.grad((output * aim).sum(), list(weights.values()))
        results.append([output.detach(), *gradients])
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-8, atol=1e-8)


def test_the_published_network_in_single_precision_is_the_definition() -> None:
    network = build(NETWORKS["multiresunet"], 1)
    z = torch.rand(1, 2, 32, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = multiresunet({n: p.double() for n, p in network.named_parameters()}, z.double(), 5)
        error = float((network(z) - expected).norm() / expected.norm())
    assert error < 1e-5


def test_the_same_seed_and_input_give_the_same_bits() -> None:
    z = torch.rand(1, 2, 32, 48, generator=torch.Generator().manual_seed(2))
    results = []
    for _ in range(2):
        network = build(TINY, 1)
        output = network(z)
        output.square().sum().backward()
        results.append([output.detach(), *(p.grad for p in network.parameters() if p.grad is not None)])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_initialisation_is_that_of_torch_and_comes_from_the_seed() -> None:
    before = torch.get_rng_state()
    one, two, other = build(TINY, 5), build(TINY, 5), build(TINY, 6)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    plain = MultiResUNet(TINY)
    for a, b, c in zip(one.parameters(), two.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)
    weight = next(c.weight for c in one.encoder[1].modules() if isinstance(c, HarmonicConv2d))
    bound = (weight.shape[1] * weight.shape[3]) ** -0.5  # kaiming uniform with a = sqrt(5): 1 / sqrt(fan in)
    assert 0.9 * bound < float(weight.detach().abs().max()) <= bound


def test_carrier_is_what_a_steady_tone_turns_by() -> None:
    stft = Stft(128, 32, "hann")
    tone = np.cos(2 * np.pi * 10 * np.arange(2000) / 128 + 0.7)
    inner = torch.from_numpy(stft.forward(tone)[:64, 4:-4])
    turn = torch.complex(*carrier(128, 32, 64, inner.shape[1] + 4)[:, :, 4:].double())
    field = turn.conj() * inner
    steady = field[10, :1].expand_as(field[10])
    quarter = 1j ** torch.arange(inner.shape[1])  # what is left a bin away: hop / n_fft turns
    torch.testing.assert_close(field[10], steady, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(field[9], 0.5 * steady * quarter, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(field[11], 0.5 * steady * quarter.conj(), atol=1e-5, rtol=1e-5)


def test_modulation_is_a_complex_product() -> None:
    x, turn = torch.randn(1, 2, 8, 5), carrier(64, 24, 8, 5)
    product = modulate(x, turn)
    expected = torch.complex(x[:, 0], x[:, 1]) * torch.complex(turn[0], turn[1])
    torch.testing.assert_close(torch.complex(product[:, 0], product[:, 1]), expected)
    torch.testing.assert_close(turn.square().sum(0), torch.ones(8, 5))


def test_a_modulated_network_gives_the_modulated_output() -> None:
    network, turn, z = build(TINY, 0), carrier(64, 16, 32, 16), torch.rand(1, 2, 32, 16)
    assert torch.equal(Modulated(network, turn)(z), modulate(network(z), turn))


def test_network_by_name_and_by_device() -> None:
    assert network_size(None, "cpu") is NETWORKS["multiresunet-small"]
    assert network_size(None, "cuda:1") is NETWORKS["multiresunet"]
    assert network_size("multiresunet", "cpu") is NETWORKS["multiresunet"]
    with pytest.raises(SettingsError, match=r"'vgg'.*multiresunet-small"):
        network_size("vgg", "cpu")


def test_steps_by_fit() -> None:
    assert default_steps(NETWORKS["multiresunet"], "paper") == 5000
    assert default_steps(NETWORKS["multiresunet"], "guided") == 100
    assert default_steps(NETWORKS["multiresunet-small"], "paper") == 1000


def test_the_published_network_is_not_modulated() -> None:
    assert not NETWORKS["multiresunet"].modulated


def test_sizes_are_readable_without_torch() -> None:
    code = (
        "import sys, dpcodec.inpainting.deep_prior, dpcodec.bench.fitting; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
