"""How the deep prior is fitted in an experiment, and what a fit costs before it is begun."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from dpcodec.bench.engine.experiment import Row
from dpcodec.inpainting.device import resolve_device
from dpcodec.inpainting.network_size import NETWORKS, default_steps, network_size
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import AUTO, SOLVERS
from dpcodec.settings import FITS, check_choice, check_integer

BINS = 1024
"""Rows the network sees of the paper's STFT."""
CPU_STEP_S = {"multiresunet": 25.0, "multiresunet-small": 0.65}
"""One step on one core, BINS x CPU_STEP_FRAMES cells (docs/experiments/deep-prior.md). To measure it first
would take a minute; on other machines this is a guess."""
FAR_STEP_S = 0.1
"""The same on a GPU of a cluster, which cannot be measured from here: a guess."""
CPU_STEP_FRAMES = 160
CPU_START_S = 70.0
"""The two linear solutions of a guided fit, on one core, as many frames."""

BUDGET_FRAMES = 158
"""Of 5 s at the paper's rate and hop: what a budget is counted for."""

MEASURED = (*SOLVERS, AUTO)
"""Solvers that an experiment may compare, in the order of its tables: `auto` after those it chooses from."""


def place_of(solver: str) -> int:
    """Where a solver stands in tables: those of plug-ins last."""
    return MEASURED.index(solver) if solver in MEASURED else len(MEASURED)


@dataclass(frozen=True)
class Fitting:
    """The deep prior's network by name, its steps, a device that is there, and the fit; `here`: the device is
    this machine's, and not of a cluster."""

    network: str
    iterations: int
    device: str
    fit: str = "guided"
    here: bool = True

    def key(self, solver: str) -> Row:
        """What of this a row of the solver depends on."""
        if solver != "deep-prior":
            return {}
        names = ("network", "iterations", "device", "fit")
        return {name: getattr(self, name) for name in names}

    def settings(self, solver: str) -> SolverSettings:
        """As the solver takes it; all but the deep prior run on the CPU with their own steps."""
        if solver != "deep-prior":
            return SolverSettings()
        return SolverSettings(
            device=self.device, network=self.network, iterations=self.iterations, fit=self.fit
        )

    def alone(self, solver: str) -> bool:
        """Whether a fit takes a whole GPU."""
        return solver == "deep-prior" and self.device != "cpu"

    def fit_s(self, frames: int) -> float:
        """Seconds of a fit, about."""
        return self.start_s(frames) + self.iterations * self.step_s(frames)

    def start_s(self, frames: int) -> float:
        """Seconds until a fit's first step, about."""
        return CPU_START_S * frames / CPU_STEP_FRAMES if self.fit == "guided" else 0.0

    def step_s(self, frames: int) -> float:
        """Seconds of one step on so many frames of the paper's STFT; measured, unless known of a CPU."""
        if self.device == "cpu" and self.network in CPU_STEP_S:
            return CPU_STEP_S[self.network] * frames / CPU_STEP_FRAMES
        if not self.here:
            return FAR_STEP_S * frames / CPU_STEP_FRAMES
        return _measured_step_s(self.network, frames, self.device)


@cache
def _measured_step_s(network: str, frames: int, device: str) -> float:
    from dpcodec.inpainting.deep_prior.speed import measure_step  # lazy: loads torch

    return measure_step(network, BINS, frames, device)


def resolve_fitting(
    network: str | None = None,
    iterations: int | None = None,
    device: str = "auto",
    fit: str = "guided",
    elsewhere: bool = False,
) -> Fitting:
    """The device that is there, by default the device's network, by default the network's number of steps.

    elsewhere   the fits run on a cluster: a device that is named need not be in this machine

    Raises `SettingsError` for an unknown fit or network, or steps out of range, `DeviceError` for a device
    that is not there.
    """
    check_choice("fit", fit, FITS)
    if iterations is not None:
        check_integer("iterations", iterations, 1, 1_000_000)
    here = not elsewhere or device in ("auto", "cpu")
    device = resolve_device(device) if here else device
    size = network_size(network, device)
    name = next(name for name, known in NETWORKS.items() if known is size)
    return Fitting(name, iterations or default_steps(size, fit), device, fit, here)


def within(fitting: Fitting, budget_s: float) -> Fitting:
    """With as many steps as take about so long on BUDGET_FRAMES frames, one at least.

    Of a GPU, whose step is timed, one digit of the number is kept: the same command is to mean the same fit
    tomorrow.
    """
    steps = max(1, int(budget_s / fitting.step_s(BUDGET_FRAMES)))
    if fitting.device != "cpu":
        digits = 10 ** (len(str(steps)) - 1)
        steps = steps // digits * digits
    return replace(fitting, iterations=steps)


def method(row: Row) -> str:
    """The solver of a row, and how it was fitted.

    >>> method({"solver": "deep-prior", "network": "multiresunet", "iterations": 5000})
    'deep-prior (multiresunet, 5000 steps)'
    >>> method({"solver": "deep-prior", "network": "multiresunet", "iterations": 5000, "fit": "paper"})
    'deep-prior (multiresunet, 5000 steps, fit paper)'
    """
    if "network" not in row:
        return str(row["solver"])
    fit = ", fit paper" if row.get("fit") == "paper" else ""
    return f"{row['solver']} ({row['network']}, {row['iterations']} steps{fit})"
