"""What tests of the benchmarks share."""

from __future__ import annotations

import pytest

from dpcodec.bench.engine import statistics


@pytest.fixture
def intervals_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are told of two clips, so that few rows are enough to check them."""
    monkeypatch.setattr(statistics, "FEWEST", 2)
