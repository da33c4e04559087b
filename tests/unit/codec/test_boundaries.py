"""A boundary between segments costs nothing: the error near it is what decoding in one piece leaves there."""

from __future__ import annotations

import numpy as np
import pytest

import dpcodec
from dpcodec import Audio, DecodeSettings, profile
from dpcodec.bench.clips import melody

REACH = 4096
"""Samples on either side that count as near."""


def level_db(x: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(x.astype(np.float64) ** 2)))


@pytest.fixture(scope="module")
def clip() -> Audio:
    return melody(16000, 6.0)


@pytest.mark.parametrize("solver, drop, costs_db", [("none", 0.5, 1e-6), ("least-squares", 0.8, 0.5)])
def test_a_boundary_costs_nothing(clip: Audio, solver: str, drop: float, costs_db: float) -> None:
    """At a drop of 0.8 no solver gets the samples back, so that the error is no rounding."""
    data = dpcodec.encode(clip, profile("paper", drop=drop))
    cut, whole = (
        dpcodec.decode(
            data, DecodeSettings(solver=solver, device="cpu", batch_segments=n, iterations=60)
        ).samples
        - clip.samples
        for n in (1, 64)
    )
    boundary = 160 * 512
    near = slice(boundary - REACH, boundary + REACH)
    assert level_db(cut[:, near]) <= level_db(whole[:, near]) + costs_db
    assert level_db(cut) <= level_db(whole) + costs_db
