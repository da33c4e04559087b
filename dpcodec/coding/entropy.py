"""Symbols <-> bytes by range coding over adaptive integer tables; the only user of constriction.

The probability of a symbol is an integer count over `2**16`, made from adaptive counts by integer arithmetic
alone. constriction takes floating-point arrays; it is given these integers, for which every operation it does
in float64 is exact, so that its 24-bit cumulative is `(c * (2**24 - A) >> 16) + i` for symbol i of A with
cumulative c. `docs/format.md` describes the coder; a test decodes real bytes with a slow one in Python
integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

import numpy as np

from dpcodec.errors import FormatError

TOTAL_BITS = 16
"""Frequencies of a table add up to 2**16."""

RAW_BITS = 16
"""Equiprobable bits are coded this many at a time."""

_BATCH = 1 << 15


class AdaptiveTable:
    """Counts of A symbols in R contexts; integers throughout.

    counts  int64 [R, A], all positive: the state before the first symbol
    """

    def __init__(self, initial: np.ndarray, gain: int) -> None:
        self.counts = initial.astype(np.int64)
        self.gain = gain

    def frequencies(self) -> np.ndarray:
        """Integer frequencies, float64 [R, A], at least 1, each row adding up to 2**16."""
        return _frequencies(self.counts)

    def rows(self, context: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Frequencies float64 [n, A] under contexts int [n], some at a time, each with where they belong.

        Where there are fewer symbols than contexts, only the rows that they need are made.
        """
        few = len(context) < len(self.counts)
        frequencies = _frequencies(self.counts[context]) if few else self.frequencies()
        for start in range(0, len(context), _BATCH):
            batch = slice(start, start + _BATCH)
            yield batch, frequencies[batch] if few else frequencies[context[batch]]

    def update(self, context: np.ndarray, symbols: np.ndarray) -> None:
        """Count what was just coded: context and symbols int [n]."""
        contexts, alphabet = self.counts.shape
        if len(context) < contexts:
            np.add.at(self.counts, (context, symbols), self.gain)
            return
        cells = (context * alphabet + symbols).astype(np.intp, copy=False)
        seen = np.bincount(cells, minlength=contexts * alphabet)
        self.counts += self.gain * seen.reshape(contexts, alphabet)


def _frequencies(counts: np.ndarray) -> np.ndarray:
    """As `AdaptiveTable.frequencies`, of any rows of counts."""
    contexts, symbols = counts.shape
    cumulative = np.zeros((contexts, symbols + 1), np.int64)
    np.cumsum(counts, axis=1, out=cumulative[:, 1:])
    free = (1 << TOTAL_BITS) - symbols
    scaled = cumulative * free // cumulative[:, -1:] + np.arange(symbols + 1)
    frequencies: np.ndarray = np.diff(scaled, axis=1).astype(np.float64)
    return frequencies


@cache
def _stream() -> Any:
    import constriction  # lazy: where the coder is compiled nobody needs it

    return constriction.stream


class Coder(Protocol):
    """One side of the coding; `truth` is what to write, None when reading. Either gives the symbols back."""

    def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
        """Symbols under contexts, int [n] each."""

    def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
        """Equiprobable bits, [count]."""


class Encoder:
    """Writes symbols; `finish` gives the bytes."""

    def __init__(self) -> None:
        self._coder = _stream().queue.RangeEncoder()
        self._model = _stream().model
        self._family = self._model.Categorical(perfect=False)

    def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
        """Write symbols int [n], each under its context int [n], then let the table learn them."""
        symbols = np.ascontiguousarray(truth, np.int32)
        for batch, rows in table.rows(context):
            self.write(symbols[batch], self._family, rows)
        table.update(context, symbols)
        return symbols

    def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
        """Write `count` equiprobable bits, uint8 [count]."""
        bits = np.asarray(truth, np.uint8)
        whole = count - count % RAW_BITS
        if whole:
            words = np.packbits(bits[:whole]).view(">u2").astype(np.int32)
            self._coder.encode(words, self._model.Uniform(1 << RAW_BITS))
        if count > whole:
            self._coder.encode(bits[whole:].astype(np.int32), self._model.Uniform(2))
        return bits

    def copy(self) -> Encoder:
        """Another one that has written the same."""
        twin = type(self)()
        twin._coder = self._coder.clone()
        return twin

    def write(self, symbols: np.ndarray, family: object, rows: np.ndarray) -> None:
        """Write symbols int32 [n] with the frequencies float64 [n, A]."""
        self._coder.encode(symbols, family, rows)

    def finish(self) -> bytes:
        """The fewest bytes that, with zeros read after them, decode to what was written.

        Of all numbers in the coder's last interval [low, low + range) the one with most zeros at its end is
        taken.
        """
        words: bytes = self._coder.get_compressed().astype(">u4").tobytes()
        position, (low, width) = self._coder.pos()
        head, sealed = words[: 4 * position], words[4 * position :]
        if int.from_bytes(sealed.ljust(8, b"\0"), "big") < low:
            low -= 1 << 64  # the carry has gone into the words before
        for zeros in range(64, -8, -8):
            point = -(-low >> zeros) << zeros
            if point < low + width:
                break
        code: int = (int.from_bytes(head, "big") << 64) + point
        return code.to_bytes(len(head) + 8, "big").rstrip(b"\0")


class Decoder:
    """Reads symbols from the bytes an `Encoder` gave. Raises `FormatError` where they cannot be right."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._again = Encoder()
        padded = data + bytes(-len(data) % 4)
        self._coder = _stream().queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))
        self._model = _stream().model
        self._family = self._model.Categorical(perfect=False)

    def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
        """Read as many symbols as there are contexts, int32 [n], then let the table learn them."""
        symbols = np.empty(len(context), np.int32)
        for batch, rows in table.rows(context):
            symbols[batch] = self._decode(self._family, rows)
            self._again.write(symbols[batch], self._family, rows)
        table.update(context, symbols)
        return symbols

    def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
        """Read `count` equiprobable bits, uint8 [count]."""
        words = self._decode(self._model.Uniform(1 << RAW_BITS), count // RAW_BITS)
        rest = self._decode(self._model.Uniform(2), count % RAW_BITS)
        bits = np.concatenate([np.unpackbits(words.astype(">u2").view(np.uint8)), rest.astype(np.uint8)])
        return self._again.bits(count, bits)

    def finish(self) -> None:
        """Raise `FormatError` unless an encoder would have given these very bytes for what was read."""
        if self._again.finish() != self._data:
            raise FormatError("coded part: bytes missing or left over after the last symbol")

    def _decode(self, model: object, parameter: object) -> np.ndarray:
        try:
            symbols: np.ndarray = self._coder.decode(model, parameter)
        except (AssertionError, ValueError) as exc:  # constriction's words for impossible data
            raise FormatError("coded part: the bytes match no symbol") from exc
        return symbols
