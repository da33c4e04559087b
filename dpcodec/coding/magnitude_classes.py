"""Magnitudes <-> (class, extra bits): small ones have a class each, larger ones share one and add raw bits.

magnitude 0 .. 7                       class = magnitude, no extra bits
2**e + h 2**(e-1) .. + 2**(e-1) - 1    class = 8 + 2 (e - 3) + h, for e = 3 .. 9 and h = 0, 1; e - 1 bits
1024 ..                                class 22; 4 bits hold e - 10, then e bits
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.body import MAX_SYMBOL
from dpcodec.coding.entropy import Coder
from dpcodec.errors import FormatError

LIMIT = 1023
"""Magnitudes count up to this much in a neighbourhood."""
MAGNITUDE_CLASSES = 23
ESCAPE = MAGNITUDE_CLASSES - 1
_DIRECT = 8
_ESCAPE_EXPONENT = 10
_WIDTH_BITS = 4
_WIDEST = 25

FLOORS = np.array(
    [*range(_DIRECT), *((2 + h) << (e - 1) for e in range(3, 10) for h in (0, 1)), 1 << _ESCAPE_EXPONENT]
)
"""The smallest magnitude of each class, int64 [MAGNITUDE_CLASSES]."""

_WIDTHS = np.array([0] * _DIRECT + [e - 1 for e in range(3, 10) for _ in (0, 1)] + [0])
_OF_SMALL = np.repeat(np.arange(ESCAPE), np.diff(FLOORS)).astype(np.int32)


def magnitude_class_of(magnitudes: np.ndarray) -> np.ndarray:
    """Level of each magnitude, int32 [...] in 0 .. MAGNITUDE_CLASSES - 1.

    >>> magnitude_class_of(np.array([0, 7, 8, 11, 12, 1023, 1024, 99999])).tolist()
    [0, 7, 8, 8, 9, 21, 22, 22]
    """
    small = np.minimum(magnitudes, len(_OF_SMALL) - 1)
    classes: np.ndarray = np.where(magnitudes >= len(_OF_SMALL), ESCAPE, _OF_SMALL[small]).astype(np.int32)
    return classes


def code_extras(coder: Coder, classes: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    """Code what the classes leave open, and the signs: int32 [n] values.

    classes  int [n]
    truth   int32 [n], the signed values when writing; None when reading

    The order on the wire: widths of the escapes, the extra bits of every class, the signs of all non-zero
    values. Raises `FormatError` if a magnitude passes the format's largest.
    """
    magnitudes = None if truth is None else np.abs(truth.astype(np.int64))
    base: np.ndarray = FLOORS[classes]
    widths: np.ndarray = _WIDTHS[classes]
    escaped = np.flatnonzero(classes == ESCAPE)
    exponents = _code_escape_widths(coder, escaped, magnitudes)
    base[escaped], widths[escaped] = np.left_shift(1, exponents), exponents
    offsets = _code_fields(coder, widths, None if magnitudes is None else magnitudes - base)
    values: np.ndarray = base + offsets
    if values.max(initial=0) > MAX_SYMBOL:
        raise FormatError(f"coded part: a symbol larger than {MAX_SYMBOL}")
    nonzero = np.flatnonzero(values)
    negative = coder.bits(len(nonzero), None if truth is None else truth[nonzero] < 0)
    values[nonzero] *= 1 - 2 * negative.astype(np.int64)
    signed: np.ndarray = values.astype(np.int32)
    return signed


def _code_escape_widths(coder: Coder, escaped: np.ndarray, magnitudes: np.ndarray | None) -> np.ndarray:
    """Exponents e of the escaped magnitudes, int64 [escapes]."""
    widths = np.full(len(escaped), _WIDTH_BITS)
    exponents = None
    if magnitudes is not None:
        exponents = np.frexp(magnitudes[escaped].astype(np.float64))[1] - 1 - _ESCAPE_EXPONENT
    above = _code_fields(coder, widths, exponents)
    above += _ESCAPE_EXPONENT
    return above


def _code_fields(coder: Coder, widths: np.ndarray, values: np.ndarray | None) -> np.ndarray:
    """Code unsigned numbers of given widths in bits, most significant bit first: int64 [n]."""
    some = np.flatnonzero(widths)
    column = np.arange(_WIDEST)
    shifts = widths[some, None] - 1 - column
    valid = shifts >= 0
    bits = None if values is None else ((values[some, None] >> np.maximum(shifts, 0)) & 1)[valid]
    coded = coder.bits(int(widths.sum()), bits)
    spread = np.zeros(valid.shape, np.int64)
    spread[valid] = coded
    fields = np.zeros(len(widths), np.int64)
    fields[some] = np.where(valid, spread << np.maximum(shifts, 0), 0).sum(1)
    return fields
