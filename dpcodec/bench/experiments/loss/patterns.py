"""What a channel does to packets: some are lost at random, or in one burst, or hit by flipped bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Choose = Callable[[Sequence[int]], frozenset[int]]
"""From the packets' lengths in bytes to the indices of those that are hit."""
GOLDEN_RATIO = (1 + 5**0.5) / 2
AMONG_BYTES = 100_000
RANDOM, BURST, BYTES = "any packets", "one burst", "flipped bytes"


def losing(share: float, draw: int) -> Choose:
    """A share of the packets, 0..1, at random but the same for one draw: what 5 % loses 10 % loses too."""

    def choose(lengths: Sequence[int]) -> frozenset[int]:
        order = np.random.Generator(np.random.Philox(draw)).permutation(len(lengths))
        return frozenset(order[: _count(share, draw, len(lengths))].tolist())

    return choose


def losing_each(share: float, draw: int) -> Choose:
    """Each packet by itself, with this probability: some draws lose more than the share, some less."""

    def choose(lengths: Sequence[int]) -> frozenset[int]:
        chances = np.random.Generator(np.random.Philox(draw)).random(len(lengths))
        return frozenset(np.flatnonzero(chances < share).tolist())

    return choose


def burst(share: float, draw: int) -> Choose:
    """A share of the packets, 0..1, in one piece, which lies anywhere."""

    def choose(lengths: Sequence[int]) -> frozenset[int]:
        count = _count(share, draw, len(lengths))
        first = int(np.random.Generator(np.random.Philox(draw)).integers(len(lengths) - count + 1))
        return frozenset(range(first, first + count))

    return choose


def flipping(among: float, draw: int) -> Choose:
    """The packets that are hit where so many of `AMONG_BYTES` bytes are others, anywhere in them."""

    def choose(lengths: Sequence[int]) -> frozenset[int]:
        ends, total = np.cumsum(lengths), sum(lengths)
        count = _count(among / AMONG_BYTES, draw, total)
        places = np.random.Generator(np.random.Philox(draw)).integers(max(total, 1), size=count)
        return frozenset(np.searchsorted(ends, places, side="right").tolist())

    return choose


def pattern(name: str, amount: float, draw: int) -> Choose:
    """By name; `amount` is percent of the packets, or flipped bytes among `AMONG_BYTES`."""
    if name == BYTES:
        return flipping(amount, draw)
    return (burst if name == BURST else losing)(amount / 100, draw)


def _count(share: float, draw: int, things: int) -> int:
    """How many of them are the share.

    Where it is no whole number some draws round it up and others down, in turns that make their mean the
    share (multiples of the golden ratio, modulo 1, are spread evenly).
    """
    return int(share * things + (0.5 + GOLDEN_RATIO * draw) % 1)
