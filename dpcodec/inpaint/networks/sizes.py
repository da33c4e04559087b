"""Network sizes as data. No torch here, so that names can be checked before anything heavy is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from dpcodec.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class NetworkSize:
    """A MultiResUNet in numbers, and how it is fitted.

    width          U: the convolutions of a block have int(0.167 U), int(0.333 U) and int(0.5 U) channels
    skip           channels of a skip connection
    scales         resolutions, each half of the one before
    harmonics      K_f, rows of a kernel (harmonics in the encoder, neighbouring bins in the decoder)
    frames         K_t, columns of a kernel, odd
    steps          optimisation steps of the paper's fit when the caller names no number
    guided_steps   those of the guided fit
    folds          networks of the guided fit, each fitted to other hidden coefficients
    learning_rate  of Adam
    modulated      multiply the output by the carrier of `carrier.py`; the published network does without
    """

    width: int
    skip: int
    scales: int = 5
    harmonics: int = 3
    frames: int = 11
    steps: int = 5000
    guided_steps: int = 100
    folds: int = 1
    learning_rate: float = 1e-3
    modulated: bool = False

    @property
    def multiple(self) -> int:
        """Bins and frames must be multiples of this, or the scales would not fit onto each other."""
        return int(2 ** (self.scales - 1))


@dataclass(frozen=True, kw_only=True)
class MixerSize:
    """A `Mixer` in numbers.

    hidden         channels between clues and gates
    folds          networks of the guided fit, each fitted to other hidden coefficients
    guided_steps   optimisation steps when the caller names no number
    learning_rate  of Adam
    """

    hidden: int = 4
    folds: int = 3
    guided_steps: int = 80
    learning_rate: float = 5e-2
    multiple: int = 1


@dataclass(frozen=True, kw_only=True)
class WaveformSize:
    """A `WaveformUNet` in numbers.

    channels       of each scale, the finest first
    kernel         samples, odd
    stride         between scales
    guided_steps   optimisation steps when the caller names no number
    folds          networks of the guided fit, each fitted to other hidden coefficients
    learning_rate  of Adam
    """

    channels: tuple[int, ...] = (16, 24, 32, 48, 64)
    kernel: int = 9
    stride: int = 4
    guided_steps: int = 200
    folds: int = 1
    learning_rate: float = 3e-3
    multiple: int = 1


AnySize = NetworkSize | MixerSize | WaveformSize

NETWORKS: dict[str, AnySize] = {
    "mixer": MixerSize(),
    "multiresunet": NetworkSize(width=128, skip=128),
    "multiresunet-small": NetworkSize(
        width=16, skip=8, scales=4, frames=5, steps=1000, learning_rate=1e-2, modulated=True
    ),
    "waveform": WaveformSize(),
}
"""`multiresunet` is the published network (6 666 452 parameters), `multiresunet-small` one for machines
without a GPU. `mixer` weighs linear estimates against each other, `waveform` gives samples; both are for the
guided fit."""


def network_size(name: str | None, device: str, fit: str = "guided", start: bool = True) -> AnySize:
    """The size of that name, for a fit with or without a linear start.

    None: the mixer; without linear estimates to mix the published network, or the small one on a CPU.
    Raises `SettingsError` if there is no such network, or if it is not for this fit.
    """
    if name is None and fit == "guided" and start:
        name = "mixer"
    elif name is None:
        name = "multiresunet-small" if device == "cpu" else "multiresunet"
    if name not in NETWORKS:
        raise SettingsError(f"network is {name!r}: use {', '.join(NETWORKS)}")
    size = NETWORKS[name]
    if fit == "paper" and not isinstance(size, NetworkSize):
        raise SettingsError(f"network {name} has no fit paper: use fit guided")
    if not start and isinstance(size, MixerSize):
        raise SettingsError(f"network {name} mixes linear estimates: without start use another one")
    return size


def default_steps(size: AnySize, fit: str) -> int:
    """Optimisation steps of a fit when the caller names no number."""
    return size.steps if fit == "paper" and isinstance(size, NetworkSize) else size.guided_steps
