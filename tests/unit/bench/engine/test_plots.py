"""Drawn is what was asked for, the same each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path

import pytest

from dpcodec.bench.engine.canvas import can_draw, description
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.style import OTHERS, STRONG, STRONG_WIDTH

pytest.importorskip("matplotlib")

AT = r"<!-- (?:\w+) -->\s+<g style=\"fill: (#\w+)\" transform=\"translate\([\d.]+ ([\d.]+)\)"


def panels(count: int) -> list[Panel]:
    lines = {"a line": Line([1, 2], [3, 4], [2, 3], [4, 5]), "another": Line([1, 2], [0, 1], ours=True)}
    return [Panel(f"panel {i}", "x", lines, f"p.{i}", ticks=[1, 2]) for i in range(count)]


def test_each_panel_is_two_files_and_the_same_each_time(tmp_path: Path) -> None:
    assert can_draw()
    drawn = draw_panels(panels(2), tmp_path / "new" / "a", "a note")
    assert [path.name for path in drawn] == ["a-p.0.png", "a-p.0.svg", "a-p.1.png", "a-p.1.svg"]
    assert drawn[0].read_bytes().startswith(b"\x89PNG")
    again = draw_panels(panels(2), tmp_path / "b", "a note")
    assert [path.read_bytes() for path in drawn] == [path.read_bytes() for path in again]
    ElementTree.fromstring(drawn[1].read_text())


def test_a_picture_tells_what_it_shows(tmp_path: Path) -> None:
    shown = Panel("a & b", "x", {"<c>": Line([1], [2])})
    drawn = draw_panels([shown], tmp_path / "a", "mean")
    assert [path.name for path in drawn] == ["a.png", "a.svg"]
    assert description(drawn[1]) == "a & b over x; mean. Curves: <c>"
    assert description(drawn[0]) == "a"


def test_curves_carry_their_names_and_one_its_own_colour(tmp_path: Path) -> None:
    ends = {"ours": 4.0, "close": 3.99, "low": 3.0, "lowest": 2.99}
    lines = {name: Line([1, 2], [1, end], ours=name == "ours") for name, end in ends.items()}
    svg = draw_panels([Panel("", "x", lines)], tmp_path / "a")[1].read_text()
    assert all(svg.count(f"<!-- {name} -->") == 1 for name in lines)
    thick = re.findall(rf"stroke: {STRONG.light}; stroke-width: ([\d.]+)", svg)
    assert {float(width) for width in thick if float(width) > 1} == {STRONG_WIDTH}
    assert len(set(re.findall(r"stroke-dasharray: ([\d.,]+)", svg))) == 3
    # One above the other, each in its curve's colour.
    named = [(colour, float(y)) for colour, y in re.findall(AT, svg)][-4:]
    assert {colour for colour, _ in named} == {STRONG.light, *(tone.light for tone in OTHERS[:3])}
    assert min(abs(a - b) for (_, a), (_, b) in combinations(named, 2)) > 9


def test_long_names_stand_in_a_legend_ours_first(tmp_path: Path) -> None:
    names = ["another codec with a name beyond the margin", "ours with a name that is as long as that"]
    lines = {name: Line([1, 2], [1, i], ours=name.startswith("ours")) for i, name in enumerate(names)}
    svg = draw_panels([Panel("", "x", lines)], tmp_path / "a")[1].read_text()
    assert "legend" in svg
    assert svg.index(f"<!-- {names[1]} -->") < svg.index(f"<!-- {names[0]} -->")


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw_panels([], tmp_path / "a") == []
    assert draw_panels([Panel("", "x", {"none": Line([], [])})], tmp_path / "a") == []
    assert list(tmp_path.iterdir()) == []
