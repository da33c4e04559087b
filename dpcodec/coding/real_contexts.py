"""Contexts of real coefficients: a network sees the neighbours coded before, in steps of the cell's own size,
the same place in the pair's other channel, and what is known of the place itself.

A neighbour's *loudness* is that of its magnitude in sixteenths of an octave, plus its weight in the same
unit (3 dB are 8), so that a difference of loudness and own weight is a magnitude in own steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dpcodec.coding.contexts import LIMIT
from dpcodec.coding.entropy import AdaptiveTable
from dpcodec.coding.levels import FLOORS, LEVELS, levels_of
from dpcodec.coding.predictor import LARGEST_INPUT, LEVEL_CLASSES, ZERO_CLASSES, networks
from dpcodec.coding.predictor_tables import LEVEL_COUNTS, NONZERO_COUNTS
from dpcodec.coding.real_passes import STAGES, RealPass
from dpcodec.coding.tables import GAIN, TOTAL, read_counts

_A_WEIGHT = 8
_SILENT = -(1 << 14)
"""Loudness of what is zero or not known."""
_MARGIN = 3
_MATE, _NOISE, _BAND, _SPLIT, _DISTANCE, _PARTS = 64, 16, 4, 32, 64, 64
OTHER_INPUTS = 9
"""Of a network, beside the sizes of neighbours."""
_CELLS_AT_ONCE = 1 << 14

NO_WEIGHTS = np.zeros((1, 1), np.uint8)
"""Where the step is the same everywhere and nothing is told of noise."""

_LOUDNESS = np.array(
    [_SILENT, *(((2 * m + 1) ** 32).bit_length() // 2 for m in range(1, LIMIT + 1))], np.int16
)
"""Of magnitudes 0 .. LIMIT: 16 log2(2 m + 1), rounded."""


def loudness(magnitudes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Int16 [...] of floors of levels, and weights 0 .. 63, int [...] each."""
    found: np.ndarray = _LOUDNESS[np.minimum(magnitudes, LIMIT)] + _A_WEIGHT * weights.astype(np.int16)
    return found


def loudness_of(q: np.ndarray, weights: np.ndarray = NO_WEIGHTS) -> np.ndarray:
    """The same of symbols int32 [K, L]."""
    return loudness(FLOORS[levels_of(np.abs(q))], weights)


@dataclass(frozen=True)
class Place:
    """Where in a file a channel of a part stands.

    bands  int64 [K], the band of each row
    parts  how many the rows of the grid were dealt to
    mate   int16 [any number of rows, L], loudness of the other channel of the pair, None if that was not
           coded before
    coded  bool [K, L], the cells that are written; None: all
    """

    bands: np.ndarray
    parts: int
    mate: np.ndarray | None
    coded: np.ndarray | None = None

    def first(self, rows: int) -> Place:
        """Its first rows."""
        return replace(self, bands=self.bands[:rows], coded=None if self.coded is None else self.coded[:rows])


class RealContexts:
    """Contexts of the K rows and L frames of a channel.

    splits   int64 [L]
    weights  uint8 [K, L], of each cell
    noise    uint8 [K, L], level of each cell
    """

    def __init__(
        self,
        place: Place,
        splits: np.ndarray,
        weights: np.ndarray = NO_WEIGHTS,
        noise: np.ndarray = NO_WEIGHTS,
    ) -> None:
        shape = rows, frames = len(place.bands), len(splits)
        self.tables = AdaptiveTable(_initial_nonzero(), GAIN), AdaptiveTable(_initial_levels(), GAIN)
        self.coded = np.ones(shape, bool) if place.coded is None else place.coded
        self._place, self._splits = place, splits
        self._weights, self._noise = np.broadcast_to(weights, shape), np.broadcast_to(noise, shape)
        self._own = _A_WEIGHT * self._weights.astype(np.int16)
        self._loudness = np.full((rows + 2 * _MARGIN, frames), _SILENT, np.int16)
        self._mate = np.full((rows + 2 * _MARGIN, frames), _SILENT, np.int16)
        if place.mate is not None:
            seen = place.mate[: rows + _MARGIN]
            self._mate[_MARGIN : _MARGIN + len(seen)] = seen

    def of(self, step: RealPass) -> tuple[np.ndarray, np.ndarray]:
        """Contexts of levels and of zero or not, int16 [rows of the pass, frames of it] each."""
        own = self._own[step.index]
        level, zero = np.zeros(own.shape, np.int16), np.zeros(own.shape, np.int16)
        columns = self._columns(step)
        at_once = max(1, _CELLS_AT_ONCE // max(own.shape[1], 1))
        for first in range(0, len(own), at_once):
            rows = slice(first, first + at_once)
            inputs = self._inputs(step, rows, columns)
            found = networks()[step.network].classes(inputs.reshape(len(inputs), -1))
            zero[rows], level[rows] = (classes.reshape(own[rows].shape) for classes in found)
        return level, zero + step.stage * ZERO_CLASSES

    def reveal(self, step: RealPass, magnitudes: np.ndarray) -> None:
        """Enter a pass: floors of the levels of its coded cells, int [n]."""
        coded = self.coded[step.index]
        weights = self._weights[step.index][coded]
        inner = self._loudness[_MARGIN : len(self._loudness) - _MARGIN]
        inner[step.index][coded] = loudness(magnitudes, weights)

    def _columns(self, step: RealPass) -> dict[int, np.ndarray]:
        """All rows in the frames that lie so far off those of a pass; where there is no such frame, in the
        one as far off on the other side; where there is none either, silence."""
        frames = self._own.shape[1]
        here = np.arange(step.frame0, frames, step.stride)
        found = {}
        for away in {frame for _, frame in step.around}:
            there = here + away
            there = np.where((there < 0) | (there >= frames), here - away, there)
            missing = (there < 0) | (there >= frames)
            found[away] = self._loudness[:, np.where(missing, 0, there)]
            found[away][:, missing] = _SILENT
        return found

    def _inputs(self, step: RealPass, rows: slice, columns: dict[int, np.ndarray]) -> np.ndarray:
        """Float32 [inputs, rows, frames of the pass]."""
        place, own = self._place, self._own[step.index][rows]
        inputs = np.empty((len(step.around) + OTHER_INPUTS, *own.shape), np.float32)
        first = _MARGIN + step.bin0 + step.bin_stride * rows.start

        def below(loud: np.ndarray, away: int) -> np.ndarray:
            lines = loud[first + away :: step.bin_stride][: len(own)]
            difference: np.ndarray = np.clip(lines - own, 0, LARGEST_INPUT)
            return difference

        for i, (row, frame) in enumerate(step.around):
            inputs[i] = below(columns[frame], row)
        mate = self._mate[:, step.frame0 :: step.stride]
        for i, row in enumerate((-1, 0, 1), len(step.around)):
            inputs[i] = below(mate, row)
        inputs[-6] = 0 if place.mate is None else _MATE
        inputs[-5] = self._noise[step.index][rows] * np.float32(_NOISE)
        inputs[-4] = place.bands[step.bin0 :: step.bin_stride][rows, None] * _BAND
        inputs[-3] = self._splits[step.frame0 :: step.stride] * _SPLIT
        inputs[-2] = step.nearness * _DISTANCE
        inputs[-1] = min(_PARTS * (place.parts.bit_length() - 1), LARGEST_INPUT)
        return inputs


def _initial_nonzero() -> np.ndarray:
    """Counts of (zero, not zero), int64 [STAGES * ZERO_CLASSES, 2]."""
    nonzero = read_counts(NONZERO_COUNTS, (STAGES * ZERO_CLASSES,))
    return np.stack([TOTAL - nonzero, nonzero], 1)


def _initial_levels() -> np.ndarray:
    """Counts of the levels from 1 on, int64 [LEVEL_CLASSES, LEVELS - 1]."""
    return read_counts(LEVEL_COUNTS, (LEVEL_CLASSES, LEVELS - 1))
