"""Means over what lies around each value."""

from __future__ import annotations

import numpy as np


def near(values: np.ndarray, first: int, second: int) -> np.ndarray:
    """Means over so many neighbours on each side along the first axis and the second: [n, m] -> [n, m]. The
    outermost stand for those beyond.

    >>> near(np.array([[0.0, 3.0, 6.0]]), 0, 1).tolist()
    [[1.0, 3.0, 5.0]]
    """
    for axis, half in ((0, first), (1, second)):
        if half:
            edges = [(half, half) if axis == a else (0, 0) for a in (0, 1)]
            padded, n = np.pad(values, edges, mode="edge"), values.shape[axis]
            cut = [padded[i : i + n] if axis == 0 else padded[:, i : i + n] for i in range(2 * half + 1)]
            total = cut[0] + cut[1]
            for one in cut[2:]:
                total += one
            values = total * np.float32(1 / len(cut))
    return values
