"""The experiments by name: what `dpcodec bench NAME` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dpcodec.bench import demo, figures, loss, speed
from dpcodec.errors import SettingsError
from dpcodec.settings import SOLVERS, Solver, check_choice

Row = dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """One experiment: a line of help, whether it measures on a folder of clips, and how to run it.

    `run(folder, solver)` yields rows; experiments on a clip made by formula take no folder.
    """

    help: str
    needs_folder: bool
    run: Callable[[Path, Solver], Iterator[Row]]


EXPERIMENTS: dict[str, Experiment] = {
    "demo": Experiment("a melody through every mask and solver", False, lambda _, s: demo.demo()),
    "random": Experiment("random masks, paper profile", True, figures.random_masks),
    "energy": Experiment("energy masks, exact", True, figures.energy_masks),
    "columns": Experiment("missing columns, listed in missing_columns.json", True, figures.columns),
    "rate": Experiment("default profile at about 24 dB, 16 kHz", True, lambda d, s: figures.rates(d)),
    "speed": Experiment("real-time factors", False, lambda _, s: speed.speed()),
    "boundaries": Experiment("errors at segment boundaries", False, lambda _, s: speed.boundaries()),
    "loss": Experiment("lost packets against lost quality", False, lambda _, s: loss.packet_loss()),
    "step": Experiment("one optimisation step of each network", False, lambda _, s: speed.network_steps()),
}


def run(name: str, folder: Path | None, solver: str) -> Iterator[Row]:
    """Run an experiment by name; rows come as they are measured.

    Raises `SettingsError` for an unknown name or a missing folder.
    """
    if name not in EXPERIMENTS:
        raise SettingsError(f"experiment {name!r} is unknown: use {', '.join(EXPERIMENTS)}")
    check_choice("solver", solver, SOLVERS)
    experiment = EXPERIMENTS[name]
    if experiment.needs_folder and folder is None:
        raise SettingsError(f"bench {name} measures on your clips: name a folder of audio files")
    yield from experiment.run(folder or Path(), cast(Solver, solver))
