"""Figures of merit of a few methods: one below the other, a point a clip, and the mean."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dpcodec.bench.engine.canvas import CHARACTER_INCHES, EDGE_INCHES, frame, save
from dpcodec.bench.engine.style import OTHERS, SMALL_PT, STRONG, WIDTH

ROW_INCHES, FOOT_INCHES, DIGITS_INCHES = 0.34, 0.3, 0.5
"""Height of a row, room for the ticks, and for the mean in digits."""
NAME_CHARACTERS = 18
"""In a line of a row's name."""


@dataclass(frozen=True)
class Dots:
    """One row: the values of a method, their mean's interval, and whether it is this codec's own."""

    name: str
    values: Sequence[float] | np.ndarray
    interval: tuple[float, float] | None = None
    ours: bool = False


@dataclass(frozen=True)
class DotPanel:
    """Rows over one axis.

    title  what is drawn, with its unit
    name   the file's, after that of the figure
    """

    title: str
    rows: Sequence[Dots]
    name: str = ""


def draw_dots(panels: Sequence[DotPanel], path: Path, note: str = "") -> list[Path]:
    """Draw each panel as `path`-name with .png and .svg; return all of them.

    A row has its name at its left, a faint point for each value, a strong one for their mean, a line for the
    interval, and the mean in digits at its right.
    """
    written = []
    for panel in panels:
        rows = [row for row in panel.rows if len(row.values)]
        means = "; ".join(f"{row.name} {np.mean(row.values):.2f}" for row in rows)
        if rows:
            told = f"{panel.title}; {note}. Means: {means}"
            written += save(partial(_figure, panel.title, rows, note), path, panel.name, told)
    return written


def _figure(title: str, rows: Sequence[Dots], note: str) -> Any:
    names = [textwrap.wrap(row.name, NAME_CHARACTERS, break_on_hyphens=False) for row in rows]
    left = EDGE_INCHES + 0.1 + CHARACTER_INCHES * max(len(line) for lines in names for line in lines)
    figure, ax = frame(title, note, left, DIGITS_INCHES, ROW_INCHES * len(rows), FOOT_INCHES)
    for i, (row, name) in enumerate(zip(rows, names, strict=True)):
        colour, centre = (STRONG if row.ours else OTHERS[0]).light, float(np.mean(row.values))
        ax.plot(row.values, np.full(len(row.values), i), "o", color=colour, alpha=0.3, markersize=4)
        if row.interval:
            ax.plot(row.interval, (i, i), color=colour, linewidth=WIDTH)
        ax.plot([centre], [i], "o" if row.ours else "s", color=colour, markersize=7.5 if row.ours else 5.5)
        look = {"size": SMALL_PT, "weight": "bold" if row.ours else "normal", "color": colour, "va": "center"}
        across = ax.get_yaxis_transform()
        ax.text(-0.03, i, "\n".join(name), ha="right", linespacing=1.05, transform=across, **look)
        ax.text(1.03, i, f"{centre + 0.0:.1f}".replace("-", "−"), transform=across, **look)
    ax.set(ylim=(len(rows) - 0.5, -0.5), yticks=range(len(rows)), yticklabels=[])
    return figure
