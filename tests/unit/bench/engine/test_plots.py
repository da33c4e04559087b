"""Drawn is what was asked for, the same each time."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from dpcodec.bench.engine.plots import STRONG, Line, Panel, can_draw, draw_named, draw_panels

pytest.importorskip("matplotlib")


def panels(count: int) -> list[Panel]:
    lines = {"a line": Line([1, 2], [3, 4], [2, 3], [4, 5]), "another": Line([1, 2], [0, 1], dashed=True)}
    return [Panel(f"panel {i}", "x", "dB", lines, ticks=[1, 2]) for i in range(count)]


@pytest.mark.parametrize("count, columns", [(1, 3), (5, 3), (6, 2)])
def test_both_files_are_written_and_the_same_each_time(tmp_path: Path, count: int, columns: int) -> None:
    assert can_draw()
    drawn = draw_panels(panels(count), tmp_path / "new" / "a", columns, "title")
    assert [path.name for path in drawn] == ["a.png", "a.svg"]
    assert drawn[0].read_bytes().startswith(b"\x89PNG")
    again = draw_panels(panels(count), tmp_path / "b", columns, "title")
    assert [path.read_bytes() for path in drawn] == [path.read_bytes() for path in again]


def test_a_line_is_drawn_in_the_colour_it_names(tmp_path: Path) -> None:
    shared = {"a": Line([1, 2], [3, 4], colour=3), "b": Line([1, 2], [1, 2], dashed=True, colour=3)}
    svg = draw_panels([Panel("", "x", "y", shared)], tmp_path / "a")[1].read_text()
    assert "#d62728" in svg, "the fourth of matplotlib's ten"
    assert "#1f77b4" not in svg


def test_curves_carry_their_names_and_one_its_own_colour(tmp_path: Path) -> None:
    ends = {"ours": 4.0, "close": 3.99, "low": 3.0, "lowest": 2.99}
    lines = {name: Line([1, 2], [1, end]) for name, end in ends.items()}
    svg = draw_named([Panel("", "x", "y", lines)] * 2, tmp_path / "a", "ours")[1].read_text()
    assert all(svg.count(f"<!-- {name} -->") == 2 for name in lines)
    thick = re.findall(rf"stroke: {STRONG}; stroke-width: ([\d.]+)", svg)
    assert {float(width) for width in thick if float(width) > 1} == {3.2}
    assert len(set(re.findall(r"stroke-dasharray: ([\d.,]+)", svg))) == 3
    # One above the other, none on another, none outside of its panel.
    heights = [
        float(y)
        for y in re.findall(
            r"<!-- (?:\w+) -->\s+<g style=\"fill: #\w+\" transform=\"translate\([\d.]+ ([\d.]+)\)", svg
        )
    ]
    assert len(heights) == 8
    assert min(abs(a - b) for panel in (heights[:4], heights[4:]) for a, b in combinations(panel, 2)) > 9


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw_panels([], tmp_path / "a") == []
    assert draw_named([], tmp_path / "a", "ours") == []
    assert list(tmp_path.iterdir()) == []
