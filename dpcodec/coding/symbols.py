"""A grid of quantised coefficients <-> bytes: passes, contexts and tables put together.

Each cell is first told to be zero or not; then |re| and |im| of the non-zero ones as levels, |im| knowing
|re|. When all passes are over come the extra bits of large levels and the signs. Writing and reading are one
walk over the same passes, so they cannot disagree.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.contexts import ACTIVITIES, BESIDES, Neighbourhood, Pass, passes
from dpcodec.coding.entropy import AdaptiveTable, Coder, Decoder, Encoder
from dpcodec.coding.levels import FLOORS, code_extras, levels_of
from dpcodec.coding.tables import GAIN, RE_CLASSES, initial_im, initial_re, initial_zeros
from dpcodec.errors import FormatError


def encode_symbols(q: np.ndarray, coded: np.ndarray | None) -> bytes:
    """Code int32 [K, L, 2]; cells outside `coded` (bool [K, L], None: all) are not written."""
    encoder = Encoder()
    walk(encoder, q.shape[:2], coded, q)
    return encoder.finish()


def decode_symbols(data: bytes, shape: tuple[int, int], coded: np.ndarray | None) -> np.ndarray:
    """The inverse: int32 [K, L, 2], zero outside `coded`. Raises `FormatError`."""
    decoder = Decoder(data)
    q = walk(decoder, shape, coded, None)
    decoder.finish()
    return q


def walk(
    coder: Coder, shape: tuple[int, ...], coded: np.ndarray | None, truth: np.ndarray | None
) -> np.ndarray:
    """Code all passes with a coder for one side, which may also just count: int32 [K, L, 2].

    shape (K, L); coded as above; truth int32 [K, L, 2], what to write, None when reading.
    """
    around = Neighbourhood(shape[0], shape[1])
    coded = np.ones(shape, bool) if coded is None else coded
    zeros, real, imag = _tables()
    cells: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    true_levels = None if truth is None else levels_of(np.abs(truth)).reshape(-1, 2)
    for step in passes():
        here = coded[step.index]
        where = index[step.index][here]
        activity, beside = (context[here] for context in around.context(step))
        known = None if true_levels is None else true_levels[where]
        found = np.zeros((len(where), 2), np.int32)
        nonzero = np.flatnonzero(_code_zeros(coder, zeros, step, activity * BESIDES + beside, known))
        found[nonzero] = _code_levels(
            coder, real, imag, activity[nonzero], None if known is None else known[nonzero]
        )
        around.reveal(step, here, FLOORS[found[:, 0]] + FLOORS[found[:, 1]])
        cells.append(where[nonzero])
        levels.append(found[nonzero])
    places = np.concatenate(cells)
    wanted = None if truth is None else truth.reshape(-1, 2)[places].ravel()
    q = np.zeros((shape[0] * shape[1], 2), np.int32)
    q[places] = code_extras(coder, np.concatenate(levels).ravel(), wanted).reshape(-1, 2)
    return q.reshape(*shape, 2)


def _tables() -> tuple[AdaptiveTable, AdaptiveTable, AdaptiveTable]:
    """Where a part starts: tables of zero or not, |re|, |im|."""
    zeros, re, im = (AdaptiveTable(initial(), GAIN) for initial in (initial_zeros, initial_re, initial_im))
    return zeros, re, im


def _code_zeros(
    coder: Coder, table: AdaptiveTable, step: Pass, around: np.ndarray, truth: np.ndarray | None
) -> np.ndarray:
    """Which cells of a pass are not zero, int32 [n]."""
    context = step.stage * ACTIVITIES * BESIDES + around
    return coder.code(table, context, None if truth is None else (truth[:, 0] | truth[:, 1]) != 0)


def _code_levels(
    coder: Coder, real: AdaptiveTable, imag: AdaptiveTable, activity: np.ndarray, truth: np.ndarray | None
) -> np.ndarray:
    """Levels of |re| and |im| of the non-zero cells, int32 [n, 2]."""
    re = coder.code(real, activity, None if truth is None else truth[:, 0])
    context = activity * RE_CLASSES + np.minimum(re, RE_CLASSES - 1)
    im = coder.code(imag, context, None if truth is None else truth[:, 1])
    if not np.all(re | im):
        raise FormatError("coded part: a cell told to be non-zero is zero")
    return np.stack([re, im], 1)
