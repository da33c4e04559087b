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
NAMED_INCHES = (4.5, 2.6)
"""Of a panel whose curves are named at their ends: shown 360 pixels wide, its letters are ten pixels high."""
NAME_HEIGHT = 0.1
"""Of a name at the end of a curve, as a share of the panel's height."""
STRONG, OTHERS = "#c1121f", ("#1d3557", "#2a7f62", "#6c757d", "#8d5a97", "#b08900")
DASHES = ((5, 2), (1, 1.3), (6, 1.5, 1, 1.5), (3, 1, 1, 1, 1, 1), (9, 2))


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
        _axes(ax, panel)
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    figure.suptitle(title)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=entries)
    return _save(figure, path)


def draw_named(panels: Sequence[Panel], path: Path, strong: str, title: str = "") -> list[Path]:
    """Draw panels one below the other, each curve with its name at its right end, as `path` with .png and
    .svg; return both, none for no panels.

    The curve of the label `strong` is thick and alone in its colour; the others differ in colour and dashes,
    alike in all panels. It can be read at a width of 360 pixels.
    """
    if not panels:
        return []
    from matplotlib.figure import Figure

    others = [label for label in dict.fromkeys(n for panel in panels for n in panel.lines) if label != strong]
    figure = Figure(figsize=(NAMED_INCHES[0], len(panels) * NAMED_INCHES[1] + 0.3), layout="constrained")
    for ax, panel in zip(figure.subplots(len(panels), squeeze=False).flat, panels, strict=True):
        ends: dict[str, tuple[float, str]] = {}
        for label, line in panel.lines.items():
            i = others.index(label) % len(OTHERS) if label != strong else 0
            colour = STRONG if label == strong else OTHERS[i]
            if label == strong:
                ax.plot(line.x, line.y, color=colour, linewidth=3.2, marker="o", markersize=6, zorder=3)
            else:
                ax.plot(line.x, line.y, color=colour, dashes=DASHES[i], marker="o", markersize=3)
            ends[label] = (line.y[-1], colour)
        _axes(ax, panel)
        _name_ends(ax, ends, strong)
    figure.suptitle(title, fontsize=10)
    return _save(figure, path)


def _name_ends(ax: Any, ends: Mapping[str, tuple[float, str]], strong: str) -> None:
    """Names right of the axes, each as high as its curve ends, or as near to it as the others leave room."""
    low, high = ax.get_ylim()
    names = sorted(ends, key=lambda label: ends[label][0])
    heights = [(ends[label][0] - low) / (high - low) for label in names]
    for i in range(1, len(names)):
        heights[i] = max(heights[i], heights[i - 1] + NAME_HEIGHT)
    ceiling = 1.0
    for i in reversed(range(len(names))):
        heights[i] = min(heights[i], ceiling)
        ceiling = heights[i] - NAME_HEIGHT
    for label, height in zip(names, heights, strict=True):
        weight = "bold" if label == strong else "normal"
        ax.text(1.02, height, label, color=ends[label][1], weight=weight, va="center", transform=ax.transAxes)


def _axes(ax: Any, panel: Panel) -> None:
    """Title, scales, ticks and grid."""
    ax.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    if panel.log_x:
        ax.set_xscale("log")
    ax.grid(alpha=0.3)
    if panel.ticks:
        ax.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        ax.minorticks_off()


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
