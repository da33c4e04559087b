"""A grid of quantised coefficients <-> bytes: passes, contexts and tables put together.

Each cell is first told to be zero or not; then |re| and |im| of the non-zero ones as classes, |im| knowing
|re|. When all passes are over come the extra bits of large classes and the signs. Writing and reading are one
walk over the same passes, so they cannot disagree.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from dpcodec.coding.coders import new_decoder, new_encoder
from dpcodec.coding.entropy import AdaptiveTable, Coder
from dpcodec.coding.magnitude_classes import FLOORS, code_extras, magnitude_class_of
from dpcodec.coding.stft_contexts import ACTIVITIES, BESIDES, Neighbourhood, Pass, passes
from dpcodec.coding.tables import GAIN, TOTAL, table
from dpcodec.errors import FormatError

REAL_CLASSES = 4
"""Classes of |re| that |im| knows: 0, 1, 2, larger."""


def encode_symbols(q: np.ndarray, coded: np.ndarray | None) -> bytes:
    """Code int32 [K, L, 2]; cells outside `coded` (bool [K, L], None: all) are not written."""
    encoder = new_encoder()
    walk(encoder, q.shape[:2], coded, q)
    return encoder.finish()


def decode_symbols(data: bytes, shape: tuple[int, int], coded: np.ndarray | None) -> np.ndarray:
    """The inverse: int32 [K, L, 2], zero outside `coded`. Raises `FormatError`."""
    decoder = new_decoder(data)
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
    classes: list[np.ndarray] = []
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    true_classes = None if truth is None else magnitude_class_of(np.abs(truth)).reshape(-1, 2)
    for step in passes():
        here = coded[step.cells]
        where = index[step.cells][here]
        activity, beside = (context[here] for context in around.context(step))
        known = None if true_classes is None else true_classes[where]
        found = np.zeros((len(where), 2), np.int32)
        nonzero = np.flatnonzero(_code_zeros(coder, zeros, step, activity * BESIDES + beside, known))
        found[nonzero] = _code_magnitudes(
            coder, real, imag, activity[nonzero], None if known is None else known[nonzero]
        )
        around.reveal(step, here, FLOORS[found[:, 0]] + FLOORS[found[:, 1]])
        cells.append(where[nonzero])
        classes.append(found[nonzero])
    places = np.concatenate(cells)
    wanted = None if truth is None else truth.reshape(-1, 2)[places].ravel()
    q = np.zeros((shape[0] * shape[1], 2), np.int32)
    q[places] = code_extras(coder, np.concatenate(classes).ravel(), wanted).reshape(-1, 2)
    return q.reshape(*shape, 2)


def _tables() -> tuple[AdaptiveTable, ...]:
    """Where a part starts: tables of zero or not, |re|, |im|."""
    return tuple(AdaptiveTable(initial, GAIN) for initial in _initial())


@cache
def _initial() -> tuple[np.ndarray, ...]:
    counts = {name: np.array(numbers) for name, numbers in table("stft").items()}
    zeros = np.stack([TOTAL - counts["zeros"], counts["zeros"]], 1)
    return zeros, counts["real"], counts["imag"]


def _code_zeros(
    coder: Coder, table: AdaptiveTable, step: Pass, around: np.ndarray, truth: np.ndarray | None
) -> np.ndarray:
    """Which cells of a pass are not zero, int32 [n]."""
    context = step.stage * ACTIVITIES * BESIDES + around
    return coder.code(table, context, None if truth is None else (truth[:, 0] | truth[:, 1]) != 0)


def _code_magnitudes(
    coder: Coder, real: AdaptiveTable, imag: AdaptiveTable, activity: np.ndarray, truth: np.ndarray | None
) -> np.ndarray:
    """Levels of |re| and |im| of the non-zero cells, int32 [n, 2]."""
    re = coder.code(real, activity, None if truth is None else truth[:, 0])
    context = activity * REAL_CLASSES + np.minimum(re, REAL_CLASSES - 1)
    im = coder.code(imag, context, None if truth is None else truth[:, 1])
    if not np.all(re | im):
        raise FormatError("coded part: a cell told to be non-zero is zero")
    return np.stack([re, im], 1)
