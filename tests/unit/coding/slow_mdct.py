"""A second decoder of MDCT coefficients, written from docs/format.md in Python integers, cell by cell. Its
numbers are those of the data files that the document names."""

from __future__ import annotations

import bisect
import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

WORD, FULL = 1 << 32, 1 << 64
ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
TABLES = ROOT / "dpcodec" / "coding" / "tables"


def block(name: str) -> list[str]:
    """The lines of a fenced block of the document."""
    found = re.search(rf"^```{name}\n(.*?)^```", TEXT, re.M | re.S)
    assert found
    return found[1].splitlines()


@cache
def data_file(name: str) -> dict[str, Any]:
    """A data file of the document."""
    found: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text(encoding="ascii"))
    return found


LogMagnitudes = dict[tuple[int, int], int]


class SlowRangeDecoder:
    """The range coder of docs/format.md."""

    def __init__(self, data: bytes) -> None:
        self.rest = list(data)
        self.low, self.range, self.point = 0, FULL - 1, self.take(8)

    def take(self, count: int) -> int:
        head, self.rest = self.rest[:count], self.rest[count:]
        return int.from_bytes(bytes(head).ljust(count, b"\0"), "big")

    def symbol(self, c: list[int]) -> int:
        scale = self.range >> 24
        q = ((self.point - self.low) % FULL) // scale
        assert q < 1 << 24
        i = bisect.bisect_right(c, q) - 1
        self.low = (self.low + scale * c[i]) % FULL
        self.range = scale * (c[i + 1] - c[i])
        if self.range < WORD:
            self.low, self.range = self.low * WORD % FULL, self.range * WORD
            self.point = self.point * WORD % FULL + self.take(4)
        return i

    def bits(self, count: int) -> list[int]:
        out: list[int] = []
        while count - len(out) >= 16:
            word = self.symbol([256 * i for i in range(65537)])
            out += [word >> (15 - j) & 1 for j in range(16)]
        return out + [self.symbol([0, 1 << 23, 1 << 24]) for _ in range(count - len(out))]


def cumulatives(counts: list[int]) -> list[int]:
    alphabet, total, below = len(counts), sum(counts), 0
    out = []
    for i, n in enumerate([*counts, 0]):
        scaled = below * (65536 - alphabet) // total + i
        out.append((scaled * ((1 << 24) - alphabet) >> 16) + i if i < alphabet else 1 << 24)
        below += n
    return out


def floor_and_bits(magnitude_class: int) -> tuple[int, int]:
    if magnitude_class < 8:
        return magnitude_class, 0
    e, h = 3 + (magnitude_class - 8) // 2, (magnitude_class - 8) % 2
    return ((2 + h) << (e - 1), e - 1) if magnitude_class < 22 else (1024, -1)


def values_of(coder: SlowRangeDecoder, classes: list[int]) -> list[int]:
    widths = coder.bits(4 * classes.count(22))
    number = [int("".join(map(str, widths[j : j + 4])), 2) + 10 for j in range(0, len(widths), 4)]
    shape = [floor_and_bits(v) if v != 22 else (1 << (e := number.pop(0)), e) for v in classes]
    extra = iter(coder.bits(sum(n for _, n in shape)))
    values = [floor + int("0" + "".join(str(next(extra)) for _ in range(n)), 2) for floor, n in shape]
    signs = iter(coder.bits(sum(v != 0 for v in values)))
    return [v * (1 - 2 * next(signs)) if v else 0 for v in values]


@dataclass(frozen=True)
class Given:
    """What a channel has told before its symbols: scale factors and noise levels by band, bands of its rows;
    the cells that are coded, None for all. In mode 7 `apart` says how many frames of the segment lie from one
    of the part to the next; `group` frames share a noise level."""

    scale_factors: list[list[int]]
    noise: list[list[int]]
    bands: list[int]
    block_splits: list[int]
    parts: int
    coded: np.ndarray | None = None
    file: str = "mdct"
    apart: int | None = None
    group: int = 16

    def contexts(
        self,
        k: int,
        t: int,
        columns: range,
        rows: range,
        log_magnitudes: LogMagnitudes,
        paired: LogMagnitudes | None,
    ) -> tuple[int, int]:
        """Of zero or not, and of the magnitude class, of the cell in row k and frame t."""
        band, h, odd = self.bands[k], columns.step // 2, rows.step == 2 and rows.start == 1
        own = self.scale_factors[band][t]

        def size(log_magnitude: int | None) -> int:
            return 0 if log_magnitude is None else min(max(log_magnitude - 8 * own, 0), 255)

        beside = [(-1, 0), (1, 0), (-3, 0), (3, 0)]
        if columns.start == 0:
            network = {(0, 4): 0, (2, 4): 1, (1, 2): 2}[rows.start, rows.step]
            around, near = [[], [(-2, 0), (2, 0)], beside][network], 0
        else:
            network = 3 + odd
            if self.apart is None:
                near = 64 * {1: 3, 2: 2, 4: 1, 8: 0}[h]
            else:
                near = max(0, 252 - 36 * math.floor(math.log2(h * self.apart)))
            around = [(r, s) for s in (-h, h) for r in range(-3, 4)]
            around += [(r, s) for s in (-3 * h, 3 * h) for r in (-1, 0, 1)] + beside * odd
        inputs = []
        for row, away in around:
            there = next((f for f in (t + away, t - away) if 0 <= f < len(self.block_splits)), None)
            inputs.append(0 if there is None else size(log_magnitudes.get((k + row, there))))
        inputs += [0] * 4 if paired is None else [*(size(paired.get((k + r, t))) for r in (-1, 0, 1)), 64]
        inputs += [16 * self.noise[band][t // self.group], 4 * band, 32 * self.block_splits[t], near]
        inputs.append(min(64 * int(math.log2(self.parts)), 255))
        zero, magnitude = slow_networks(self.file)[network].run(inputs)
        return min(max(zero, 0), 47), min(max(magnitude, 0), 23)


class SlowMdctDecoder:
    """A second decoder of MDCT coefficients."""

    def __init__(self, data: bytes) -> None:
        self.coder = SlowRangeDecoder(data)

    def step(self, counts: dict[int, list[int]], contexts: list[int]) -> list[int]:
        rows = {c: cumulatives(counts[c]) for c in set(contexts)}
        found = [self.coder.symbol(rows[c]) for c in contexts]
        for c, s in zip(contexts, found, strict=True):
            counts[c][s] += 32
        return found

    def block_splits(self, frames: int) -> list[int]:
        counts = {
            8 * a + b: [192 if s in (a, b) else 16 for s in range(8)] for a in range(8) for b in range(8)
        }
        found = dict(
            zip(range(0, frames, 16), self.step(counts, [0] * len(range(0, frames, 16))), strict=True)
        )
        for h in (8, 4, 2, 1):
            here = range(h, frames, 2 * h)
            pairs = [(found[t - h], found.get(t + h, found[t - h])) for t in here]
            found.update(zip(here, self.step(counts, [8 * a + b for a, b in pairs]), strict=True))
        return [found[t] for t in range(frames)]

    def symbols(self, given: Given, paired: LogMagnitudes | None) -> tuple[np.ndarray, LogMagnitudes]:
        """Symbols int32 [bins, L], and the log magnitudes of those that are not zero."""
        bins, frames = len(given.bands), len(given.block_splits)
        nonzero_counts = [n for stage in data_file(given.file)["nonzero"] for n in stage]
        zeros = {context: [4096 - n, n] for context, n in enumerate(nonzero_counts)}
        sizes = {context: list(row) for context, row in enumerate(data_file(given.file)["magnitudes"])}
        cells, classes = [], []
        log_magnitudes: LogMagnitudes = {}
        first = 16 if given.apart is None else min(2**n for n in range(40) if 2**n >= frames)
        for rows, columns, stage in mdct_passes(bins, frames, first):
            here = [(k, t) for k in rows for t in columns if given.coded is None or given.coded[k, t]]
            both = [given.contexts(k, t, columns, rows, log_magnitudes, paired) for k, t in here]
            contexts = [stage * 48 + zero for zero, _ in both]
            nonzero = [j for j, z in enumerate(self.step(zeros, contexts)) if z]
            found = [v + 1 for v in self.step(sizes, [both[j][1] for j in nonzero])]
            for j, found_class in zip(nonzero, found, strict=True):
                k, t = here[j]
                m = min(floor_and_bits(found_class)[0], 1023)
                log_magnitudes[here[j]] = sixteenths(m) + 8 * given.scale_factors[given.bands[k]][t]
                cells.append(here[j])
                classes.append(found_class)
        q = np.zeros((bins, frames), np.int32)
        for cell, value in zip(cells, values_of(self.coder, classes), strict=True):
            q[cell] = value
        return q, log_magnitudes


def mdct_passes(bins: int, frames: int, d: int = 16) -> list[tuple[range, range, int]]:
    """Rows, frames and stage of each pass, the first frames so far apart."""
    first = range(0, frames, d)
    passes = [(range(0, bins, 4), first, 0), (range(2, bins, 4), first, 0), (range(1, bins, 2), first, 1)]
    while d > 1:
        stage = 2 + 2 * (d == 2)
        passes += [(range(b, bins, 2), range(d // 2, frames, d), stage + b) for b in (0, 1)]
        d //= 2
    return passes


class SlowNetwork:
    """One of the data file's, in the letters of the document."""

    def __init__(self, numbers: dict[str, Any]) -> None:
        self.A, self.a = numbers["weights"], numbers["bias"]
        self.B, self.b = numbers["outputs"], numbers["output_bias"]

    def run(self, x: list[int]) -> list[int]:
        hidden = []
        for a, weights in zip(self.a, self.A, strict=True):
            total = a + sum(w * value for w, value in zip(weights, x, strict=True) if value)
            hidden.append(min(max(total // 32, 0), 127))
        return [
            (self.b[o] + sum(B * h for B, h in zip(self.B[o], hidden, strict=True))) // 1024 for o in (0, 1)
        ]


@cache
def slow_networks(name: str) -> list[SlowNetwork]:
    """Those of a data file."""
    return [SlowNetwork(numbers) for numbers in data_file(name)["networks"]]


@cache
def sixteenths(m: int) -> int:
    """16 log2(2 m + 1), rounded."""
    power = (2 * m + 1) ** 32
    return next(e for e in range(400) if 2 ** (2 * e + 1) > power)
