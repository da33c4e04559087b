"""Block switching and quantised MDCT coefficients <-> bytes, as `stft_symbols.py` does it for complex ones.

First the split exponent of each frame; then, pass by pass, zero or not and the magnitude class of each
non-zero value; at the end extra bits and signs.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.body import COARSEST
from dpcodec.coding.coders import new_decoder, new_encoder
from dpcodec.coding.compiled_coder import CompiledCoder
from dpcodec.coding.entropy import AdaptiveTable, Coder
from dpcodec.coding.magnitude_classes import FLOORS, code_extras, magnitude_class_of
from dpcodec.coding.mdct_contexts import ChannelContext, MdctContexts
from dpcodec.coding.tables import GAIN
from dpcodec.errors import FormatError

BLOCK_SPLITS = 8
"""Alphabet of split exponents, 0 .. 7."""
_LIKELY, _UNLIKELY = 192, 16
"""Counts at the start: of the exponents of the neighbours, of all others."""


def encode_mdct_symbols(q: np.ndarray, block_splits: np.ndarray, channel: ChannelContext) -> bytes:
    """Code int32 [K, L] and the block switching, int [L]."""
    encoder = new_encoder()
    code_block_splits(encoder, len(block_splits), block_splits)
    walk_mdct(encoder, MdctContexts(channel, block_splits), q)
    return encoder.finish()


def decode_mdct_symbols(data: bytes, frames: int, channel: ChannelContext) -> tuple[np.ndarray, np.ndarray]:
    """The inverse: int32 [K, L], zero where nothing was written, and block switching int64 [L]. Raises
    `FormatError`."""
    decoder = new_decoder(data)
    block_splits = code_block_splits(decoder, frames, None)
    q = walk_mdct(decoder, MdctContexts(channel, block_splits), None)
    decoder.finish()
    return q, block_splits


def code_block_splits(coder: Coder, frames: int, truth: np.ndarray | None) -> np.ndarray:
    """Code the exponents of `frames` frames by bisection, each in the context of the ones coded on either
    side (of the one there is, where the other is missing; of 0 where both are): int64 [frames]."""
    likely = np.eye(BLOCK_SPLITS, dtype=bool)
    either = (likely[:, None] | likely[None]).reshape(BLOCK_SPLITS * BLOCK_SPLITS, BLOCK_SPLITS)
    table = AdaptiveTable(np.where(either, _LIKELY, _UNLIKELY), GAIN)
    block_splits = np.zeros(frames, np.int64)
    distance = COARSEST
    block_splits[::distance] = coder.code(
        table, np.zeros(len(block_splits[::distance]), int), _every(truth, 0, distance)
    )
    while distance > 1:
        places = np.arange(distance // 2, frames, distance)
        left = block_splits[places - distance // 2]
        after = places + distance // 2
        right = np.where(after < frames, block_splits[np.minimum(after, frames - 1)], left)
        block_splits[places] = coder.code(
            table, left * BLOCK_SPLITS + right, _every(truth, distance // 2, distance)
        )
        distance //= 2
    return block_splits


def walk_mdct(coder: Coder, contexts: MdctContexts, truth: np.ndarray | None) -> np.ndarray:
    """Code all passes with a coder for one side: int32 [K, L].

    truth int32 [K, L], what to write, None when reading.
    """
    if isinstance(coder, CompiledCoder):
        return coder.mdct_walk(contexts, truth)
    coded = contexts.coded
    nonzero_table, magnitude_table = contexts.tables
    index = np.arange(coded.size).reshape(coded.shape)
    true_classes = None if truth is None else magnitude_class_of(np.abs(truth)).ravel()
    cells: list[np.ndarray] = []
    classes: list[np.ndarray] = []
    for step in contexts.passes:
        here = coded[step.cells]
        where = index[step.cells][here]
        magnitude_context, zero_context = (context[here] for context in contexts.of(step))
        known = None if true_classes is None else true_classes[where]
        found = coder.code(nonzero_table, zero_context, None if known is None else known != 0).astype(
            np.int32
        )
        nonzero = np.flatnonzero(found)
        wanted = None if known is None else known[nonzero] - 1
        found[nonzero] = coder.code(magnitude_table, magnitude_context[nonzero], wanted) + 1
        contexts.reveal(step, FLOORS[found])
        cells.append(where[nonzero])
        classes.append(found[nonzero])
    places = np.concatenate(cells)
    q = np.zeros(coded.size, np.int32)
    q[places] = code_extras(coder, np.concatenate(classes), None if truth is None else truth.ravel()[places])
    return q.reshape(coded.shape)


def _every(truth: np.ndarray | None, first: int, distance: int) -> np.ndarray | None:
    return None if truth is None else truth[first::distance]


def check_block_splits(block_splits: np.ndarray, most: int) -> None:
    """Raise `FormatError` where a frame is cut into more than 2**most blocks."""
    if block_splits.max(initial=0) > most:
        raise FormatError(f"coded part: a frame split more than 2**{most} times")
