"""The experiments by name: what `dpcodec bench NAME` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from dpcodec.bench import demo, figures, loss, speed
from dpcodec.errors import SettingsError
from dpcodec.settings import SOLVERS, Solver, check_choice

Row = dict[str, Any]

ON_CLIPS: dict[str, Callable[[Path, Solver], Iterator[Row]]] = {
    "random": figures.random_masks,
    "energy": figures.energy_masks,
    "columns": figures.columns,
    "rate": lambda folder, _: figures.rates(folder),
}
"""Experiments that need a folder of audio files."""

BY_FORMULA: dict[str, Callable[[Path | None, Solver], Iterator[Row]]] = {
    "demo": lambda *_: demo.demo(),
    "speed": lambda *_: speed.speed(),
    "boundaries": lambda folder, _: speed.boundaries(folder),
    "loss": lambda *_: loss.packet_loss(),
    "step": lambda *_: speed.network_steps(),
}
"""Experiments on a clip made by formula; `boundaries` takes a folder of audio files if there is one."""


def run(name: str, folder: Path | None, solver: str) -> Iterator[Row]:
    """Run an experiment by name; rows come as they are measured.

    Raises `SettingsError` for an unknown name or solver, or a missing folder.
    """
    check_choice("experiment", name, (*ON_CLIPS, *BY_FORMULA))
    check_choice("solver", solver, SOLVERS)
    chosen = cast(Solver, solver)
    if name in BY_FORMULA:
        yield from BY_FORMULA[name](folder, chosen)
    elif folder is None:
        raise SettingsError(f"bench {name} measures on your clips: name a folder of audio files")
    else:
        yield from ON_CLIPS[name](folder, chosen)
