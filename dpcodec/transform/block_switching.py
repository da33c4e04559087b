"""The encoder's block switching: the block sizes whose coefficients cost the fewest bits, by dynamic
programming.

A coefficient c is taken to cost log2(1 + |c| / step) bits. Every split is tried on all frames alike, so the
shape of a slope between frames of different block_splits does not enter; a fixed price for each doubling
between neighbours keeps the choice from flickering. Tones come out long, attacks short. The decoder reads the
choice; floats may decide here.
"""

from __future__ import annotations

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Span

MULTIPLIED = 8
_LARGEST_RATIO = 2.0**100
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
    steps = np.ascontiguousarray(steps.swapaxes(1, 2))  # as the transform's numbers lie
    for split in range(mdct.max_block_split + 1):
        X = mdct.forward(x, np.full(span.frames, split), span, (split, split)).swapaxes(1, 2)
        costs[:, split] = _bits_of(X, steps, None if finer is None else np.exp2(finer[:, split] / 2))
    if paired:
        for c in range(1, len(x), 2):
            costs[c - 1] = costs[c] = costs[c - 1] + costs[c]
    if first is not None:
        settled = np.arange(mdct.max_block_split + 1) == first[:, None]
        costs[:, :, 0] = np.where(settled, 0.0, np.inf)
    return _cheapest(costs)


def _bits_of(X: np.ndarray, steps: np.ndarray, finer: np.ndarray | None) -> np.ndarray:
    """Bits of frames of coefficients [C, L, K] under steps that broadcast to them, each frame's times `finer`
    [C, L]: float64 [C, L]."""
    if library() is None or steps.shape != X.shape:
        own = steps if finer is None else steps * finer[:, :, None]
        return bits_of(np.abs(X) / own)
    lines = X.shape[0] * X.shape[1]
    return bits_of_lines(X.reshape(1, lines, -1), steps.reshape(1, lines, -1), gains=finer).reshape(
        X.shape[:2]
    )


def bits_of_lines(
    X: np.ndarray, steps: np.ndarray, of: np.ndarray | None = None, gains: np.ndarray | None = None
) -> np.ndarray:
    """What `bits_of` gives of the ratios of X to steps, over the parts p and numbers n of X [p, lines, n]:
    float64 [lines].

    steps  [p, m, n]
    of     int64 [lines], the line of `steps` that each has; None: the same
    gains  [lines], what they are multiplied by; None: 1
    """
    parts, lines, width = X.shape
    compiled = library()
    if compiled is None:
        own = steps if of is None else steps[:, of]
        own = own if gains is None else own * gains.reshape(-1, 1)
        return bits_of((np.abs(X) / own).swapaxes(0, 1).reshape(lines, -1))
    groups = -(-parts * width // MULTIPLIED)
    spare, products = np.empty(parts * width), np.empty((lines, groups))
    X, steps = np.ascontiguousarray(X), np.ascontiguousarray(steps)
    gains = None if gains is None else np.ascontiguousarray(gains)
    shape = lines, parts, width, steps.shape[1]
    chosen = (None if array is None else address(array) for array in (of, gains))
    rest = groups, _LARGEST_RATIO, address(spare), address(products)
    compiled.dpc_bit_products(address(X), address(steps), *shape, *chosen, *rest)
    bits: np.ndarray = np.log2(products).sum(axis=-1)
    return bits


def bits_of(ratios: np.ndarray) -> np.ndarray:
    """Sum of log2(1 + r) over the last axis of [..., n]: float64 [...].

    A logarithm of a product takes the place of MULTIPLIED ones; ratios count up to 2**100.
    """
    factors = np.minimum(ratios, _LARGEST_RATIO) + 1
    groups = -(-factors.shape[-1] // MULTIPLIED)
    product = factors[..., :groups]
    for first in range(groups, factors.shape[-1], groups):
        more = factors[..., first : first + groups]
        product[..., : more.shape[-1]] *= more
    bits: np.ndarray = np.log2(product).sum(axis=-1)
    return bits


def _cheapest(costs: np.ndarray) -> np.ndarray:
    """The cheapest paths through costs [C, block_splits, L], a change of split priced: int64 [C, L]."""
    C, splits, L = costs.shape
    if compiled := library():
        costs, came_from = np.ascontiguousarray(costs), np.zeros((L, splits), np.int64)
        path = np.empty((C, L), np.int64)
        compiled.dpc_cheapest(address(costs), C, splits, L, CHANGE_BITS, address(came_from), address(path))
        return path
    block_splits = np.arange(splits)
    price = CHANGE_BITS * np.abs(block_splits[:, None] - block_splits)
    total = costs[:, :, 0]
    came_from = np.zeros((L, C, splits), np.int64)
    for frame in range(1, L):
        ways = total[:, None] + price
        came_from[frame] = ways.argmin(axis=2)
        total = ways.min(axis=2) + costs[:, :, frame]
    path = np.empty((C, L), np.int64)
    channels, here = np.arange(C), total.argmin(axis=1)
    for frame in range(L - 1, -1, -1):
        path[:, frame] = here
        here = came_from[frame, channels, here]
    return path
