"""What a file with parity would survive, told from its groups."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dpcodec.container.parity import FLAG_METADATA, PERCENT_UNITS, Group

SURE = 0.99
"""The share of cases in which a file comes back whole from random losses."""
_STEPS = 30


@dataclass(frozen=True)
class Survival:
    """What the audio comes back whole from.

    parity_percent  what was asked for, percent of packets
    random_percent  the share of packets, each lost by itself, where 99 of 100 files come back; rounded down
    row_packets     so many packets in a row
    """

    parity_percent: float
    random_percent: float
    row_packets: int


def survival_of(groups: Iterable[Group]) -> Survival | None:
    """From the groups of a file; None where there is no parity of audio. A start that is in another block too
    does not count."""
    counted = [group for group in groups if not group.flags & FLAG_METADATA]
    if any(group.start for group in counted):
        counted = [group for group in counted if group.block]
    if not counted:
        return None
    sizes = Counter((group.members + group.parities, group.parities) for group in counted)
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        share = (low + high) / 2
        sure = math.prod(_survives(share, *size) ** count for size, count in sizes.items()) >= SURE
        low, high = (share, high) if sure else (low, share)
    row = min(group.groups * (group.parities - 1) + 1 for group in counted)
    return Survival(counted[0].percent / PERCENT_UNITS, math.floor(1000 * low) / 10, row)


def _survives(share: float, packets: int, parities: int) -> float:
    """The probability that a group loses no more packets than it has parities."""
    return sum(
        math.comb(packets, lost) * share**lost * (1 - share) ** (packets - lost)
        for lost in range(parities + 1)
    )
