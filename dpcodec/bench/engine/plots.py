"""The only user of matplotlib: lines with bands, as PNG and SVG."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHARACTERS_PER_INCH = 10
LINE_INCHES = 0.24
"""Of a legend, about."""
PANEL_INCHES = (4.2, 3.2)
NARROWEST_INCHES = 6.4


@dataclass(frozen=True)
class Line:
    """Points of a curve in order of x.

    low, high  bounds of a band
    dashed     for a reference
    colour     one of ten, by number; None: each label has its own
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False
    colour: int | None = None


@dataclass(frozen=True)
class Panel:
    """One set of axes: curves by label.

    ticks  on the x axis where they are few and known
    log_x  equal ratios of x lie at equal distances
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Line]
    ticks: Sequence[float] = ()
    log_x: bool = False


def can_draw() -> bool:
    """Whether matplotlib, of the extra `bench`, is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_panels(panels: Sequence[Panel], path: Path, columns: int = 3, title: str = "") -> list[Path]:
    """Draw panels in a grid with one legend, as `path` with .png and .svg; return both, none for no panels.

    A label has one colour in all panels.
    """
    if not panels:
        return []
    from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    labels = list(dict.fromkeys(label for panel in panels for label in panel.lines))
    width = max(columns * PANEL_INCHES[0], NARROWEST_INCHES)
    widest = max((len(label) for label in labels), default=0)
    entries = max(1, int(CHARACTERS_PER_INCH * width / (widest + 6)))
    height = rows * PANEL_INCHES[1] + 0.4 + LINE_INCHES * -(-len(labels) // entries)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    handles: dict[str, Any] = {}
    for ax, panel in zip(axes, panels, strict=False):
        for label, line in panel.lines.items():
            colour = labels.index(label) if line.colour is None else line.colour
            handles[label] = _draw_line(ax, line, f"C{colour % 10}")
        ax.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
        if panel.log_x:
            ax.set_xscale("log")
        ax.grid(alpha=0.3)
        if panel.ticks:
            ax.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
            ax.minorticks_off()
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    figure.suptitle(title)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=entries)
    return _save(figure, path)


def _draw_line(ax: Any, line: Line, colour: str) -> Any:
    style = "--" if line.dashed else "-"
    if line.low is not None and line.high is not None:
        ax.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
    return ax.plot(line.x, line.y, style, color=colour, marker="o", markersize=3)[0]


def _save(figure: Any, path: Path) -> list[Path]:
    from matplotlib import rc_context

    path.parent.mkdir(parents=True, exist_ok=True)
    written = [path.with_suffix(".png"), path.with_suffix(".svg")]
    with rc_context({"svg.hashsalt": "dpcodec"}):  # the same picture is the same file
        figure.savefig(written[0], dpi=130)
        figure.savefig(written[1], metadata={"Date": None})
    return written
