"""The figure's numbers for other programs, and which of its lines differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.exports import export
from dpcodec.bench.engine.significance import holm, sign_flip_p
from dpcodec.bench.engine.statistics import column, grouped, interval, mean
from dpcodec.bench.evaluation import spelled


def means(readings: Sequence[Row], figures: Sequence[str]) -> list[Row]:
    """A row a mask, method, context, drop and figure: mean, and ends of its 95 % interval where there are
    clips enough."""
    rows = []
    by_drop = sorted(readings, key=lambda row: row["drop"])
    for (mask, method, context, drop), group in grouped(by_drop, "mask", "method", "context", "drop").items():
        for name in figures:
            low, high = interval(group, name) or (None, None)
            rows.append(
                {
                    **{"mask": mask, "method": method, "context": context, "drop": drop, "figure": name},
                    **{
                        "clips": column(group, name).size,
                        "mean": mean(group, name),
                        "low": low,
                        "high": high,
                    },
                }
            )
    return rows


def differences(readings: Sequence[Row], figures: Sequence[str]) -> list[Row]:
    """A row a figure, mask, drop and pair of methods, with context: mean difference over the clips that both
    have, p of the sign-flip permutation test, and p after Holm's correction for all rows of the figure."""
    rows: list[Row] = []
    for name in figures:
        found = [
            row
            for (mask, drop), group in grouped(_as_decoded(readings), "mask", "drop").items()
            for row in _pairs(group, name, {"figure": name, "mask": mask, "drop": drop})
        ]
        for row, corrected in zip(found, holm([row["p"] for row in found]), strict=True):
            row["p_holm"] = corrected
        rows += found
    return rows


def difference_tables(readings: Sequence[Row], name: str, drops: Sequence[float]) -> list[Table]:
    """For people: the pairs of one figure, drops side by side."""
    rows = []
    for (mask, a, b), group in grouped(differences(readings, [name]), "mask", "a", "b").items():
        cells = {row["drop"]: f"{row['difference']:+.2f} ({row['p_holm']:.3f})" for row in group}
        rows.append(
            {
                **{"mask": mask, "method": f"{a} less {b}", "clips": max(row["clips"] for row in group)},
                **{f"{drop:g}": cells.get(drop) for drop in drops},
            }
        )
    title = (
        "mean difference over clips (p: sign-flip permutations by clip, Holm over all cells), with context"
    )
    return [Table(f"{spelled(name)}: {title}, by drop", rows)] if rows else []


def write(readings: Sequence[Row], figures: Sequence[str], folder: Path) -> list[Path]:
    """FOLDER/paper-means and FOLDER/paper-differences, each as CSV and lines of JSON."""
    return [
        *export(means(readings, figures), folder / "paper-means"),
        *export(differences(readings, figures), folder / "paper-differences"),
    ]


def _as_decoded(readings: Sequence[Row]) -> list[Row]:
    """Those with context, in order of drop."""
    return sorted((row for row in readings if row["context"] != "without"), key=lambda row: row["drop"])


def _pairs(group: Sequence[Row], name: str, about: Row) -> list[Row]:
    """A row a pair of methods that were measured on two clips or more."""
    levels = {
        method: {
            row["clip_digest"]: float(column([row], name)[0]) for row in rows if column([row], name).size
        }
        for (method,), rows in grouped(group, "method").items()
    }
    found = []
    for a, b in combinations(levels, 2):
        clips = levels[a].keys() & levels[b].keys()
        apart = np.array([levels[b][clip] - levels[a][clip] for clip in sorted(clips)])
        p = sign_flip_p(apart)
        if p is not None:
            pair = {"a": b, "b": a, "clips": len(clips), "difference": float(apart.mean()), "p": p}
            found.append({**about, **pair})
    return found
