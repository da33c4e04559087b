"""Whether two methods differ, by the clips on which both were measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EXACT = 16
"""Up to so many clips every way to flip signs is counted; of more `DRAWS` ways are drawn, from one seed."""
DRAWS = 20_000
ROUNDING = 1e-9
"""Relative difference of two means that is rounding."""


def sign_flip_p(differences: Sequence[float] | np.ndarray) -> float | None:
    """Two-sided p of the paired permutation test on the mean of differences, [clips]; None for fewer than 2.

    If two methods are alike on every clip, each difference might as well have the other sign: p is the share
    of all ways to flip signs whose mean is as far from zero as the one seen, that one included (R. A. Fisher,
    The Design of Experiments, 1935, section 21). Of n clips it is no less than 2^(1 - n).

    >>> sign_flip_p([1.0, 2.0, 3.0]), sign_flip_p([1.0, -1.0])
    (0.25, 1.0)
    """
    d = np.asarray(differences, np.float64)
    if d.size < 2:
        return None
    if d.size <= EXACT:
        bits = np.arange(2**d.size)[:, None] >> np.arange(d.size) & 1
        seen = 0
    else:
        bits = np.random.default_rng(0).integers(0, 2, (DRAWS, d.size), np.int8)
        seen = 1
    sums = np.abs((1 - 2 * bits) @ d)
    as_far = int(np.count_nonzero(sums >= abs(d.sum()) - ROUNDING * np.abs(d).sum()))
    return (as_far + seen) / (len(bits) + seen)


def holm(p: Sequence[float]) -> list[float]:
    """The p values corrected for their number (S. Holm, Scand. J. Statist. 6 (1979), p. 65): those below a
    level are jointly significant at it.

    >>> [round(q, 12) for q in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p)
    least = 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        least = max(least, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = least
    return corrected
