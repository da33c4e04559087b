"""Which of several windows suits each place in time and frequency: a long one for a steady tone, a short one
for an attack.

A window suits a place where the logarithms of its coefficients' powers are small: few of them are the sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dpcodec.transform.operator import Operator
from dpcodec.transform.stft import Stft

PLACE_BINS, PLACE_WIDTH = 8, 12
"""Distance between two places and half-width around one, in bins; half and 0.6 windows in time."""


def shares(
    transforms: Sequence[Operator | Stft],
    costs: Sequence[np.ndarray],
    n_fft: int,
    samples: int,
    choice: float,
) -> list[np.ndarray]:
    """What each window's coefficients count, float32 [K_j, L_j]; over all windows they sum to 1 at a place.

    A softmax of the mean cost around each place.

    costs   logarithms, real [K_j, L_j]
    n_fft   window that bins and times of the places are counted in
    choice  difference of mean costs that takes a share from one window to another
    """
    times = np.arange(0, samples + n_fft // 2, n_fft // 2)
    bins = np.arange(0, n_fft // 2 + 1 + PLACE_BINS, PLACE_BINS)
    around = []
    for transform, cost in zip(transforms, costs, strict=True):
        scale = transform.n_fft / n_fft
        near = means(cost.T, bins * scale, PLACE_WIDTH * scale)  # first, as it leaves the least
        around.append(means(near.T, times / transform.hop, 0.6 * n_fft / transform.hop))
    odds = np.exp((np.min(around, axis=0) - around) / choice)
    placed = odds / odds.sum(axis=0)
    out = []
    for transform, share, cost in zip(transforms, placed, costs, strict=True):
        row = np.rint(np.arange(transform.bins) * (n_fft / transform.n_fft / PLACE_BINS)).astype(int)
        # a long window's last frame may lie beyond the last place
        column = np.rint(np.arange(cost.shape[1]) * (transform.hop / (n_fft // 2))).astype(int)
        row, column = np.minimum(row, len(bins) - 1), np.minimum(column, len(times) - 1)
        out.append(np.asfortranarray(share[row][:, column], dtype=np.float32))
    return out


def means(values: np.ndarray, at: np.ndarray, half: float) -> np.ndarray:
    """Mean over at - half .. at + half of values that hold for half a place on either side: [A, n] -> [A, m].

    At least a place wide; what lies beyond the ends does not count.
    """
    n, half = values.shape[1], max(half, 0.5)
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    first = np.clip(at - half + 0.5, 0, n - 1)
    last = np.clip(at + half + 0.5, first + 1, n)

    def until(t: np.ndarray) -> np.ndarray:
        whole = np.minimum(t.astype(int), n - 1)
        total: np.ndarray = sums[:, whole] + (t - whole) * (sums[:, whole + 1] - sums[:, whole])
        return total

    found: np.ndarray = (until(last) - until(first)) / (last - first)
    return found
