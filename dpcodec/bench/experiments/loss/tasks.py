"""What lost packets cost: quality against the share of packets lost, beside other codecs' concealment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dpcodec
from dpcodec import Audio
from dpcodec.bench.clips import digest, load_clip, melody
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import column, grouped, mean, plus_minus, rounded
from dpcodec.bench.evaluation import metrics_s
from dpcodec.bench.experiments.loss.systems import (
    IN_SEGMENTS,
    SOLVERS,
    System,
    cost_of,
    measure_parts,
    systems_for,
)
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.metrics.catalogue import METRICS, select

LOSSES = (0.0, 5.0, 10.0, 20.0, 30.0, 50.0)
"""Percent of packets."""
PARTS_LOST = (0, 1, 2, 4)
ANYWHERE, IN_EACH = "any packets", "in each segment"
AT_A_RATE = ("stft", "opus")
"""How the names of systems begin that are set to the bit rate."""
ORDER = (
    *(f"stft, {solver}" for solver in SOLVERS),
    "opus",
    "opus, told",
    *(f"paper, {solver}" for solver in SOLVERS),
    "flac",
    "silence",
    *(f"{name}, {solver}" for name in IN_SEGMENTS for solver in SOLVERS),
)
"""Of systems, in tables and plots."""
ONE_TABLE = ("clip", "rate", "seconds", "bitrate", "pattern")


def experiment(
    file: Path | None,
    bitrate: float = 24.0,
    losses: Sequence[float] = LOSSES,
    draws: int = 4,
    parts_lost: Sequence[int] = PARTS_LOST,
    metrics: Sequence[str] = ("snr",),
    rate: int = 16000,
    seconds: float = 20.0,
) -> Experiment:
    """A task a system, share and draw; then the same number of parts lost in every segment.

    On the file's first seconds, mono at `rate` Hz, or a melody by formula. `bitrate` in kbit/s is that of the
    profile stft and of Opus; `losses` in percent. Raises `SettingsError` for a bit rate that is too low
    and for metrics that cannot be measured here.
    """
    clip = quantised_16_bit(melody(rate, seconds) if file is None else load_clip(file, rate, seconds))
    key = {
        "clip": "melody" if file is None else file.stem,
        "clip_digest": digest(clip),
        "rate": rate,
        "seconds": round(clip.duration, 3),
        "bitrate": bitrate,
        "metrics": select(metrics),
        "version": dpcodec.__version__,
    }
    systems, notes = systems_for(clip, bitrate)
    tasks = [*_anywhere(clip, key, systems, losses, draws), *_in_each(clip, key, parts_lost, draws)]
    return Experiment("loss", tasks, tables, plots, notes=notes)


def _anywhere(
    clip: Audio, key: Row, systems: Sequence[System], losses: Sequence[float], draws: int
) -> list[Task]:
    return [
        Task(
            {**key, "pattern": ANYWHERE, "system": system.name, **system.key, "loss": loss, "draw": draw},
            system.measure,
            {"clip": clip, "loss": loss, "draw": draw, "metrics": key["metrics"], **system.arguments},
            system.cost_s(loss) + metrics_s(key["metrics"], clip.duration),
        )
        for draw in range(draws)
        for loss in losses
        for system in systems
        if loss or not draw
    ]


def _in_each(clip: Audio, key: Row, parts_lost: Sequence[int], draws: int) -> list[Task]:
    return [
        Task(
            {**key, "pattern": IN_EACH, "system": f"{name}, {solver}", "loss": lost, "draw": draw},
            measure_parts,
            {
                "clip": clip,
                "name": name,
                "solver": solver,
                "lost": lost,
                "draw": draw,
                "metrics": key["metrics"],
            },
            cost_of(clip, solver)(12.5 * lost) + metrics_s(key["metrics"], clip.duration),
        )
        for draw in range(draws)
        for lost in parts_lost
        for name in IN_SEGMENTS
        for solver in SOLVERS
        if lost or not draw
    ]


def tables(rows: Sequence[Row]) -> list[Table]:
    """For each clip and figure: a row a system, a column a share lost; and the same for parts of segments."""
    found = []
    for (clip, rate, seconds, bitrate, pattern), group in grouped(rows, *ONE_TABLE).items():
        about = f"{clip}, {seconds:.3g} s at {rate} Hz"
        for figure in _figures(group):
            where = (
                f", {bitrate:g} kbit/s: {_spelled(figure)} against packets lost in %"
                if pattern == ANYWHERE
                else f": {_spelled(figure)} against parts lost of the 8 of each segment"
            )
            found.append(Table(f"{about}{where}, mean of draws", _by_system(group, figure)))
    return found


def _by_system(rows: Sequence[Row], figure: str) -> list[Row]:
    shares = sorted({row["loss"] for row in rows})
    return [
        {
            "system": system,
            "kbit/s": rounded(mean(group, "kbps"), 1) or None,
            **{
                f"{share:g}": plus_minus([r for r in group if r["loss"] == share], figure) for share in shares
            },
        }
        for system, group in _systems_of(rows)
    ]


def _systems_of(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    groups = {system: group for (system,), group in grouped(rows, "system").items()}
    return [(system, groups[system]) for system in ORDER if system in groups]


def _figures(rows: Sequence[Row]) -> list[str]:
    """The figures of merit that the rows hold."""
    return [name for metric in METRICS.values() for name in metric.figures if any(name in r for r in rows)]


def _spelled(figure: str) -> str:
    """A figure's name and unit."""
    unit = next(m.figures[figure].unit for m in METRICS.values() if figure in m.figures)
    name = figure.replace("_", " ").upper()
    return f"{name} in {unit}" if unit and unit not in name else name


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """A figure over the share lost, mean and range over draws: at the bit rate, and exact or lossless."""
    rows = [row for row in rows if row["pattern"] == ANYWHERE]
    panels = []
    for (clip, _, _, bitrate, _), group in grouped(rows, *ONE_TABLE).items():
        for figure in _figures(group):
            for set_to_rate, title in ((True, f"{bitrate:g} kbit/s"), (False, "exact or lossless")):
                lines = {
                    system: _line(of_system, figure)
                    for system, of_system in _systems_of(group)
                    if system.startswith(AT_A_RATE) == set_to_rate
                }
                panels.append(Panel(f"{clip}, {title}", "packets lost, %", _spelled(figure), lines))
    title = "Packets lost: mean and range over draws"
    return draw_panels(panels, folder / "loss", 2, title) if panels else []


def _line(rows: Sequence[Row], figure: str) -> Line:
    shares = sorted({row["loss"] for row in rows})
    points = [(share, column([r for r in rows if r["loss"] == share], figure)) for share in shares]
    points = [(share, values) for share, values in points if values.size]
    return Line(
        [share for share, _ in points],
        [float(values.mean()) for _, values in points],
        [float(values.min()) for _, values in points],
        [float(values.max()) for _, values in points],
    )
