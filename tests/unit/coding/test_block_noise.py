"""Blocks share a frame's noise out by what is coded in them: against loops in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dpcodec.coding.block_noise import LARGEST_GAIN, block_gains

RNG = np.random.default_rng(9)


def slow(q: list[int], rows: list[int], bands: list[int], split: int) -> list[float]:
    """As docs/format.md says it."""
    found = []
    for row, band in zip(rows, bands, strict=True):
        region = (band >= 24) + (band >= 34)
        of_frame = [
            (r % 2**split, 100 * min(abs(symbol), 64) ** 2 + 1)
            for symbol, r, b in zip(q, rows, bands, strict=True)
            if (b >= 24) + (b >= 34) == region
        ]
        own = [square for block, square in of_frame if block == row % 2**split]
        mean = Fraction(sum(square for _, square in of_frame), len(of_frame))
        gain = (sum(own) + 4 * mean) / (len(own) + 4) / mean
        found.append(min(float(gain) ** 0.5, LARGEST_GAIN))
    return found


@pytest.mark.parametrize("split", [1, 3, 5])
@pytest.mark.parametrize("parts", [1, 3])
def test_gains_are_those_of_the_document(split: int, parts: int) -> None:
    rows = np.arange(1, 96, parts)
    bands = rows * 42 // 96
    shape = len(rows), 3
    q = np.where(RNG.random(shape) < 0.4, RNG.integers(-200, 200, shape), 0).astype(np.int32)
    found = block_gains(q, rows, bands, split)
    for frame in range(3):
        truth = slow(q[:, frame].tolist(), rows.tolist(), bands.tolist(), split)
        np.testing.assert_allclose(found[:, frame], truth, rtol=1e-12)


def test_equal_blocks_have_gain_one_and_no_rows_none() -> None:
    rows = np.arange(64)
    gains = block_gains(np.full((64, 2), 3, np.int32), rows, np.zeros(64, np.int64), 4)
    np.testing.assert_array_equal(gains, 1.0)
    nothing = np.zeros(0, np.int64)
    assert block_gains(np.zeros((0, 5), np.int32), nothing, nothing, 2).shape == (0, 5)


def test_noise_goes_where_something_is_coded() -> None:
    rows = np.arange(128)
    q = np.where(rows % 8 == 5, 4, 0).astype(np.int32)
    gains = block_gains(q[:, None], rows, np.full(128, 40), 3)[:, 0]
    assert gains[rows % 8 == 5].min() == LARGEST_GAIN
    assert gains[rows % 8 != 5].max() < 0.5
