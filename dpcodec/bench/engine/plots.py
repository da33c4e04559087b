"""The only user of matplotlib: lines with bands, each panel a picture of its own as PNG and SVG."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

from dpcodec.bench.engine.style import (
    AXES_INCHES,
    GRID,
    GROUND,
    INK,
    SETTINGS,
    SMALL_PT,
    SOFT,
    TITLE_PT,
    WIDTH_INCHES,
    Look,
    for_both_schemes,
    looks_of,
)

MOST_NAMED = 7
"""Curves that carry their names at their ends; more have a legend, as have longer names."""
NAME_CHARACTERS, NAME_LINES = 13, 2
LINE_INCHES = 0.165
"""Height of a line of small text."""
LEFT_INCHES, RIGHT_INCHES, UNDER_INCHES, EDGE_INCHES = 0.52, 0.12, 0.44, 0.08
"""Room for the ticks of y; right of the axes; for the ticks and the label of x; around everything."""
NOTE_CHARACTERS = 58
"""In a line below the title."""


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


def can_draw() -> bool:
    """Whether matplotlib, of the extra `bench`, is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_panels(panels: Sequence[Panel], path: Path, note: str = "") -> list[Path]:
    """Draw each panel that has points as `path`-name with .png and .svg; return all of them.

    note  what all of them say below their titles

    A label looks alike in all panels. A curve carries its name at its right end, or, where names are many or
    long, in a legend. The SVG has colours for light and dark pages. It can be read at a width of 330 pixels.
    """
    from matplotlib import rc_context

    panels = [
        replace(panel, lines={k: line for k, line in panel.lines.items() if line.x}) for panel in panels
    ]
    labels: dict[str, bool] = {}
    for panel in panels:
        labels |= {label: line.ours for label, line in panel.lines.items() if label not in labels}
    looks = looks_of(labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for panel in (panel for panel in panels if panel.lines):
        target = path.with_name(f"{path.name}-{panel.name}" if panel.name else path.name)
        with rc_context(SETTINGS):
            written += _save(_figure(panel, looks, note), target, _described(panel, note))
    return written


def description(path: Path) -> str:
    """What a picture shows, in words: as it was drawn here, or else the file's name."""
    told = (
        re.search(r"<dc:title>(.*?)</dc:title>", path.read_text("utf-8")) if path.suffix == ".svg" else None
    )
    return unescape(told[1]) if told else path.stem


def slug(text: str) -> str:
    """A text as part of a file's name.

    >>> slug("melody SNR, 24 kbit/s")
    'melody-snr-24-kbit-s'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _described(panel: Panel, note: str) -> str:
    what = f"{panel.title} over {panel.x_label}" + (f"; {note}" if note else "")
    return f"{what}. Curves: {'; '.join(panel.lines)}"


def _figure(panel: Panel, looks: Mapping[str, Look], note: str) -> Any:
    from matplotlib.figure import Figure

    names = {label: textwrap.wrap(label, NAME_CHARACTERS, break_on_hyphens=False) for label in panel.lines}
    named = len(names) <= MOST_NAMED and all(
        len(lines) <= NAME_LINES and max(map(len, lines)) <= NAME_CHARACTERS for lines in names.values()
    )
    notes = textwrap.wrap(note, NOTE_CHARACTERS)
    entries = 0 if named else -(-len(names) // _legend_columns(names))
    head = EDGE_INCHES + 0.28 + LINE_INCHES * len(notes)
    foot = UNDER_INCHES + (LINE_INCHES * entries + EDGE_INCHES if entries else 0)
    height = head + AXES_INCHES + foot
    right = RIGHT_INCHES + (
        0.085 * max(len(line) for lines in names.values() for line in lines) if named else 0
    )
    figure = Figure(figsize=(WIDTH_INCHES, height), facecolor=GROUND.light)
    ax = figure.add_axes(
        (
            LEFT_INCHES / WIDTH_INCHES,
            foot / height,
            1 - (LEFT_INCHES + right) / WIDTH_INCHES,
            AXES_INCHES / height,
        ),
        facecolor=GROUND.light,
    )
    handles = {label: _draw(ax, line, looks[label]) for label, line in panel.lines.items()}
    _axes(ax, panel)
    left, top = EDGE_INCHES / WIDTH_INCHES, 1 - EDGE_INCHES / height
    figure.text(left, top, panel.title, size=TITLE_PT, weight="bold", color=INK.light, va="top")
    for i, line in enumerate(notes):
        down = (EDGE_INCHES + 0.22 + LINE_INCHES * i) / height
        figure.text(left, 1 - down, line, size=SMALL_PT, color=SOFT.light, va="top")
    if named:
        _name_ends(ax, {label: panel.lines[label].y[-1] for label in names}, names, looks)
    else:
        order = sorted(handles, key=lambda label: not panel.lines[label].ours)
        figure.legend(
            [handles[label] for label in order], order, loc="lower left", bbox_to_anchor=(0.01, 0),
            frameon=False, ncols=_legend_columns(names), fontsize=SMALL_PT,
            handlelength=3, labelcolor=INK.light, labelspacing=0.25, borderaxespad=0.2, columnspacing=1.2,
        )  # fmt: skip
    return figure


def _legend_columns(names: Mapping[str, object]) -> int:
    widest = 0.5 + 0.078 * max(map(len, names), default=1)
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
    """Scales, ticks and grid."""
    ax.set_xlabel(panel.x_label, color=SOFT.light, size=SMALL_PT)
    if panel.log_x:
        ax.set_xscale("log")
    ax.grid(color=GRID.light, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(colors=SOFT.light, labelcolor=INK.light, labelsize=SMALL_PT, length=0)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT.light)
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


def _save(figure: Any, path: Path, told: str) -> list[Path]:
    written = [Path(f"{path}.png"), Path(f"{path}.svg")]
    figure.savefig(written[0], dpi=150, metadata={"Description": told})
    figure.savefig(written[1], metadata={"Date": None, "Title": told})
    written[1].write_text(for_both_schemes(written[1].read_text("utf-8")), "utf-8")
    return written
