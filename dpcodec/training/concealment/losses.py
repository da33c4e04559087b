"""Which cells of a file's grid are lost, drawn at random in the ways in which packets hold them."""

from __future__ import annotations

import numpy as np

SEGMENTS = (2, 4, 5, 11, 22, 43, 43)
"""Frames of a segment."""
HALVES, WHOLE = 0.6, 0.85
"""Shares, added up, of draws in which a packet holds every second frame of a segment, and all of it; in the
rest it holds every second or fourth bin."""
LOST = (0.08, 0.35)
"""Chance of a packet to be lost."""


def drawn(rng: np.random.Generator, bins: int, frames: int) -> np.ndarray:
    """Lost cells, bool [K, L]: some at least, not all."""
    way, F = rng.random(), int(rng.choice(SEGMENTS))
    chance = float(np.exp(rng.uniform(*np.log(LOST))))
    parts = 1 if HALVES < way <= WHOLE else int(rng.choice((2, 2, 4)))
    packets = rng.random((-(-frames // F), parts)) < chance
    packets.flat[rng.integers(packets.size)] = True
    if packets.all():
        packets.flat[rng.integers(packets.size)] = False
    frame, row = np.arange(frames), np.arange(bins)[:, None]
    part = frame % F % parts if way <= WHOLE else row % parts
    lost: np.ndarray = packets[frame // F, part] & np.ones((bins, 1), bool)
    return lost
