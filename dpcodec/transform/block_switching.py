"""The encoder's block switching: the block sizes whose coefficients cost the fewest bits, by dynamic
programming.

A coefficient c is taken to cost log2(1 + |c| / step) bits. Every split is tried on all frames alike, so the
shape of a slope between frames of different block_splits does not enter; a fixed price for each doubling
between neighbours keeps the choice from flickering. Tones come out long, attacks short. The decoder reads the
choice; floats may decide here.
"""

from __future__ import annotations

import numpy as np

from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Span

CHANGE_BITS = 8.0
"""Price of each doubling of the number of blocks, or halving, from one frame to the next."""


def choose_block_splits(
    mdct: Mdct,
    x: np.ndarray,
    span: Span,
    steps: np.ndarray,
    first: np.ndarray | None = None,
    paired: bool = False,
    finer: np.ndarray | None = None,
) -> np.ndarray:
    """Split exponents of a run of frames, int64 [C, L].

    x       real [C, N], which lies under the frames as `span` says
    steps   of the quantiser, [C, 1 or K, 1 or L]
    first   int [C], block_splits of the first frame where they are settled
    paired  channels 2 i and 2 i + 1 get the same
    finer   log2 of what the step's square is multiplied by with each split, [C, block_splits, L]
    """
    costs = np.empty((len(x), mdct.max_block_split + 1, span.frames))
    for split in range(mdct.max_block_split + 1):
        X = mdct.forward(x, np.full(span.frames, split), span, (split, split))
        own = steps if finer is None else steps * np.exp2(finer[:, split, None] / 2)
        costs[:, split] = np.log2(1 + np.abs(X) / own).sum(axis=1)
    if paired:
        for c in range(1, len(x), 2):
            costs[c - 1] = costs[c] = costs[c - 1] + costs[c]
    if first is not None:
        settled = np.arange(mdct.max_block_split + 1) == first[:, None]
        costs[:, :, 0] = np.where(settled, 0.0, np.inf)
    return np.stack([_cheapest(channel) for channel in costs])


def _cheapest(costs: np.ndarray) -> np.ndarray:
    """The cheapest path through costs [block_splits, L], a change of split priced: int64 [L]."""
    block_splits = np.arange(len(costs))
    price = CHANGE_BITS * np.abs(block_splits[:, None] - block_splits)
    total = costs[:, 0]
    came_from = np.zeros(costs.shape, np.int64)
    for frame in range(1, costs.shape[1]):
        ways = total + price
        came_from[:, frame] = ways.argmin(axis=1)
        total = ways.min(axis=1) + costs[:, frame]
    path = np.empty(costs.shape[1], np.int64)
    here = int(total.argmin())
    for frame in range(costs.shape[1] - 1, -1, -1):
        path[frame] = here
        here = came_from[here, frame]
    return path
