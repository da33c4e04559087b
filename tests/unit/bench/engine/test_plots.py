"""Drawn is what was asked for, the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpcodec.bench.engine.plots import Line, Panel, can_draw, draw_panels

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


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw_panels([], tmp_path / "a") == []
    assert list(tmp_path.iterdir()) == []
