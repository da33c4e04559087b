"""Rows of dots: a row a method, all of its values, and their mean in words too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dpcodec.bench.engine.canvas import description
from dpcodec.bench.engine.dots import DotPanel, Dots, draw_dots
from dpcodec.bench.engine.style import OTHERS, STRONG

pytest.importorskip("matplotlib")


def test_rows_are_drawn_with_their_values_and_means(tmp_path: Path) -> None:
    rows = [Dots("ours", [1.0, 2.0, 6.0], (2.0, 4.0), ours=True), Dots("theirs", [-1.5]), Dots("none", [])]
    drawn = draw_dots([DotPanel("SNR, dB", rows, "snr")], tmp_path / "a", "three clips")
    assert [path.name for path in drawn] == ["a-snr.png", "a-snr.svg"]
    assert description(drawn[1]) == "SNR, dB; three clips. Means: ours 3.00; theirs -1.50"
    svg = drawn[1].read_text()
    for told in ("SNR, dB", "three clips", "ours", "theirs", "3.0", "−1.5"):
        assert f"<!-- {told} -->" in svg
    faint = re.findall(r'<use [^>]*style="fill: (#\w+); fill-opacity: 0.3', svg)
    assert faint == [STRONG.light] * 3 + [OTHERS[0].light]


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw_dots([DotPanel("SNR, dB", [Dots("none", [])])], tmp_path / "a") == []
    assert list(tmp_path.iterdir()) == []
