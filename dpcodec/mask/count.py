"""How many coefficients a share is."""

from __future__ import annotations


def dropped_count(drop_q32: int, cells: int) -> int:
    """How many of `cells` cells go: (drop_q32 * cells + 2^31) >> 32, drop_q32 being the share in units of
    2^-32.

    >>> dropped_count(2**31, 5), dropped_count(0, 5), dropped_count(2**32 - 1, 5)
    (3, 0, 5)
    """
    return (drop_q32 * cells + (1 << 31)) >> 32
