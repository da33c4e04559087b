"""Lines with bands: each panel a picture of its own, which can be read on a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from dpcodec.bench.engine.canvas import CHARACTER_INCHES, EDGE_INCHES, LINE_INCHES, frame, save
from dpcodec.bench.engine.style import AXES_INCHES, INK, SMALL_PT, SOFT, WIDTH_INCHES, Look, looks_of

MOST_NAMED = 7
"""Curves that carry their names at their ends; more have a legend, as have longer names."""
NAME_CHARACTERS, NAME_LINES = 13, 2
LEFT_INCHES, RIGHT_INCHES, UNDER_INCHES = 0.52, 0.12, 0.44
"""Room for the ticks of y; right of the axes; for the ticks and the label of x."""


@dataclass(frozen=True)
class Line:
    """Points of a curve in order of x.

    low, high  bounds of a band
    ours       a method of this codec, in its colour
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    ours: bool = False


@dataclass(frozen=True)
class Panel:
    """One set of axes: curves by label.

    title  what is drawn, with its unit
    name   the file's, after that of the figure
    ticks  on the x axis where they are few and known
    log_x  equal ratios of x lie at equal distances
    """

    title: str
    x_label: str
    lines: Mapping[str, Line]
    name: str = ""
    ticks: Sequence[float] = ()
    log_x: bool = False


def draw_panels(panels: Sequence[Panel], path: Path, note: str = "") -> list[Path]:
    """Draw each panel that has points as `path`-name with .png and .svg; return all of them.

    note  what all of them say below their titles

    A label looks alike in all panels. A curve carries its name at its right end, or, where names are many or
    long, in a legend.
    """
    panels = [
        replace(panel, lines={k: line for k, line in panel.lines.items() if len(line.x)}) for panel in panels
    ]
    labels: dict[str, bool] = {}
    for panel in panels:
        labels |= {label: line.ours for label, line in panel.lines.items() if label not in labels}
    looks = looks_of(labels)
    written = []
    for panel in (panel for panel in panels if panel.lines):
        told = f"{panel.title} over {panel.x_label}" + (f"; {note}" if note else "")
        told += f". Curves: {'; '.join(panel.lines)}"
        written += save(partial(_figure, panel, looks, note), path, panel.name, told)
    return written


def _figure(panel: Panel, looks: Mapping[str, Look], note: str) -> Any:
    names = {label: textwrap.wrap(label, NAME_CHARACTERS, break_on_hyphens=False) for label in panel.lines}
    named = len(names) <= MOST_NAMED and all(
        len(lines) <= NAME_LINES and max(map(len, lines)) <= NAME_CHARACTERS for lines in names.values()
    )
    columns = _legend_columns(names)
    right, foot = RIGHT_INCHES, UNDER_INCHES
    if named:
        right += 1.1 * CHARACTER_INCHES * max(len(line) for lines in names.values() for line in lines)
    else:
        foot += LINE_INCHES * -(-len(names) // columns) + EDGE_INCHES
    figure, ax = frame(panel.title, note, LEFT_INCHES, right, AXES_INCHES, foot)
    handles = {label: _draw(ax, line, looks[label]) for label, line in panel.lines.items()}
    _axes(ax, panel)
    if named:
        _name_ends(ax, {label: panel.lines[label].y[-1] for label in names}, names, looks)
    else:
        order = sorted(handles, key=lambda label: not panel.lines[label].ours)
        figure.legend(
            [handles[label] for label in order], order, loc="lower left", bbox_to_anchor=(0.01, 0),
            frameon=False, ncols=columns, fontsize=SMALL_PT, handlelength=3, labelcolor=INK.light,
            labelspacing=0.25, borderaxespad=0.2, columnspacing=1.2,
        )  # fmt: skip
    return figure


def _legend_columns(names: Mapping[str, object]) -> int:
    widest = 0.5 + CHARACTER_INCHES * max(map(len, names))
    return max(1, int((WIDTH_INCHES - EDGE_INCHES) / widest))


def _name_ends(
    ax: Any, ends: Mapping[str, float], names: Mapping[str, Sequence[str]], looks: Mapping[str, Look]
) -> None:
    """Names right of the axes, each as high as its curve ends, or as near to it as the others leave room."""
    low, high = ax.get_ylim()
    order = sorted(ends, key=ends.__getitem__)
    middles = [(ends[label] - low) / (high - low) * AXES_INCHES for label in order]
    halves = [LINE_INCHES * len(names[label]) / 2 for label in order]
    for i in range(1, len(order)):
        middles[i] = max(middles[i], middles[i - 1] + halves[i - 1] + halves[i])
    ceiling = AXES_INCHES + halves[-1]
    for i in reversed(range(len(order))):
        middles[i] = min(middles[i], ceiling - halves[i])
        ceiling = middles[i] - halves[i]
    for label, middle in zip(order, middles, strict=True):
        look = looks[label]
        weight = "bold" if look.dash == () else "normal"
        ax.text(
            1.03, middle / AXES_INCHES, "\n".join(names[label]), color=look.tone.light, weight=weight,
            size=SMALL_PT, va="center", linespacing=1.05, transform=ax.transAxes,
        )  # fmt: skip


def _axes(ax: Any, panel: Panel) -> None:
    """Scales and ticks."""
    ax.set_xlabel(panel.x_label, color=SOFT.light, size=SMALL_PT)
    if panel.log_x:
        ax.set_xscale("log")
    if panel.ticks:
        ax.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        ax.minorticks_off()


def _draw(ax: Any, line: Line, look: Look) -> Any:
    colour = look.tone.light
    if line.low is not None and line.high is not None:
        ax.fill_between(line.x, line.low, line.high, color=colour, alpha=0.12, linewidth=0)
    dashes = {"dashes": look.dash} if look.dash else {}
    return ax.plot(
        line.x, line.y, color=colour, linewidth=look.width, marker="o", markersize=look.width + 1.5,
        zorder=3 if line.ours else 2, **dashes,
    )[0]  # fmt: skip
