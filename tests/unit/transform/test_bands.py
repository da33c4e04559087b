"""Bands of rows: they cover all rows once, and are as wide as the format says."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.transform.bands import EDGES_HZ, FEWEST_ROWS, band_edges, band_of_rows


def slow_edges(rows: int, rate: int) -> list[int]:
    """From the text of docs/format.md, row by row."""
    edges = [0]
    for row in range(FEWEST_ROWS, rows - FEWEST_ROWS + 1):
        if any(2 * rows * hz // rate == row for hz in EDGES_HZ) and row - edges[-1] >= FEWEST_ROWS:
            edges.append(row)
    return [*edges, rows]


@pytest.mark.parametrize("rate", [1, 8000, 11025, 44100, 48000, 192000, 2**20 - 1])
@pytest.mark.parametrize("rows", [32, 33, 512, 1024, 32768])
def test_bands_cover_the_rows(rows: int, rate: int) -> None:
    edges = band_edges(rows, rate)
    assert edges.tolist() == slow_edges(rows, rate)
    assert np.diff(edges).min() >= FEWEST_ROWS
    assert len(edges) - 1 <= len(EDGES_HZ) + 1
    of_rows = band_of_rows(rows, rate)
    assert [int(np.flatnonzero(of_rows == b)[0]) for b in range(len(edges) - 1)] == edges[:-1].tolist()
    assert len(of_rows) == rows


def test_edges_rise() -> None:
    assert list(EDGES_HZ) == sorted(set(EDGES_HZ))
