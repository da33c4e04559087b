"""Contexts of MDCT coefficients: a network sees the neighbours coded before, in steps of the cell's own size,
the same place in the paired channel, and what is known of the place itself.

A neighbour's *log magnitude* counts sixteenths of an octave, plus its scale factor in the same unit (3 dB are
8), so that the difference from the own scale factor is a magnitude in own steps.

Frames are bisected as for complex ones. Of the first frames, whose neighbours in time are far, every fourth
row goes first, then those half way between, then the odd ones; in the others the even rows, which know frames
on both sides, then the odd ones, which know the even ones too.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from dpcodec.coding.body import COARSEST
from dpcodec.coding.context_network import LARGEST_INPUT, ZERO_CONTEXTS, networks
from dpcodec.coding.entropy import AdaptiveTable
from dpcodec.coding.magnitude_classes import FLOORS, LIMIT, magnitude_class_of
from dpcodec.coding.tables import GAIN, TOTAL, table

_A_SCALE_FACTOR = 8
_SILENT = -(1 << 14)
"""Log magnitude of what is zero or not known."""
_MARGIN = 3
_PAIRED, _NOISE, _BAND, _SPLIT, _DISTANCE, _PARTS = 64, 16, 4, 32, 64, 64
_NEXT, _OCTAVE = 252, 36
"""What a network is told of a neighbour in the next frame of the file, and less for each doubling."""
OTHER_INPUTS = 9
"""Of a network, beside the sizes of neighbours."""
_CELLS_AT_ONCE = 1 << 14

NO_SCALE_FACTORS = np.zeros((1, 1), np.uint8)
"""Where the step is the same everywhere and nothing is told of noise."""

_LOG_MAGNITUDE = np.array(
    [_SILENT, *(((2 * m + 1) ** 32).bit_length() // 2 for m in range(1, LIMIT + 1))], np.int16
)
"""Of magnitudes 0 .. LIMIT: 16 log2(2 m + 1), rounded."""


def log_magnitude(magnitudes: np.ndarray, scale_factors: np.ndarray) -> np.ndarray:
    """Int16 [...] of floors of magnitude classes, and scale factors 0 .. 63, int [...] each."""
    found: np.ndarray = _LOG_MAGNITUDE[
        np.minimum(magnitudes, LIMIT)
    ] + _A_SCALE_FACTOR * scale_factors.astype(np.int16)
    return found


def log_magnitude_of(q: np.ndarray, scale_factors: np.ndarray = NO_SCALE_FACTORS) -> np.ndarray:
    """The same of symbols int32 [K, L]."""
    return log_magnitude(FLOORS[magnitude_class_of(np.abs(q))], scale_factors)


class ChannelContext(NamedTuple):
    """What the coder knows of a channel of a part.

    bands   int64 [K], the band of each row
    parts   over how many the rows or the frames of the grid were interleaved
    paired  int16 [any number of rows, L], log magnitude of the paired channel, None if that was not coded
            before
    coded   bool [K, L], the cells that are written; None: all
    apart   frames of the file from one of the part to the next; None: coded as before format 1.4, which knew
            no other than 1
    """

    bands: np.ndarray
    parts: int
    paired: np.ndarray | None
    coded: np.ndarray | None = None
    apart: int | None = None

    def first(self, rows: int) -> ChannelContext:
        """Its first rows."""
        return self._replace(bands=self.bands[:rows], coded=None if self.coded is None else self.coded[:rows])


class MdctContexts:
    """Contexts of the K rows and L frames of a channel.

    block_splits   int64 [L]
    scale_factors  uint8 [K, L], of each cell
    noise          uint8 [K, L], level of each cell
    name           of the table that they start from
    """

    def __init__(
        self,
        channel: ChannelContext,
        block_splits: np.ndarray,
        scale_factors: np.ndarray = NO_SCALE_FACTORS,
        noise: np.ndarray = NO_SCALE_FACTORS,
        name: str = "mdct",
    ) -> None:
        shape = len(channel.bands), len(block_splits)
        self.tables = (
            AdaptiveTable(_initial_nonzero(name), GAIN),
            AdaptiveTable(_initial_magnitudes(name), GAIN),
        )
        self.coded = np.ones(shape, bool) if channel.coded is None else channel.coded
        self.passes = mdct_passes(len(block_splits), channel.apart)
        self.name, self.channel, self.block_splits = name, channel, block_splits
        self.scale_factors, self.noise = np.broadcast_to(scale_factors, shape), np.broadcast_to(noise, shape)
        self._networks = networks(name)

    @cached_property
    def paired(self) -> np.ndarray:
        """Log magnitude of the paired channel around every cell, int16 [K + 2 margins, L]."""
        paired = self._silence()
        if self.channel.paired is not None:
            seen = self.channel.paired[: len(self.coded) + _MARGIN]
            paired[_MARGIN : _MARGIN + len(seen)] = seen
        return paired

    @property
    def parts_told(self) -> int:
        """What networks are told of the number of parts."""
        return min(_PARTS * (self.channel.parts.bit_length() - 1), LARGEST_INPUT)

    @cached_property
    def _own(self) -> np.ndarray:
        return _A_SCALE_FACTOR * self.scale_factors.astype(np.int16)

    @cached_property
    def _log_magnitude(self) -> np.ndarray:
        return self._silence()

    def _silence(self) -> np.ndarray:
        rows, frames = self.coded.shape
        return np.full((rows + 2 * _MARGIN, frames), _SILENT, np.int16)

    def of(self, step: MdctPass) -> tuple[np.ndarray, np.ndarray]:
        """Contexts of magnitude classes and of zero or not, int16 [rows of the pass, frames of it] each."""
        own = self._own[step.cells]
        magnitude, zero = np.zeros(own.shape, np.int16), np.zeros(own.shape, np.int16)
        columns = self._columns(step)
        at_once = max(1, _CELLS_AT_ONCE // max(own.shape[1], 1))
        for first in range(0, len(own), at_once):
            rows = slice(first, first + at_once)
            inputs = self._inputs(step, rows, columns)
            found = self._networks[step.network].contexts(inputs.reshape(len(inputs), -1))
            zero[rows], magnitude[rows] = (one.reshape(own[rows].shape) for one in found)
        return magnitude, zero + step.stage * ZERO_CONTEXTS

    def reveal(self, step: MdctPass, magnitudes: np.ndarray) -> None:
        """Enter a pass: floors of the magnitude classes of its coded cells, int [n]."""
        coded = self.coded[step.cells]
        scale_factors = self.scale_factors[step.cells][coded]
        inner = self._log_magnitude[_MARGIN : len(self._log_magnitude) - _MARGIN]
        inner[step.cells][coded] = log_magnitude(magnitudes, scale_factors)

    def _columns(self, step: MdctPass) -> dict[int, np.ndarray]:
        """All rows in the frames that lie so far off those of a pass; where there is no such frame, in the
        one as far off on the other side; where there is none either, silence."""
        frames = self._own.shape[1]
        here = np.arange(step.frame0, frames, step.stride)
        found = {}
        for away in {frame for _, frame in step.around}:
            there = here + away
            there = np.where((there < 0) | (there >= frames), here - away, there)
            missing = (there < 0) | (there >= frames)
            found[away] = self._log_magnitude[:, np.where(missing, 0, there)]
            found[away][:, missing] = _SILENT
        return found

    def _inputs(self, step: MdctPass, rows: slice, columns: dict[int, np.ndarray]) -> np.ndarray:
        """Float32 [inputs, rows, frames of the pass]."""
        channel, own = self.channel, self._own[step.cells][rows]
        inputs = np.empty((len(step.around) + OTHER_INPUTS, *own.shape), np.float32)
        first = _MARGIN + step.bin0 + step.bin_stride * rows.start

        def below(loud: np.ndarray, away: int) -> np.ndarray:
            lines = loud[first + away :: step.bin_stride][: len(own)]
            difference: np.ndarray = np.clip(lines - own, 0, LARGEST_INPUT)
            return difference

        for i, (row, frame) in enumerate(step.around):
            inputs[i] = below(columns[frame], row)
        paired = self.paired[:, step.frame0 :: step.stride]
        for i, row in enumerate((-1, 0, 1), len(step.around)):
            inputs[i] = below(paired, row)
        inputs[-6] = 0 if channel.paired is None else _PAIRED
        inputs[-5] = self.noise[step.cells][rows] * np.float32(_NOISE)
        inputs[-4] = channel.bands[step.bin0 :: step.bin_stride][rows, None] * _BAND
        inputs[-3] = self.block_splits[step.frame0 :: step.stride] * _SPLIT
        inputs[-2] = step.nearness
        inputs[-1] = self.parts_told
        return inputs


@cache
def _initial_nonzero(name: str) -> np.ndarray:
    """Counts of (zero, not zero), int64 [stages * ZERO_CONTEXTS, 2]."""
    nonzero = np.array(table(name)["nonzero"]).reshape(-1)
    return np.stack([TOTAL - nonzero, nonzero], 1)


@cache
def _initial_magnitudes(name: str) -> np.ndarray:
    """Counts of the magnitude classes from 1 on, int64 [MAGNITUDE_CONTEXTS, MAGNITUDE_CLASSES - 1]."""
    return np.array(table(name)["magnitudes"])


_BESIDE = ((-1, 0), (1, 0), (-3, 0), (3, 0))


class MdctPass(NamedTuple):
    """A strided sub-grid coded in one go: bins `bin0::bin_stride`, frames `frame0::stride`.

    stage  kind of pass: 0 and 1 the even and odd bins of the first frames, 2 and 3 of those between, 4 and 5
           of the odd frames
    apart  as in `ChannelContext`
    """

    bin0: int
    bin_stride: int
    frame0: int
    stride: int
    stage: int
    apart: int | None = None

    @property
    def cells(self) -> tuple[slice, slice]:
        return slice(self.bin0, None, self.bin_stride), slice(self.frame0, None, self.stride)

    @property
    def around(self) -> tuple[tuple[int, int], ...]:
        """Neighbours (rows, frames away) that its network sees."""
        d = self.stride // 2
        if not self.frame0:
            return (_BESIDE if self.bin_stride == 2 else ((-2, 0), (2, 0))) if self.bin0 else ()
        near = tuple((k, t) for t in (-d, d) for k in (-3, -2, -1, 0, 1, 2, 3))
        far = tuple((k, t) for t in (-3 * d, 3 * d) for k in (-1, 0, 1))
        return near + far + (_BESIDE if self.bin0 else ())

    @property
    def network(self) -> int:
        """The network that sees them: 0, 1, 2 in the first frames, 3 and 4 between."""
        if self.frame0:
            return 3 + self.bin0
        return 2 if self.bin_stride == 2 else self.bin0 // 2

    @property
    def nearness(self) -> int:
        """What a network is told of how near the frames are that were coded before, 0 .. LARGEST_INPUT."""
        if not self.frame0:
            return 0
        if self.apart is None:
            return _DISTANCE * ((COARSEST // self.stride).bit_length() - 1)
        doublings = (self.stride // 2 * self.apart).bit_length() - 1
        return max(0, _NEXT - _OCTAVE * doublings)


@lru_cache(maxsize=64)
def mdct_passes(frames: int, apart: int | None = None) -> tuple[MdctPass, ...]:
    """The passes of a part of so many frames, in order; `apart` as in `ChannelContext`. Before format 1.4
    every 16th frame was a first one, since then only one is."""
    distance = COARSEST if apart is None else 1 << max(0, frames - 1).bit_length()
    found = [MdctPass(bin0, 4, 0, distance, 0, apart) for bin0 in (0, 2)]
    found.append(MdctPass(1, 2, 0, distance, 1, apart))
    while distance > 1:
        for bin0 in (0, 1):
            found.append(MdctPass(bin0, 2, distance // 2, distance, 2 + bin0 + 2 * (distance == 2), apart))
        distance //= 2
    return tuple(found)
