"""What a network of the guided fit proposes for all coefficients, as a field [1, 2, F, T].

A proposal is a module. `prepare` turns estimates [W, 2, F, T] into what stays the same from step to step, or
`draw` makes it from noise; `forward` makes the field of that. Where there are estimates to start from, what a
network gives is a correction of their mean, scaled by a weight that is learnt and starts at zero: the fit
starts at the linear solution.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from dpcodec.inpaint.deep_prior.coordinates import Coordinates
from dpcodec.inpaint.deep_prior.repeat import seeded
from dpcodec.inpaint.losses import Synthesis
from dpcodec.inpaint.networks.mixer import Mixed, Mixer
from dpcodec.inpaint.networks.multiresunet import COMPLEX_CHANNELS, MultiResUNet
from dpcodec.inpaint.networks.sizes import AnySize, MixerSize, NetworkSize
from dpcodec.inpaint.networks.waveform import WaveformUNet
from dpcodec.inpaint.problem import Problem

NOISE_RANGE = 0.1
"""Of the uniform noise that stands in for estimates."""
NOISE = 0.03
"""Deviation of the Gaussian noise added to it anew in each step."""


class Proposal(nn.Module, ABC):
    """What all proposals can do."""

    def move(self, problem: Problem, coordinates: Coordinates) -> None:
        """Get ready for a block: a problem of one channel, and its coordinates."""

    @abstractmethod
    def prepare(self, estimates: Tensor) -> Any:
        """Of estimates [W, 2, F, T]."""


class Mixture(Proposal):
    """A `Mixer`: needs estimates."""

    def __init__(self, mixer: Mixer) -> None:
        super().__init__()
        self.network = mixer

    def prepare(self, estimates: Tensor) -> Mixed:
        """Estimates and their clues."""
        return self.network.prepare(estimates)

    def forward(self, mixed: Mixed) -> Tensor:
        """The field."""
        field: Tensor = self.network(mixed)
        return field


class Correction(Proposal):
    """A network that corrects the mean of the estimates, or makes a field of noise."""

    def __init__(self, network: nn.Module, start: bool) -> None:
        super().__init__()
        self.network = network
        self.weight = nn.Parameter(torch.tensor(0.0 if start else 1.0), requires_grad=start)
        self._start = start

    def move(self, problem: Problem, coordinates: Coordinates) -> None:
        """See `Proposal`."""
        self._stft, self._span, self._coordinates = problem.stft, problem.span, coordinates

    @abstractmethod
    def draw(self, generator: torch.Generator) -> Any:
        """Of noise, instead of estimates."""

    @abstractmethod
    def shake(self, prepared: Any, generator: torch.Generator) -> Any:
        """What was drawn, with fresh noise."""

    def _corrected(self, mean: Tensor, field: Tensor) -> Tensor:
        return mean + self.weight * field if self._start else field


class Spectral(Correction):
    """A MultiResUNet; sees real and imaginary part."""

    def prepare(self, estimates: Tensor) -> Tensor:
        """[W, 2, F, T] -> [1, 2, F, T]."""
        return estimates.mean(0, keepdim=True)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Noise [1, 2, F, T]."""
        return NOISE_RANGE * _uniform(
            (1, COMPLEX_CHANNELS, *self._coordinates.shape), generator, self._coordinates
        )

    def shake(self, prepared: Tensor, generator: torch.Generator) -> Tensor:
        """See `Proposal`."""
        return prepared + NOISE * _normal(prepared, generator)

    def forward(self, z: Tensor) -> Tensor:
        """The field."""
        return self._corrected(z, self.network(z))


class Sampled(Correction):
    """A network of samples; sees the signal."""

    def prepare(self, estimates: Tensor) -> tuple[Tensor, Tensor]:
        """[W, 2, F, T] -> the mean field [1, 2, F, T] and its signal [1, 1, N], of peak 1."""
        mean = estimates.mean(0, keepdim=True)
        synthesise = Synthesis(self._stft, self._span, self._coordinates.scale)
        x = synthesise.signal(self._coordinates.cells(mean))
        return mean, (x / x.abs().max().clamp(min=torch.finfo(x.dtype).tiny))[None, None]

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """No field, and noise [1, 1, N]."""
        z = NOISE_RANGE * _uniform((1, 1, self._span.samples), generator, self._coordinates)
        return z.new_zeros(()), z

    def shake(self, prepared: tuple[Tensor, Tensor], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """See `Proposal`."""
        mean, z = prepared
        return mean, z + NOISE * _normal(z, generator)

    def forward(self, prepared: tuple[Tensor, Tensor]) -> Tensor:
        """The field."""
        mean, z = prepared
        x = self.network(z)[0, 0] * self._coordinates.scale.max()
        return self._corrected(mean, self._coordinates.field(self._stft.forward(x, self._span)[None]))


def build(size: AnySize, estimates: int, seed: int) -> Proposal:
    """A proposal with torch's default initialisation from `seed`, for so many estimates."""
    if isinstance(size, MixerSize):
        return Mixture(seeded(seed, lambda: Mixer(estimates, size.hidden)))
    return build_correction(size, seed, start=True)


def build_correction(size: AnySize, seed: int, *, start: bool) -> Correction:
    """The same of a network that can do without estimates."""
    assert not isinstance(size, MixerSize)  # `network_size` refuses it
    if isinstance(size, NetworkSize):
        return Spectral(seeded(seed, lambda: MultiResUNet(size)), start)
    return Sampled(seeded(seed, lambda: WaveformUNet(size, 1)), start)


def _uniform(shape: tuple[int, ...], generator: torch.Generator, coordinates: Coordinates) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float32).to(coordinates.scale.device)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, dtype=torch.float32).to(like.device)
