"""The mixer and the network of samples: what they can say, and from what."""

from __future__ import annotations

import pytest
import torch

from dpcodec.errors import SettingsError
from dpcodec.inpaint.networks import NETWORKS, network_size
from dpcodec.inpaint.networks.mixer import Mixer, clues
from dpcodec.inpaint.networks.sizes import WaveformSize, default_steps
from dpcodec.inpaint.networks.waveform import WaveformUNet


def estimates(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 2, 20, 17, generator=torch.Generator().manual_seed(0))


def test_mixer_starts_as_the_mean() -> None:
    Y = estimates()
    mixer = Mixer(3, 4)
    torch.testing.assert_close(mixer(mixer.prepare(Y)), Y.mean(0, keepdim=True))


def test_mixture_lies_among_the_estimates() -> None:
    Y = estimates()
    mixer = Mixer(3, 4)
    for parameter in mixer.parameters():
        torch.nn.init.normal_(parameter, std=3)
    mixed = mixer(mixer.prepare(Y))[0]
    assert bool((mixed <= Y.amax(0) + 1e-5).all())
    assert bool((mixed >= Y.amin(0) - 1e-5).all())
    assert not torch.allclose(mixed, Y.mean(0), atol=0.1)


def test_mixer_can_come_to_trust_one_estimate() -> None:
    Y = estimates()
    mixer = Mixer(3, 4)
    with torch.no_grad():
        mixer.offset[0, 1] = 30
    torch.testing.assert_close(mixer(mixer.prepare(Y))[0], Y[1])


def test_clues_by_the_book_at_one_cell() -> None:
    Y = estimates().double()
    f, t = 7, 9
    mean = Y.mean(0)

    def around(parts: torch.Tensor) -> torch.Tensor:
        return parts[:, f - 1 : f + 2, t - 2 : t + 3].square().sum(0).mean()

    def log(power: torch.Tensor) -> torch.Tensor:
        return (power + 1e-3).log()

    found = clues(Y)[0, :, f, t]
    base = log(around(mean))
    for w in range(3):
        assert float(found[w]) == pytest.approx(float(log(around(Y[w])) - base))
        assert float(found[3 + w]) == pytest.approx(float(log(around(Y[w] - mean)) - base))
        row = Y[w, :, f, t - 2 : t + 3]
        steady = log(row.mean(1).square().sum()) - log(row.square().sum(0).mean())
        assert float(found[6 + w]) == pytest.approx(0.5 * float(steady))
    assert float(found[9]) == pytest.approx(0.5 * float(base))


def test_a_field_that_stands_still_is_told_from_one_that_turns() -> None:
    still = torch.ones(1, 2, 5, 40)
    angle = torch.arange(40) * 2.0
    turning = torch.stack([angle.cos(), angle.sin()])[None, :, None].expand(1, 2, 5, 40) * 2**0.5
    steady = clues(torch.cat([still, turning]))[0, 4:6, 2, 20]
    assert float(steady[0]) == pytest.approx(0, abs=1e-3)
    assert float(steady[1]) < -0.5


def test_clues_of_silence_and_of_giants_are_finite() -> None:
    for level in (0.0, 1e18):
        assert bool(clues(level * estimates()).isfinite().all())


@pytest.mark.parametrize("samples", [1, 2, 63, 64, 65, 1000])
def test_waveform_network_gives_as_many_samples_as_it_gets(samples: int) -> None:
    network = WaveformUNet(WaveformSize(channels=(3, 4, 5)), 2)
    z = torch.randn(1, 2, samples, requires_grad=True)
    y = network(z)
    assert y.shape == (1, 1, samples)
    y.sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in network.parameters())


def test_waveform_network_sees_as_far_as_its_scales_reach() -> None:
    network = WaveformUNet(WaveformSize(channels=(3, 4, 5)), 1)
    z = torch.zeros(1, 1, 800)
    moved = z.clone()
    moved[0, 0, 400] = 1
    with torch.no_grad():
        changed = (network(z) - network(moved))[0, 0].abs() > 0
    reach = changed.nonzero()
    assert bool(changed[400])
    assert 50 < int(reach.max() - reach.min()) < 400


@pytest.mark.parametrize(
    ("name", "device", "fit", "start", "found"),
    [
        (None, "cpu", "guided", True, "mixer"),
        (None, "cuda:0", "guided", True, "mixer"),
        (None, "cpu", "guided", False, "multiresunet-small"),
        (None, "cpu", "paper", True, "multiresunet-small"),
        (None, "cuda:0", "paper", True, "multiresunet"),
        ("waveform", "cpu", "guided", False, "waveform"),
    ],
)
def test_which_network(name: str | None, device: str, fit: str, start: bool, found: str) -> None:
    assert network_size(name, device, fit, start) is NETWORKS[found]


@pytest.mark.parametrize(
    ("name", "fit", "start"),
    [
        ("mixer", "paper", True),
        ("waveform", "paper", True),
        ("mixer", "guided", False),
        ("vgg", "guided", True),
    ],
)
def test_networks_that_do_not_go_with_the_fit_are_refused(name: str, fit: str, start: bool) -> None:
    with pytest.raises(SettingsError, match=name):
        network_size(name, "cpu", fit, start)


def test_steps_are_those_of_the_fit() -> None:
    assert default_steps(NETWORKS["multiresunet"], "paper") == 5000
    assert default_steps(NETWORKS["multiresunet"], "guided") < 1000
    assert default_steps(NETWORKS["mixer"], "guided") == NETWORKS["mixer"].guided_steps
