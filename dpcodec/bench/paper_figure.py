"""The paper's figure 1 as tables and panels: each metric over drop, a line a mask, solver and context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dpcodec.bench.experiment import Row, Table
from dpcodec.bench.fitting import method
from dpcodec.bench.plots import Line, Panel, draw_panels
from dpcodec.bench.statistics import column, grouped, interval, mean, plus_minus, rounded

FIGURES = {
    "snr": ("SNR", "dB"),
    "si_snr": ("SI-SNR", "dB"),
    "sdr": ("SDR", "dB"),
    "si_sdr": ("SI-SDR", "dB"),
    "pemoq_odg": ("PEMO-Q-like", "ODG"),
    "peaq_odg": ("PEAQ", "ODG"),
    "visqol": ("ViSQOL", "MOS"),
    "segsnr": ("Segmental SNR", "dB"),
    "lsd": ("Log-spectral distance", "dB"),
}
"""Titles and units, in the order of the paper's figure."""
SAME = ("clip", "clip_digest", "mask", "drop", "solver", "network", "iterations")
"""A later row that agrees in these replaces an earlier one, of another version, device or set of metrics."""
CURVE = ("mask", "method", "context")


def tables(rows: Sequence[Row]) -> list[Table]:
    """A table a metric, drops side by side; and what solvers gain over zeros on the clip where they gain
    least."""
    readings = read(rows)
    drops = sorted({row["drop"] for row in readings})
    found = [name for name in FIGURES if any(row.get(name) is not None for row in readings)]
    result = []
    for name in found:
        title, unit = FIGURES[name]
        digits = 1 if unit == "dB" else 2
        result.append(
            Table(
                f"{title}, {unit}: mean over clips ± half of its 95 % interval, by drop",
                [
                    {
                        **dict(zip(CURVE, curve, strict=True)),
                        "clips": _clips(group),
                        **{f"{d:g}": plus_minus(_at(group, d), name, digits) for d in drops},
                    }
                    for curve, group in grouped(readings, *CURVE).items()
                ],
            )
        )
    return [*result, *_least_gains(readings, drops)]


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Figure 1: means over clips, bands their 95 % intervals."""
    readings = read(rows)
    panels = []
    for name, (title, unit) in FIGURES.items():
        lines = {}
        for curve, group in grouped(readings, *CURVE).items():
            line = _line(group, name)
            if line.x:
                lines[", ".join(filter(None, curve))] = line
        if lines:
            panels.append(Panel(title, "drop", unit, lines))
    return draw_panels(panels, folder / "paper", 3, "") if panels else []


def read(rows: Sequence[Row]) -> list[Row]:
    """A row for each output: those of `measure`, with and without context apart, with a `method`."""
    latest: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in SAME)
        latest[key] = {**latest.get(key, {}), **row}
    readings = []
    for row in latest.values():
        names = [name for name in FIGURES if name in row]
        common = {name: row[name] for name in ("clip", "clip_digest", "mask", "drop", "solver")}
        common["method"] = method(row)
        context = "" if row["solver"] == "none" else "with context"
        readings.append({**common, "context": context, **{name: row[name] for name in names}})
        if context:
            bare = {name: row[f"{name}_without"] for name in names}
            readings.append({**common, "context": "without", **bare})
    order = {mask: i for i, mask in enumerate(("random", "energy"))}
    return sorted(readings, key=lambda row: (order[row["mask"]], row["solver"] != "none", row["method"]))


def _least_gains(readings: Sequence[Row], drops: Sequence[float]) -> list[Table]:
    """A row a solver, where solver none was measured beside it."""
    zeros = {(row["clip_digest"], row["mask"], row["drop"]): row for row in readings if not row["context"]}

    def least(group: Sequence[Row]) -> float | None:
        pairs = [(row, zeros.get((row["clip_digest"], row["mask"], row["drop"]), {})) for row in group]
        gains = [
            float(ours[0] - theirs[0])
            for ours, theirs in ((column([row], "snr"), column([zero], "snr")) for row, zero in pairs)
            if ours.size and theirs.size
        ]
        return rounded(min(gains)) if gains else None

    rows = [
        {**dict(zip(CURVE, curve, strict=True)), **{f"{d:g}": least(_at(group, d)) for d in drops}}
        for curve, group in grouped([row for row in readings if row["context"]], *CURVE).items()
    ]
    known = [row for row in rows if any(row[f"{d:g}"] is not None for d in drops)]
    return [Table("SNR, dB: least gain over solver none on any clip, by drop", known)] if known else []


def _line(group: Sequence[Row], name: str) -> Line:
    """The mean over drop, a point where any clip was measured."""
    x, y, low, high = [], [], [], []
    for drop in sorted({row["drop"] for row in group}):
        at = _at(group, drop)
        centre = mean(at, name)
        if centre is not None:
            bounds = interval(at, name) or (centre, centre)
            x.append(drop)
            y.append(centre)
            low.append(bounds[0])
            high.append(bounds[1])
    return Line(x, y, low, high, dashed=group[0]["context"] == "without")


def _at(group: Sequence[Row], drop: float) -> list[Row]:
    return [row for row in group if row["drop"] == drop]


def _clips(group: Sequence[Row]) -> str:
    """How many clips the means are of: `10`, or `4-10` where an unfinished run has fewer at some drops."""
    counts = sorted(len(clips) for clips in grouped(group, "drop").values())
    return f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]}-{counts[-1]}"
