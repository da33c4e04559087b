"""Tables and plots of what lost packets cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dpcodec.bench.engine.canvas import slug
from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import column, grouped, mean, rounded
from dpcodec.bench.experiments.loss.holes import AROUND_S
from dpcodec.bench.experiments.loss.patterns import AMONG_BYTES, BURST, BYTES, RANDOM
from dpcodec.bench.experiments.loss.systems import IN_SEGMENTS, PARITY_PERCENT, PARTS, SOLVERS
from dpcodec.metrics.catalogue import METRICS, Figure

IN_EACH, SURVIVES = "in each segment", "what parity survives"
AT_A_RATE = ("default", "stft", "opus")
"""How the names of systems begin that are set to the bit rate."""
ORDER = (
    "default",
    f"default, {PARTS} parts",
    f"default, parity {PARITY_PERCENT:g}",
    *(f"stft, {solver}" for solver in SOLVERS),
    "opus",
    "opus, told",
    *(f"paper, {solver}" for solver in SOLVERS),
    "flac",
    "silence",
    *(f"{name}, {solver}" for name in IN_SEGMENTS for solver in SOLVERS),
)
"""Of systems, in tables and plots."""
OF_OTHERS = ("opus", "flac", "silence")
"""How the names of systems begin that are not this codec."""
AGAINST = {
    RANDOM: "packets lost, %",
    BURST: "packets lost in one burst, %",
    BYTES: f"flipped bytes in {AMONG_BYTES}",
    IN_EACH: "parts lost of the 8 of each segment",
}
ONE_TABLE = ("clip", "rate", "seconds", "bitrate", "pattern")
HOLES = "lsd_holes"
FIGURES = {
    **{name: figure for metric in METRICS.values() for name, figure in metric.figures.items()},
    HOLES: Figure("dB", False),
}
LEFT_OUT = ("pemoq_psm", "pemoq_psmt", "peaq_di")
"""Of figures that come with others."""


def tables(rows: Sequence[Row]) -> list[Table]:
    """For each clip, way to lose packets and figure: a row a system, a column an amount; and what parity
    survives."""
    found = []
    for (clip, rate, seconds, bitrate, pattern), group in grouped(rows, *ONE_TABLE).items():
        about = f"{clip}, {seconds:.3g} s at {rate} Hz"
        if pattern != IN_EACH:
            about += f", {bitrate:g} kbit/s"
        if pattern == SURVIVES:
            found.append(_survival(about, group))
            continue
        for figure in _figures(group):
            title = f"{about}: {_spelled(figure)} against {AGAINST[pattern]}, mean (worst) of draws"
            found.append(Table(title, _by_system(group, figure)))
    return found


def _survival(about: str, rows: Sequence[Row]) -> Table:
    draws = max(row["draws"] for row in rows)
    title = f"{about}: percent of {draws} draws in which `repair` is bit for bit, against packets lost, %"
    return Table(
        title,
        [
            {
                "parity": percent,
                "bytes more, %": rounded(mean(group, "more"), 1),
                "packets lost": way,
                **{
                    f"{row['loss']:g}": rounded(100 * row["exact"], 1)
                    for row in sorted(group, key=lambda row: row["loss"])
                },
            }
            for (percent, way), group in sorted(grouped(rows, "parity", "way").items())
        ],
    )


def _by_system(rows: Sequence[Row], figure: str) -> list[Row]:
    shares = sorted({row["loss"] for row in rows})
    return [
        {
            "system": system,
            "kbit/s": rounded(mean(group, "kbps"), 1) or None,
            **{
                f"{share:g}": _mean_and_worst([r for r in group if r["loss"] == share], figure)
                for share in shares
            },
        }
        for system, group in _systems_of(rows)
    ]


def _mean_and_worst(rows: Sequence[Row], figure: str) -> str:
    values = column(rows, figure)
    if not values.size:
        return ""
    worst = values.max() if FIGURES[figure].higher_is_better is False else values.min()
    told = f"{values.mean() + 0.0:.2f}"
    return told if values.size == 1 else f"{told} ({worst + 0.0:.2f})"


def _systems_of(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    groups = {system: group for (system,), group in grouped(rows, "system").items()}
    return [(system, groups[system]) for system in ORDER if system in groups]


def _figures(rows: Sequence[Row]) -> list[str]:
    """The figures of merit that the rows hold."""
    return [name for name in FIGURES if name not in LEFT_OUT and any(name in row for row in rows)]


def _spelled(figure: str) -> str:
    """A figure's name and unit."""
    if figure == HOLES:
        return f"log-spectral distance in holes and {1000 * AROUND_S:g} ms around them in dB"
    unit = FIGURES[figure].unit
    name = figure.replace("_", " ").upper()
    return f"{name} in {unit}" if unit and unit not in name else name


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """A figure over the share lost, mean and range over draws: at the bit rate, and exact or lossless."""
    rows = [row for row in rows if row["pattern"] == RANDOM]
    panels = []
    for (clip, _, _, bitrate, _), group in grouped(rows, *ONE_TABLE).items():
        for figure in _figures(group):
            for set_to_rate, title in ((True, f"{bitrate:g} kbit/s"), (False, "exact or lossless")):
                lines = {
                    system: _line(system, of_system, figure)
                    for system, of_system in _systems_of(group)
                    if system.startswith(AT_A_RATE) == set_to_rate
                }
                if lines:
                    name = slug(f"{clip} {figure} {title}")
                    panels.append(Panel(f"{_spelled(figure)}: {clip}, {title}", AGAINST[RANDOM], lines, name))
    return draw_panels(panels, folder / "loss", "mean and range over draws")


def _line(system: str, rows: Sequence[Row], figure: str) -> Line:
    shares = sorted({row["loss"] for row in rows})
    points = [(share, column([r for r in rows if r["loss"] == share], figure)) for share in shares]
    points = [(share, values) for share, values in points if values.size]
    return Line(
        [share for share, _ in points],
        [float(values.mean()) for _, values in points],
        [float(values.min()) for _, values in points],
        [float(values.max()) for _, values in points],
        ours=not system.startswith(OF_OTHERS) and not system.endswith(", none"),
    )
