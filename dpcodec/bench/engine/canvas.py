"""The only user of matplotlib: a picture's frame, and its way to PNG and SVG. What is drawn into it is said
in `plots.py` and `dots.py`."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from dpcodec.bench.engine.style import (
    GRID,
    GROUND,
    INK,
    SETTINGS,
    SMALL_PT,
    SOFT,
    TITLE_PT,
    WIDTH_INCHES,
    for_both_schemes,
)

LINE_INCHES, CHARACTER_INCHES = 0.165, 0.078
"""Height of a line of small text, and width of its characters, about."""
EDGE_INCHES = 0.08
"""Around everything."""
NOTE_CHARACTERS = 58
"""In a line below the title."""


def can_draw() -> bool:
    """Whether matplotlib, of the extra `bench`, is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def frame(title: str, note: str, left: float, right: float, body: float, foot: float) -> tuple[Any, Any]:
    """A figure with title and note, and its axes: so many inches from its left, right and lower edge, `body`
    inches high."""
    from matplotlib.figure import Figure

    notes = textwrap.wrap(note, NOTE_CHARACTERS)
    height = foot + body + EDGE_INCHES + 0.28 + LINE_INCHES * len(notes)
    figure = Figure(figsize=(WIDTH_INCHES, height), facecolor=GROUND.light)
    place = (left / WIDTH_INCHES, foot / height, 1 - (left + right) / WIDTH_INCHES, body / height)
    ax = figure.add_axes(place, facecolor=GROUND.light)
    edge = EDGE_INCHES / WIDTH_INCHES
    figure.text(
        edge, 1 - EDGE_INCHES / height, title, size=TITLE_PT, weight="bold", color=INK.light, va="top"
    )
    for i, line in enumerate(notes):
        down = (EDGE_INCHES + 0.22 + LINE_INCHES * i) / height
        figure.text(edge, 1 - down, line, size=SMALL_PT, color=SOFT.light, va="top")
    ax.grid(color=GRID.light, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(colors=SOFT.light, labelcolor=INK.light, labelsize=SMALL_PT, length=0)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT.light)
    return figure, ax


def save(draw: Callable[[], Any], path: Path, name: str, told: str) -> list[Path]:
    """Write the figure that `draw` gives as `path`-name with .png and .svg; return both.

    told  what it shows, in words; `description` gives it back
    """
    from matplotlib import rc_context

    target = f"{path}-{name}" if name else f"{path}"
    written = [Path(f"{target}.png"), Path(f"{target}.svg")]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context(SETTINGS):
        figure = draw()
        figure.savefig(written[0], dpi=150, metadata={"Description": told})
        figure.savefig(written[1], metadata={"Date": None, "Title": told})
    written[1].write_text(for_both_schemes(written[1].read_text("utf-8")), "utf-8")
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
