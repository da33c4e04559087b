"""The column mask against sets of frame numbers."""

import itertools

import numpy as np
import pytest

from dpcodec.mask.columns import columns_mask, merge_ranges


@pytest.mark.parametrize("first", [0, 3, 5, 9, 40])
def test_frames_in_ranges_go(first: int) -> None:
    ranges = ((0, 0), (4, 6), (9, 9), (30, 2**47))
    gone = {frame for low, high in ranges for frame in range(low, min(high, 60) + 1)}
    mask = columns_mask(ranges, 2, 5, first, 12)
    assert mask.shape == (2, 5, 12)
    for frame in range(12):
        assert np.all(mask[:, :, frame] == (first + frame not in gone))


def test_merge_keeps_the_frames() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        ranges = [(int(a), int(a + b)) for a, b in rng.integers(0, 9, (rng.integers(0, 6), 2))]
        merged = merge_ranges(ranges)
        frames = {f for low, high in ranges for f in range(low, high + 1)}
        assert {f for low, high in merged for f in range(low, high + 1)} == frames
        assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(merged))
