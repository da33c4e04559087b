"""Run-length packing of a stored mask; the only user of bitarray.

The mask is read bin by bin along time (a partial stays in its bin) as runs of equal cells, the first of
dropped ones and possibly empty. The length of a run (of the first: plus one) is a number n >= 1 in Elias's
gamma code, its two halves apart: first the exponents `e = floor(log2 n)` of all runs, each as e one-bits and
a zero-bit, then the e low bits of each n. Before them stands the number of bits of the first half (varint).
Bits fill bytes from the most significant on; the last byte is padded with zeros.

Peter Elias, Universal codeword sets and representations of the integers, IEEE Trans. IT 21 (1975), p. 194.
"""

from __future__ import annotations

import numpy as np
from bitarray import bitarray, decodetree

from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

_LARGEST = 31
_CODE = {e: bitarray("1" * e + "0") for e in range(_LARGEST + 1)}
_TREE = decodetree(_CODE)


def pack_mask(mask: np.ndarray) -> bytes:
    """Bool [K, L], less than 2**32 cells -> bytes.

    >>> pack_mask(np.zeros((4, 4), bool)).hex()
    '05f080'
    """
    flat = mask.ravel()
    if not flat.size:
        return b""
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]]))
    if flat[0]:
        runs = np.concatenate([[0], runs])
    runs[0] += 1
    exponents = np.frexp(runs.astype(np.float64))[1] - 1
    bits = bitarray(endian="big")
    bits.encode(_CODE, exponents.tolist())
    length = write_varint(len(bits))
    valid, shifts = _low_bits(exponents)
    bits.extend(((runs[:, None] >> shifts) & 1)[valid].tolist())
    return length + bits.tobytes()


def unpack_mask(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """Bytes -> bool [K, L]. Raises `FormatError` unless the runs fill the shape and the bytes exactly."""
    cells = shape[0] * shape[1]
    if not cells:
        if data:
            raise FormatError("stored mask: bytes for an empty grid")
        return np.zeros(shape, bool)
    length, at = read_varint(data, 0)
    bits = bitarray(endian="big")
    bits.frombytes(data[at:])
    exponents = _read_exponents(bits[:length], length, cells)
    low = np.frombuffer(bits[length:].unpack(), np.uint8)
    needed = int(exponents.sum())
    if not 0 <= len(low) - needed < 8 or low[needed:].any():
        raise FormatError("stored mask: its runs do not fill its bytes")
    valid, shifts = _low_bits(exponents)
    spread = np.zeros(valid.shape, np.int64)
    spread[valid] = low[:needed] != 0
    runs = (1 << exponents) + (spread << shifts).sum(1)
    runs[0] -= 1
    if runs.sum() != cells:
        raise FormatError("stored mask: its runs do not fill the grid")
    kept = np.arange(len(runs)) % 2 == 1
    return np.repeat(kept, runs.astype(np.intp)).reshape(shape)


def write_mask(kept: np.ndarray) -> bytes:
    """A mask, bool [K, L], with its length before it."""
    runs = pack_mask(kept)
    return write_varint(len(runs)) + runs


def read_mask(payload: bytes, shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """The mask at the start of a payload, bool [K, L], and where it ends. Raises `FormatError`."""
    length, at = read_varint(payload, 0)
    if length > len(payload) - at:
        raise FormatError("stored mask: longer than its payload")
    return unpack_mask(payload[at : at + length], shape), at + length


def _read_exponents(bits: bitarray, length: int, cells: int) -> np.ndarray:
    """The first half of the code: int64 [runs]."""
    if len(bits) != length or not 1 <= bits.count(0) <= cells + 1:
        raise FormatError("stored mask: no possible number of runs")
    try:
        return np.array(list(bits.decode(_TREE)), np.int64)
    except ValueError as exc:
        raise FormatError("stored mask: a run longer than any grid") from exc


def _low_bits(exponents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which columns of a [runs, largest exponent] table hold a bit, and by how much it is shifted."""
    shifts = exponents[:, None] - 1 - np.arange(exponents.max())
    return shifts >= 0, np.maximum(shifts, 0)
