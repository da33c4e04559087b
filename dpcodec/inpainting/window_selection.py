"""Which of several windows suits each place in time and frequency: a long one for a steady tone, a short one
for an attack.

A window suits a place where the logarithms of its coefficients' powers are small: few of them are the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array

from dpcodec.inpainting.arrays import like
from dpcodec.transform.operator import Operator
from dpcodec.transform.stft import Stft

Array = Any

PLACE_BINS, PLACE_WIDTH = 8, 12
"""Distance between two places and half-width around one, in bins; half and 0.6 windows in time."""


def shares(
    transforms: Sequence[Operator | Stft],
    costs: Sequence[Array],
    n_fft: int,
    samples: int,
    choice: Array | float,
) -> list[Array]:
    """What each window's coefficients count, float32 [..., K_j, L_j], stored frame by frame; over all windows
    they sum to 1 at a place.

    A softmax of the mean cost around each place.

    costs   logarithms, real [..., K_j, L_j]
    n_fft   window that bins and times of the places are counted in
    choice  difference of mean costs that takes a share from one window to another; one, or [..., 1, 1]
    """
    xp = array_namespace(costs[0])
    times = np.arange(0, samples + n_fft // 2, n_fft // 2)
    bins = np.arange(0, n_fft // 2 + 1 + PLACE_BINS, PLACE_BINS)
    around = []
    for transform, cost in zip(transforms, costs, strict=True):
        scale = transform.n_fft / n_fft
        near = means(xp.matrix_transpose(cost), bins * scale, PLACE_WIDTH * scale)  # first: leaves the least
        near = means(xp.matrix_transpose(near), times / transform.hop, 0.6 * n_fft / transform.hop)
        around.append(xp.matrix_transpose(near))
    together = xp.stack(around)
    odds = xp.exp((xp.min(together, axis=0) - together) / choice)
    placed = xp.astype(odds / xp.sum(odds, axis=0), xp.float32)
    out = []
    for transform, share, cost in zip(transforms, placed, costs, strict=True):
        row = np.rint(np.arange(transform.bins) * (n_fft / transform.n_fft / PLACE_BINS)).astype(int)
        # a long window's last frame may lie beyond the last place
        column = np.rint(np.arange(cost.shape[-1]) * (transform.hop / (n_fft // 2))).astype(int)
        row, column = np.minimum(row, len(bins) - 1), np.minimum(column, len(times) - 1)
        out.append(xp.matrix_transpose(_taken(_taken(share, column, -2), row, -1)))
    return out


def means(values: Array, at: np.ndarray, half: float) -> Array:
    """Mean over at - half .. at + half of values that hold for half a place on either side: [..., n] ->
    [..., m].

    At least a place wide; what lies beyond the ends does not count.
    """
    xp, here = array_namespace(values), is_numpy_array(values)
    n, half = values.shape[-1], max(half, 0.5)
    sums = xp.cumulative_sum(values, axis=-1, dtype=xp.float64 if here else xp.float32, include_initial=True)
    first = np.clip(at - half + 0.5, 0, n - 1)
    last = np.clip(at + half + 0.5, first + 1, n)

    def beside(a: np.ndarray) -> Array:
        return a if here else like(a, values)

    def until(t: np.ndarray) -> Array:
        whole = np.minimum(t.astype(int), n - 1)
        total = _taken(sums, whole, -1)
        return total + beside(t - whole) * (_taken(sums, whole + 1, -1) - total)

    return (until(last) - until(first)) / beside(last - first)


def _taken(values: Array, places: np.ndarray, axis: int) -> Array:
    xp = array_namespace(values)
    return xp.take(values, xp.asarray(places, device=device(values)), axis=axis)
