"""Splits and quantised real coefficients <-> bytes, as `symbols.py` does it for complex ones.

First the split exponent of each frame; then, pass by pass, zero or not and the level of each non-zero value;
at the end extra bits and signs.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.contexts import COARSEST
from dpcodec.coding.entropy import AdaptiveTable, Coder, Decoder, Encoder
from dpcodec.coding.levels import FLOORS, code_extras, levels_of
from dpcodec.coding.real_contexts import Place, RealContexts
from dpcodec.coding.real_passes import real_passes
from dpcodec.coding.tables import GAIN

SPLITS = 8
"""Alphabet of split exponents, 0 .. 7."""
_LIKELY, _UNLIKELY = 192, 16
"""Counts at the start: of the splits of the neighbours, of all others."""


def encode_real(q: np.ndarray, splits: np.ndarray, place: Place) -> bytes:
    """Code int32 [K, L] and the splits, int [L]."""
    encoder = Encoder()
    code_splits(encoder, len(splits), splits)
    walk_real(encoder, RealContexts(place, splits), q)
    return encoder.finish()


def decode_real(data: bytes, frames: int, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """The inverse: int32 [K, L], zero where nothing was written, and splits int64 [L]. Raises
    `FormatError`."""
    decoder = Decoder(data)
    splits = code_splits(decoder, frames, None)
    q = walk_real(decoder, RealContexts(place, splits), None)
    decoder.finish()
    return q, splits


def code_splits(coder: Coder, frames: int, truth: np.ndarray | None) -> np.ndarray:
    """Code the splits of `frames` frames by bisection, each in the context of the ones coded on either side
    (of the one there is, where the other is missing; of 0 where both are): int64 [frames]."""
    likely = np.eye(SPLITS, dtype=bool)
    either = (likely[:, None] | likely[None]).reshape(SPLITS * SPLITS, SPLITS)
    table = AdaptiveTable(np.where(either, _LIKELY, _UNLIKELY), GAIN)
    splits = np.zeros(frames, np.int64)
    distance = COARSEST
    splits[::distance] = coder.code(table, np.zeros(len(splits[::distance]), int), _every(truth, 0, distance))
    while distance > 1:
        places = np.arange(distance // 2, frames, distance)
        left = splits[places - distance // 2]
        after = places + distance // 2
        right = np.where(after < frames, splits[np.minimum(after, frames - 1)], left)
        splits[places] = coder.code(table, left * SPLITS + right, _every(truth, distance // 2, distance))
        distance //= 2
    return splits


def walk_real(coder: Coder, contexts: RealContexts, truth: np.ndarray | None) -> np.ndarray:
    """Code all passes with a coder for one side: int32 [K, L].

    truth int32 [K, L], what to write, None when reading.
    """
    coded = contexts.coded
    nonzero_table, level_table = contexts.tables
    index = np.arange(coded.size).reshape(coded.shape)
    true_levels = None if truth is None else levels_of(np.abs(truth)).ravel()
    cells: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    for step in real_passes():
        here = coded[step.index]
        where = index[step.index][here]
        level_context, zero_context = (context[here] for context in contexts.of(step))
        known = None if true_levels is None else true_levels[where]
        found = coder.code(nonzero_table, zero_context, None if known is None else known != 0).astype(
            np.int32
        )
        nonzero = np.flatnonzero(found)
        wanted = None if known is None else known[nonzero] - 1
        found[nonzero] = coder.code(level_table, level_context[nonzero], wanted) + 1
        contexts.reveal(step, FLOORS[found])
        cells.append(where[nonzero])
        levels.append(found[nonzero])
    places = np.concatenate(cells)
    q = np.zeros(coded.size, np.int32)
    q[places] = code_extras(coder, np.concatenate(levels), None if truth is None else truth.ravel()[places])
    return q.reshape(coded.shape)


def _every(truth: np.ndarray | None, first: int, distance: int) -> np.ndarray | None:
    return None if truth is None else truth[first::distance]
