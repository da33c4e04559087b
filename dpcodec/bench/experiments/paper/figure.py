"""The paper's figure 1 as tables and panels: each metric over drop, a line a mask, solver and context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import FEWEST, column, grouped, interval, plus_minus, rounded
from dpcodec.bench.evaluation import figures_of, file_name, spelled, titled
from dpcodec.bench.experiments.paper import comparison, summary
from dpcodec.bench.fitting import MEASURED, method, place_of

SAME = ("clip", "clip_digest", "mask", "drop", "profile", "solver", "network", "iterations", "fit")
"""A later row that agrees in these replaces an earlier one, of another version, device or set of metrics."""
CURVE = ("mask", "method", "context")
DROP = "drop, share of the coefficients that is missing"
OF_OTHERS = ("none", "deep-prior")
"""Solvers that are no method of this project; nor are those of plug-ins."""


def tables(rows: Sequence[Row]) -> list[Table]:
    """A table a metric, drops side by side; what solvers gain over zeros on the clip where they gain least;
    by how much methods differ, and how surely; how good the choices of `auto` are; the SNR clip by clip."""
    readings = read(rows)
    drops = sorted({row["drop"] for row in readings})
    found = figures_of(rows)
    return [
        *(_means(readings, name, drops) for name in found),
        *_least_gains(readings, drops),
        *(table for name in found[:1] for table in summary.difference_tables(readings, name, drops)),
        *comparison.choices(readings, drops),
        *comparison.clip_by_clip(readings, drops),
    ]


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Figure 1: means over clips, with 95 % intervals as bands; without context no band."""
    readings = read(rows)
    note, names = _short_names(readings)
    panels = []
    for name in figures_of(rows):
        lines = {
            ", ".join(filter(None, (mask, names[solver], context))): _line(group, name)
            for (mask, solver, context), group in grouped(
                [row for row in readings if row.get(name) is not None], *CURVE
            ).items()
        }
        if lines:
            panels.append(Panel(spelled(name), DROP, lines, file_name(name)))
    return draw_panels(panels, folder / "paper", note)


def files(rows: Sequence[Row], folder: Path) -> list[Path]:
    """The numbers of the figure and the differences of its methods, for other programs."""
    return summary.write(read(rows), figures_of(rows), folder)


def _short_names(readings: Sequence[Row]) -> tuple[str, dict[str, str]]:
    """A note, and names of methods for a legend, fits with their steps. What was fitted how goes into the
    note if there is but one way."""
    told, names = [_about(readings)], dict[str, str]()
    for (solver,), group in grouped(readings, "solver").items():
        methods = list(dict.fromkeys(row["method"] for row in group))
        alone = len(methods) == 1
        names |= {row["method"]: _in_legend(row) if alone else row["method"] for row in group}
        told += [name for name in methods if alone and name != solver]
    return "; ".join(told), names


def _in_legend(row: Row) -> str:
    steps = row.get("iterations")
    return row["solver"] if steps is None else f"{row['solver']}, {steps} steps"


def read(rows: Sequence[Row]) -> list[Row]:
    """A row for each output: those of `measure`, with and without context apart, with a `method`."""
    latest: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in SAME)
        latest[key] = {**latest.get(key, {}), **row}
    readings, figures = [], figures_of(rows)
    for row in latest.values():
        names = [name for name in figures if name in row]
        common = {name: row[name] for name in ("clip", "clip_digest", "mask", "drop", "solver")}
        if "profile" in row:
            common["mask"] = f"{row['mask']}, profile {row['profile']}"
        common["method"] = method(row)
        common["iterations"] = row.get("iterations")
        context = "" if row["solver"] == "none" else "with context"
        readings.append({**common, "context": context, **{name: row[name] for name in names}})
        if context:
            bare = {name: row[f"{name}_without"] for name in names}
            readings.append({**common, "context": "without", **bare})
    return sorted(
        readings,
        key=lambda row: (not row["mask"].startswith("random"), place_of(row["solver"]), row["method"]),
    )


def _means(readings: Sequence[Row], name: str, drops: Sequence[float]) -> Table:
    _, unit = titled(name)
    digits = 1 if unit == "dB" else 2
    rows = [
        {
            **dict(zip(CURVE, curve, strict=True)),
            "clips": _clips(group),
            **{f"{d:g}": plus_minus(_at(group, d), name, digits) for d in drops},
        }
        for curve, group in grouped(readings, *CURVE).items()
    ]
    return Table(f"{spelled(name)}: mean over clips ± half of its 95 % interval, by drop", rows)


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


def _about(readings: Sequence[Row]) -> str:
    clips = len({row["clip_digest"] for row in readings})
    return f"mean over {clips} clip{'s' * (clips != 1)}" + (", 95 % interval" if clips >= FEWEST else "")


def _line(group: Sequence[Row], name: str) -> Line:
    points = []
    for (drop,), at in grouped(group, "drop").items():
        centre = float(column(at, name).mean())
        points.append((drop, centre, *(interval(at, name) or (centre, centre))))
    x, y, low, high = zip(*sorted(points), strict=True)
    ours = group[0]["solver"] in MEASURED and group[0]["solver"] not in OF_OTHERS
    if group[0]["context"] == "without":
        return Line(x, y, ours=ours)
    return Line(x, y, low, high, ours)


def _at(group: Sequence[Row], drop: float) -> list[Row]:
    return [row for row in group if row["drop"] == drop]


def _clips(group: Sequence[Row]) -> str:
    """How many clips the means are of: `10`, or `4-10` where an unfinished run has fewer at some drops."""
    counts = sorted(len(clips) for clips in grouped(group, "drop").values())
    return f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]}-{counts[-1]}"
