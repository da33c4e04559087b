"""Networks as data: their sizes, and how they are fitted. No torch here, so that names can be checked before
anything heavy is loaded."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from dpcodec.errors import SettingsError


class FitPlan(Protocol):
    """What a fit asks of a network, ours or a caller's own; the fields mean what they do in `NetworkSize`."""

    @property
    def multiple(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def guided_steps(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def modulated(self) -> bool: ...


class OwnNetwork(NamedTuple):
    """A `FitPlan` for a network that a caller brings."""

    multiple: int = 16
    steps: int = 1000
    guided_steps: int = 100
    learning_rate: float = 1e-3
    modulated: bool = False


class NetworkSize(NamedTuple):
    """A MultiResUNet in numbers, and how it is fitted.

    width          U: the convolutions of a block have int(0.167 U), int(0.333 U) and int(0.5 U) channels
    skip           channels of a skip connection
    scales         resolutions, each half of the one before
    harmonics      K_f, rows of a kernel (harmonics in the encoder, neighbouring bins in the decoder)
    frames         K_t, columns of a kernel, odd
    steps          optimisation steps of the paper's fit when the caller names no number
    guided_steps   those of the guided fit
    learning_rate  of Adam
    modulated      the paper's fit multiplies the output by the carrier of `carrier.py`; the published network
                   does without
    cell_bytes     memory that a step takes for each cell, measured, rounded up
    """

    width: int
    skip: int
    scales: int = 5
    harmonics: int = 3
    frames: int = 11
    steps: int = 5000
    guided_steps: int = 100
    learning_rate: float = 1e-3
    modulated: bool = False
    cell_bytes: int = 800

    @property
    def multiple(self) -> int:
        """Bins and frames must be multiples of this, or the scales would not fit onto each other."""
        return int(2 ** (self.scales - 1))


NETWORKS: dict[str, NetworkSize] = {
    "multiresunet": NetworkSize(width=128, skip=128, cell_bytes=22_000),
    "multiresunet-small": NetworkSize(
        width=16, skip=8, scales=4, frames=5, steps=1000, learning_rate=1e-2, modulated=True
    ),
}
"""`multiresunet` is the published network (6 666 452 parameters), `multiresunet-small` one for machines
without a GPU."""


def network_size(name: str | None, device: str) -> NetworkSize:
    """The size of that name; None: the published network, or the small one on a CPU.

    Raises `SettingsError` if there is no such network.
    """
    if name is None:
        name = "multiresunet-small" if device == "cpu" else "multiresunet"
    if name not in NETWORKS:
        raise SettingsError(f"network is {name!r}: use {', '.join(NETWORKS)}")
    return NETWORKS[name]


def default_steps(size: FitPlan, fit: str) -> int:
    """Optimisation steps of a fit when the caller names no number."""
    return size.steps if fit == "paper" else size.guided_steps
