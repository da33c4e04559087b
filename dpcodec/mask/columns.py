"""The column mask: whole frames go, given by their index. What a lost packet leaves, and the task of DPAI."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dpcodec.mask.table import MaskParameters


def merge_ranges(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Inclusive ranges in any order -> the same frames as sorted ranges with a gap between any two.

    >>> merge_ranges([(9, 9), (3, 5), (4, 7), (8, 8)])
    ((3, 9),)
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def segment_mask(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """See `mask.table`."""
    C, K, L = X.shape
    return columns_mask(parameters.columns, C, K, segment * parameters.segment_frames, L)


def columns_mask(
    ranges: tuple[tuple[int, int], ...], channels: int, bins: int, first_frame: int, frames: int
) -> np.ndarray:
    """Mask of the `frames` frames from `first_frame` on, bool [C, K, L]; frames inside a range are False.

    Ranges are inclusive and count frames from the start of the file.

    >>> columns_mask(((3, 4),), 1, 1, 2, 4)[0, 0].tolist()
    [True, False, False, True]
    """
    kept = np.ones((channels, bins, frames), dtype=bool)
    for first, last in ranges:
        start, stop = max(first - first_frame, 0), min(last + 1 - first_frame, frames)
        if start < stop:
            kept[:, :, start:stop] = False
    return kept
