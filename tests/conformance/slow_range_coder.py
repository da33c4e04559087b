"""The range coder of docs/format.md in Python integers, under those names of constriction that dpcodec uses:
for machines that have no constriction."""

from __future__ import annotations

import bisect
import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace

import numpy as np

WORD, FULL, PRECISION = 1 << 32, 1 << 64, 24


class Categorical:
    """A family of models, one for each row of integer frequencies that add up to 2**16."""

    def __init__(self, perfect: bool) -> None:
        assert not perfect


class Uniform:
    """So many equally likely symbols, a power of two."""

    def __init__(self, size: int) -> None:
        self.cumulatives = range(0, (1 << PRECISION) + 1, (1 << PRECISION) // size)


Model = Categorical | Uniform
Cumulatives = list[int] | range


def tables_of(model: Model, parameter: int | np.ndarray) -> Sequence[Cumulatives]:
    """What each symbol is coded with: of one model so many times, of a family by its rows of frequencies."""
    if isinstance(model, Uniform):
        assert not isinstance(parameter, np.ndarray)
        return [model.cumulatives] * parameter
    assert isinstance(parameter, np.ndarray)
    return cumulatives(parameter)


def cumulatives(rows: np.ndarray) -> list[list[int]]:
    """Frequencies [n, A] -> what the coder uses, n lists of A + 1."""
    alphabet = rows.shape[1]
    sums = np.zeros((len(rows), alphabet + 1), np.int64)
    np.cumsum(rows.astype(np.int64), axis=1, out=sums[:, 1:])
    scaled = (sums * ((1 << PRECISION) - alphabet) >> 16) + np.arange(alphabet + 1)
    scaled[:, -1] = 1 << PRECISION
    lists: list[list[int]] = scaled.tolist()
    return lists


class RangeEncoder:
    """`_code` is the lower end of the interval, all of it; its last 64 bits are the state."""

    def __init__(self) -> None:
        self._code, self._words, self._range = 0, 0, FULL - 1

    def encode(self, symbols: np.ndarray, model: Model, rows: np.ndarray | None = None) -> None:
        """Write them, each under its row of frequencies or all under one model."""
        tables = tables_of(model, len(symbols) if rows is None else rows)
        for symbol, c in zip(symbols.tolist(), tables, strict=True):
            scale = self._range >> PRECISION
            self._code += scale * c[symbol]
            self._range = scale * (c[symbol + 1] - c[symbol])
            if self._range < WORD:
                self._code, self._range, self._words = self._code << 32, self._range << 32, self._words + 1

    def get_compressed(self) -> np.ndarray:
        """The words so far, and the state's two."""
        count = self._words + 2
        return np.frombuffer(self._code.to_bytes(4 * count, "big"), ">u4").astype(np.uint32)

    def pos(self) -> tuple[int, tuple[int, int]]:
        """How many words there are before the state, and the state."""
        return self._words, (self._code % FULL, self._range)


class RangeDecoder:
    """Reads the words that an encoder gave."""

    def __init__(self, words: np.ndarray) -> None:
        self._words = words.tolist()[::-1]
        self._low, self._range = 0, FULL - 1
        self._point = self._next() << 32 | self._next()

    def decode(self, model: Model, parameter: int | np.ndarray) -> np.ndarray:
        """So many symbols of one model, or a symbol for each row of frequencies."""
        tables = tables_of(model, parameter)
        return np.array([self._symbol(c) for c in tables], np.int32)

    def _symbol(self, c: Cumulatives) -> int:
        scale = self._range >> PRECISION
        q = (self._point - self._low) % FULL // scale
        if q >> PRECISION:
            raise ValueError("no symbol has these bytes")
        symbol = bisect.bisect_right(c, q) - 1
        self._low = (self._low + scale * c[symbol]) % FULL
        self._range = scale * (c[symbol + 1] - c[symbol])
        if self._range < WORD:
            self._low, self._range = (self._low << 32) % FULL, self._range << 32
            self._point = (self._point << 32) % FULL | self._next()
        return symbol

    def _next(self) -> int:
        return self._words.pop() if self._words else 0


def take_its_place() -> None:
    """Have `import constriction` give this module, from now on."""
    module = ModuleType("constriction")
    module.stream = SimpleNamespace(  # type: ignore[attr-defined]
        model=SimpleNamespace(Categorical=Categorical, Uniform=Uniform),
        queue=SimpleNamespace(RangeEncoder=RangeEncoder, RangeDecoder=RangeDecoder),
    )
    sys.modules["constriction"] = module
