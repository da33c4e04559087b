"""How every plot here looks: colours for light and dark pages, dashes, and sizes for a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tone:
    """A colour on light pages and its counterpart on dark ones, as #rrggbb."""

    light: str
    dark: str


GROUND = Tone("#ffffff", "#1e2129")
INK = Tone("#1c2127", "#e7eaee")
SOFT = Tone("#565f6b", "#a9b2bd")
GRID = Tone("#dfe3e8", "#3a424d")
STRONG = Tone("#c1121f", "#ff7b7b")
"""Of this codec's own methods, and of nothing else."""
OTHERS = (
    Tone("#1d3557", "#8ecae6"),
    Tone("#1f7a5c", "#6fcf97"),
    Tone("#7d4a8a", "#d3a9e3"),
    Tone("#866500", "#e9c46a"),
    Tone("#5f6770", "#b4bcc5"),
)
TONES = (GROUND, INK, SOFT, GRID, STRONG, *OTHERS)
Dash = tuple[float, ...]
DASHES: tuple[Dash, ...] = ((5, 2), (1, 1.3), (6, 1.5, 1, 1.5), (3, 1, 1, 1, 1, 1), (9, 2))
"""On and off, in widths of the line."""
OWN_DASHES: tuple[Dash, ...] = ((), *DASHES)
"""Of this codec's: the first is drawn through."""

WIDTH_INCHES = 4.2
"""Two stand side by side on a desk. Shown 330 pixels wide, on a phone of 360, letters of 10 points are eleven
pixels high."""
AXES_INCHES = 2.1
"""Height of the axes."""
TEXT_PT, SMALL_PT, TITLE_PT = 10.0, 9.0, 11.5
STRONG_WIDTH, WIDTH = 2.8, 1.5
"""Of lines, in points."""
SETTINGS: Any = {
    "svg.hashsalt": "dpcodec",  # the same picture is the same file
    "font.family": "DejaVu Sans",  # matplotlib brings it along
    "font.size": TEXT_PT,
}


@dataclass(frozen=True)
class Look:
    """Of one curve, in all panels of a figure."""

    tone: Tone
    dash: Dash
    width: float


def looks_of(labels: dict[str, bool]) -> dict[str, Look]:
    """A look for each label, of which this codec's own are true: these share the strong colour and differ in
    dashes, the first one thick; the others differ in both."""
    own = [label for label, ours in labels.items() if ours]
    others = [label for label, ours in labels.items() if not ours]
    looks = {}
    for i, label in enumerate(own):
        looks[label] = Look(STRONG, OWN_DASHES[i % len(OWN_DASHES)], WIDTH if i else STRONG_WIDTH)
    for i, label in enumerate(others):
        dash = DASHES[(i + i // len(OTHERS)) % len(DASHES)]
        looks[label] = Look(OTHERS[i % len(OTHERS)], dash, WIDTH)
    return looks


def for_both_schemes(svg: str) -> str:
    """An SVG drawn in the light tones, with a style sheet added that shows the dark ones where the page is
    dark. What knows no style sheets shows the light ones."""
    rules = "".join(
        f'[style*="{what}: {tone.light}"]{{{what}:{tone.dark} !important}}'
        for tone in TONES
        for what in ("fill", "stroke")
    )
    sheet = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, opening, rest = svg.partition("<svg")
    attributes, end, inside = rest.partition(">")
    return f"{head}{opening}{attributes}{end}\n {sheet}{inside}"
