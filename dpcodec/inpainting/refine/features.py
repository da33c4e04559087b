"""What the gate sees of each coefficient.

Everything is in steps of the coefficient's quantiser and does not change with the sign of the whole: what
moves a value outwards is positive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.inpainting.refine.boxes import ChannelBoxes
from dpcodec.inpainting.refine.wiener import LONGER

MOVES = len(LONGER) + 1
"""What the gate mixes: the moves so far, and those of each window."""
FEATURES = 3 * MOVES + 18
STIRRED = 0.03
"""A coefficient that is zero is left alone where no move reaches so many steps."""
ROWS_NEARBY = 8
"""It is left alone, too, where its frame has no value within so many rows: a long window still hears what has
stopped."""


class Seen(NamedTuple):
    """Of the n coefficients that may move.

    at        int64 [n], places in the flattened [L, K]
    sign      float32 [n], of outwards
    moves     float32 [MOVES, n], in steps, outwards positive
    features  float32 [FEATURES, n]
    """

    at: np.ndarray
    sign: np.ndarray
    moves: np.ndarray
    features: np.ndarray


def seen(boxes: ChannelBoxes, estimate: np.ndarray, filtered: list[np.ndarray]) -> Seen:
    """From an estimate and what the windows make of it, [L, K] each."""
    over = np.divide(1, boxes.step, out=np.zeros_like(boxes.step), where=boxes.step > 0)
    moves = [(to - boxes.value) * over for to in (estimate, *filtered)]
    sign = np.where(boxes.symbol > 0, np.sign(boxes.value), np.sign(sum(moves)))
    size = np.max([np.abs(move) for move in moves], axis=0)
    coded = boxes.symbol > 0
    stirred = (size > STIRRED) & (near(coded.astype(np.float32), 0, ROWS_NEARBY) > 0)
    at = np.flatnonzero((boxes.step > 0) & ~boxes.attack & (coded | stirred))

    def taken(values: np.ndarray) -> np.ndarray:
        found: np.ndarray = values.reshape(-1).take(at)
        return found

    around = _around(boxes, moves)
    outwards = np.stack([taken(sign) * taken(move) for move in moves])
    features = [
        *(np.sign(m) * np.log1p(8 * np.abs(m)) for m in outwards),
        np.log(taken(size) + np.float32(1e-3)),
        np.log(outwards[1:].std(axis=0) + np.float32(1e-3)),
        *(taken(plane) if least is None else _log(taken(plane), least) for plane, least in around),
        *_places(boxes, at),
    ]
    return Seen(at, taken(sign), outwards, np.stack(features, dtype=np.float32, casting="same_kind"))


def _around(boxes: ChannelBoxes, moves: list[np.ndarray]) -> list[tuple[np.ndarray, float | None]]:
    """How loud it is nearby, of the estimates and of the file's own values, and how far they are apart: what
    is added before the logarithm is taken, None where none is."""
    value = boxes.in_steps
    squares = [near((value + move) ** 2, 0, 1) for move in moves]
    own = value**2
    size = np.pad(np.log1p(np.abs(value)), 1)
    return [
        *((near(s, 1, 0), 1e-3) for s in squares),
        *((s, 1e-3) for s in squares[2:4]),
        *((near(move**2, 1, 2), 1e-4) for move in moves[1:]),
        (near(own, 0, 2), 1e-2),
        (near(own, 2, 0), 1e-2),
        (near(own, 4, 3), 1e-2),
        (size[:-2, 1:-1], None),
        (size[2:, 1:-1], None),
        (size[1:-1, :-2], None),
        (size[1:-1, 2:], None),
        (near(boxes.noise, 1, 1), None),
    ]


def _places(boxes: ChannelBoxes, at: np.ndarray) -> list[np.ndarray]:
    """What is known of a coefficient by itself."""
    _, K = boxes.step.shape
    frame, row = np.divmod(at, K)
    symbol, step = boxes.symbol.reshape(-1).take(at), boxes.step
    logs = np.log(step, out=np.zeros_like(step), where=step > 0)
    usual = logs.sum(axis=1) / np.maximum(np.count_nonzero(step, axis=1), 1)
    return [
        np.log1p(symbol),
        (symbol == 0).astype(np.float32),
        (symbol == 1).astype(np.float32),
        boxes.noise.reshape(-1).take(at),
        boxes.split[frame, 0].astype(np.float32),
        np.log((row + 1) / boxes.operator.bins),
        np.clip(logs.reshape(-1).take(at) - usual[frame], -5, 5),
    ]


def near(values: np.ndarray, frames: int, rows: int) -> np.ndarray:
    """Means over so many neighbours on each side: [L, K] -> [L, K]. The outermost stand for those beyond."""
    if (compiled := library()) and values.dtype == np.float32 and values.size:
        values, found = np.ascontiguousarray(values), np.empty(values.shape, np.float32)
        spare = np.empty(values.shape[1], np.float32)
        compiled.dpc_near(address(values), *values.shape, frames, rows, address(spare), address(found))
        return found
    for axis, half in ((0, frames), (1, rows)):
        if half:
            edges = [(half, half) if axis == a else (0, 0) for a in (0, 1)]
            padded, n = np.pad(values, edges, mode="edge"), values.shape[axis]
            cut = [padded[i : i + n] if axis == 0 else padded[:, i : i + n] for i in range(2 * half + 1)]
            total = cut[0] + cut[1]
            for one in cut[2:]:
                total += one
            values = total * np.float32(1 / len(cut))
    return values


def _log(values: np.ndarray, least: float) -> np.ndarray:
    logs: np.ndarray = np.log(values + np.float32(least))
    return logs
