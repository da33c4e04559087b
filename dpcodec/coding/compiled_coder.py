"""The coders of `entropy.py`, compiled: the same bytes, and whole walks in one call."""

from __future__ import annotations

import ctypes
from functools import lru_cache

import numpy as np

from dpcodec.coding.context_network import networks
from dpcodec.coding.entropy import AdaptiveTable
from dpcodec.coding.magnitude_classes import FLOORS
from dpcodec.coding.mdct_contexts import OTHER_INPUTS, MdctContexts, MdctPass, log_magnitude
from dpcodec.coding.tables import GAIN
from dpcodec.compiled import address, library
from dpcodec.errors import FormatError

_MOST_AROUND = 24
_FAULTS = {
    1: "coded part: the bytes match no symbol",
    2: "coded part: a symbol larger than 16777215",
}


class CompiledCoder:
    """What writing and reading share. `library()` must be there."""

    def __init__(self, handle: int | None) -> None:
        found = library()
        assert found is not None
        if not handle:
            raise MemoryError
        self._library, self._handle = found, handle

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self._library.dpc_free(self._handle)

    def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
        """As `entropy.Coder.code`."""
        n = len(context)
        context = np.ascontiguousarray(context, np.int64)
        symbols = np.zeros(n, np.int32) if truth is None else np.array(truth, np.int32)
        contexts, alphabet = table.counts.shape
        self._check(
            self._library.dpc_code(
                self._handle, _of(table.counts), contexts, alphabet, table.gain, _of(context), _of(symbols), n
            )
        )
        return symbols

    def rows(
        self,
        table: AdaptiveTable,
        shape: tuple[int, int],
        truth: np.ndarray | None,
        before: np.ndarray | None,
    ) -> np.ndarray:
        """As `side_information._code_rows`."""
        symbols = np.zeros(shape, np.int32) if truth is None else np.array(truth, np.int32, order="C")
        above = None if before is None else np.ascontiguousarray(before, np.int32)
        self._check(
            self._library.dpc_rows(
                *(self._handle, _of(table.counts), table.counts.shape[1], table.gain),
                *(_of(above), _of(symbols), *shape),
            )
        )
        return symbols

    def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
        """As `entropy.Coder.bits`."""
        bits = np.zeros(count, np.uint8) if truth is None else np.array(truth, np.uint8)
        self._check(self._library.dpc_bits(self._handle, _of(bits), count))
        return bits

    def scale_factors(
        self,
        counts: np.ndarray,
        shape: tuple[int, int],
        truth: np.ndarray | None,
        first: np.ndarray | None,
        apart: int | None,
    ) -> np.ndarray:
        """As `side_information.code_scale_factors`, from counts int64 [contexts, SCALE_FACTORS] on."""
        bands, frames = shape
        w, counts = np.zeros(shape, np.int32), counts.copy()
        wanted = None if truth is None else np.ascontiguousarray(truth[:bands], np.int32)
        seen = None if first is None else np.ascontiguousarray(first, np.int32)
        self._check(
            self._library.dpc_scale_factors(
                self._handle,
                *(bands, frames, _of(wanted), _of(w), _of(counts), GAIN),
                *(_of(seen), 0 if seen is None else len(seen), apart or 0),
            )
        )
        return w.astype(np.int64)

    def mdct_walk(self, contexts: MdctContexts, truth: np.ndarray | None) -> np.ndarray:
        """As `mdct_symbols.walk_mdct`."""
        shape = contexts.coded.shape
        q = np.zeros(shape, np.int32) if truth is None else np.ascontiguousarray(truth, np.int32)
        channel, held = _channel(contexts)
        self._check(self._library.dpc_mdct_walk(self._handle, ctypes.byref(channel), _of(q)))
        del held
        return q

    def _check(self, fault: int) -> None:
        if fault in _FAULTS:
            raise FormatError(_FAULTS[fault])
        if fault:
            raise MemoryError

    def _written(self) -> bytes:
        out = np.empty(self._library.dpc_room(self._handle), np.uint8)
        size = self._library.dpc_finish(self._handle, _of(out))
        return out[:size].tobytes()


class CompiledEncoder(CompiledCoder):
    """Writes symbols; `finish` gives the bytes."""

    def __init__(self, other: CompiledEncoder | None = None) -> None:
        found = library()
        assert found is not None
        super().__init__(found.dpc_copy(other._handle) if other else found.dpc_writer())

    def copy(self) -> CompiledEncoder:
        """Another one that has written the same."""
        return CompiledEncoder(self)

    def finish(self) -> bytes:
        """As `entropy.Encoder.finish`."""
        return self._written()


class CompiledDecoder(CompiledCoder):
    """Reads symbols from the bytes an encoder gave. Raises `FormatError` where they cannot be right."""

    def __init__(self, data: bytes) -> None:
        found = library()
        assert found is not None
        super().__init__(found.dpc_reader(data, len(data)))
        self._data = data

    def finish(self) -> None:
        """As `entropy.Decoder.finish`."""
        if self._written() != self._data:
            raise FormatError("coded part: bytes missing or left over after the last symbol")


class _Pass(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("bin0", "bin_stride", "frame0", "stride", "stage", "network")),
        *((name, ctypes.c_int32) for name in ("nearness", "around")),
        *((name, ctypes.c_int32 * _MOST_AROUND) for name in ("rows_away", "frames_away")),
    )


class _Channel(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int64) for name in ("rows", "frames", "gain")),
        *((name, ctypes.c_void_p) for name in ("scale_factors", "noise", "bands", "block_splits", "coded")),
        ("paired", ctypes.c_void_p),
        ("paired_rows", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("networks", "loudness", "nonzero", "magnitudes")),
        ("passes", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("pass_count", "parts")),
    )


_POINTERS = ("weights", "told", "bias", "coarse", "fine", "output_bias")
_FINE = 64
"""Of the weights of outputs."""


class _Network(ctypes.Structure):
    _fields_ = (("groups", ctypes.c_int), *((name, ctypes.c_void_p) for name in _POINTERS))


def _channel(contexts: MdctContexts) -> tuple[_Channel, object]:
    """What the walk is told, and what must live as long."""
    (rows, frames), paired = contexts.coded.shape, contexts.channel.paired
    arrays: list[np.ndarray | None] = [
        np.ascontiguousarray(contexts.scale_factors, np.uint8),
        np.ascontiguousarray(contexts.noise, np.uint8),
        np.ascontiguousarray(contexts.channel.bands, np.int32),
        np.ascontiguousarray(contexts.block_splits, np.int32),
        None if contexts.channel.coded is None else np.ascontiguousarray(contexts.coded, np.uint8),
        None if paired is None else np.ascontiguousarray(paired, np.int16),
    ]
    built, numbers = _networks(contexts.name)
    tables = [table.counts for table in contexts.tables]
    passes = _passes(contexts.passes)
    loudness = _loudness()
    channel = _Channel(
        *(rows, frames, GAIN),
        *map(_of, arrays),
        0 if paired is None else len(paired),
        ctypes.addressof(built),
        _of(loudness),
        *map(_of, tables),
        *(ctypes.addressof(passes), len(passes), contexts.parts_told),
    )
    return channel, (arrays, built, numbers, tables, passes, loudness)


@lru_cache(maxsize=8)
def _networks(name: str) -> tuple[ctypes.Array[_Network], list[np.ndarray]]:
    """Those of a table as `compiled/source/network.h` has them, and the arrays that they point to."""
    found, held = (_Network * len(networks(name)))(), []
    for one, network in zip(found, networks(name), strict=True):
        near = network.weights.shape[1] - OTHER_INPUTS + 3  # of the paired channel 3 more
        paired, noise, band, *rest = range(near, near + 6)
        by_cell = network.weights[:, [*range(near), noise, band]]
        coarse = (network.outputs + _FINE // 2) // _FINE
        arrays = (
            _in_fours(by_cell.T),
            network.weights.T[[paired, *rest]].astype(np.int32),
            network.bias.astype(np.int32),
            *(_in_fours(part.T) for part in (coarse, network.outputs - _FINE * coarse)),
            network.output_bias.astype(np.int32),
        )
        one.groups = len(arrays[0])
        for field, array in zip(_POINTERS, arrays, strict=True):
            held.append(np.ascontiguousarray(array))
            setattr(one, field, _of(held[-1]))
    return found, held


def _in_fours(columns: np.ndarray) -> np.ndarray:
    """Integers -128 .. 127 [n, m], four of a column beside each other: int8 [n / 4, m, 4], the last with
    zeros."""
    padded = np.pad(columns, ((0, -len(columns) % 4), (0, 0)))
    return padded.reshape(-1, 4, columns.shape[1]).swapaxes(1, 2).astype(np.int8)


@lru_cache(maxsize=64)
def _passes(steps: tuple[MdctPass, ...]) -> ctypes.Array[_Pass]:
    found = (_Pass * len(steps))()
    for one, step in zip(found, steps, strict=True):
        for name in ("bin0", "bin_stride", "frame0", "stride", "stage", "network", "nearness"):
            setattr(one, name, getattr(step, name))
        one.around = len(step.around)
        for i, (rows, frames) in enumerate(step.around):
            one.rows_away[i], one.frames_away[i] = rows, frames
    return found


@lru_cache(maxsize=1)
def _loudness() -> np.ndarray:
    """Log magnitude of each class, int16 [MAGNITUDE_CLASSES]."""
    return np.ascontiguousarray(log_magnitude(FLOORS, np.zeros(1, np.int64)), np.int16)


def _of(array: np.ndarray | None) -> int | None:
    """The address of a contiguous array."""
    return None if array is None else address(array)
