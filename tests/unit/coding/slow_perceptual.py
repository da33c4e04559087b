"""A second decoder of perceptual parts, from docs/format.md in loops and Python integers."""

from __future__ import annotations

import math
import struct

from .slow_mdct import Given, LogMagnitudes, SlowMdctDecoder, block, data_file

LARGEST = (2 - 2**-23) * 2.0**127
HERTZ = [int(word) for line in block("hertz") for word in line.split()]


def slow_edges(bins: int, rate: int) -> list[int]:
    edges = [0]
    for hertz in HERTZ:
        row = 2 * bins * hertz // rate
        if edges[-1] + 4 <= row <= bins - 4:
            edges.append(row)
    return [*edges, bins]


class SlowPerceptualDecoder(SlowMdctDecoder):
    """A second decoder of what modes 5 to 7 have before their symbols. In mode 7 `apart` frames of the
    segment lie from one of the part to the next."""

    def angles(self, bands: int) -> list[int]:
        counts, found = close(64), [0]
        for _ in range(bands):
            found += self.step(counts, [found[-1]])
        return found[1:]

    def levels(self, bands: int, groups: int) -> list[list[int]]:
        counts, found = close(16), [[0] * groups]
        for _ in range(bands):
            found.append(self.step(counts, found[-1]))
        return found[1:]

    def levels_in_time(self, bands: int, groups: int) -> list[list[int]]:
        """Mode 7."""
        groups_found = [[band[0] for band in self.levels(bands, 1)]] if groups else []
        counts = close(16)
        while len(groups_found) < groups:
            groups_found.append(self.step(counts, groups_found[-1]))
        return [list(levels) for levels in zip(*groups_found, strict=True)]

    def scale_factors(
        self, bands: int, frames: int, name: str = "scale_factors", apart: int | None = None
    ) -> list[list[int]]:
        counts = spread_out(data_file(name)["differences"])
        found: list[list[int]] = []
        u = [0] * frames  # of the band below
        for band in range(bands):
            w, symbols = [0] * frames, [0] * frames
            for d in (0, 256, 128, 64, 32, 16, 8, 4, 2):
                here = range(d // 2, frames, d) if d else range(0, frames, 256)
                expected, contexts = [], []
                for frame in here:
                    if not d:
                        expected.append(found[band - 1][frame] if band else 24)
                        contexts.append(u[frame] + 2)
                        continue
                    a = w[frame - d // 2]
                    b = w[frame + d // 2] if frame + d // 2 < frames else a
                    v = min(max(a - b, -4), 4)
                    stage = {4: 1, 2: 2}.get(d, 0) if apart is None else stage_of(d * apart)
                    expected.append((a + b) >> 1)
                    contexts.append((1 + stage * 9 + v + 4) * 5 + u[frame] + 2)
                for frame, x, symbol in zip(here, expected, self.step(counts, contexts), strict=True):
                    w[frame], symbols[frame] = (x + symbol) % 64, symbol
            u = [min(max(s - 64 if s > 31 else s, -2), 2) for s in symbols]
            found.append(w)
        return found

    def paired_scale_factors(
        self, bands: int, frames: int, first: list[list[int]], apart: int | None = None
    ) -> list[list[int]]:
        """Modes 6 and 7: of the second channel, whose first one has these."""
        counts = spread_out(data_file("perceptual" if apart is None else "frames")["paired"])
        other = [first[min(z, len(first) - 1)] if first else [0] * frames for z in range(bands)]
        found: list[list[int]] = []
        u = [0] * frames
        for z in range(bands):
            w, symbols = [0] * frames, [0] * frames
            for d in (0, 256, 128, 64, 32, 16, 8, 4, 2):
                here = range(d // 2, frames, d) if d else range(0, frames, 256)
                expected, contexts = [], []
                for frame in here:
                    if not d:
                        moved = other[z][frame] - other[max(z - 1, 0)][frame]
                        expected.append(found[z - 1][frame] + moved if z else other[0][frame])
                        stage = 0
                    else:
                        before, after = frame - d // 2, frame + d // 2
                        after = after if after < frames else before
                        moved = other[z][frame] - ((other[z][before] + other[z][after]) >> 1)
                        expected.append(((w[before] + w[after]) >> 1) + moved)
                        stage = {4: 2, 2: 3}.get(d, 1) if apart is None else 1 + stage_of(d * apart)
                    contexts.append((stage * 5 + min(max(moved, -2), 2) + 2) * 5 + u[frame] + 2)
                for frame, x, symbol in zip(here, expected, self.step(counts, contexts), strict=True):
                    w[frame], symbols[frame] = (x + symbol) % 64, symbol
            u = [min(max(s - 64 if s > 31 else s, -2), 2) for s in symbols]
            found.append(w)
        return found


def stage_of(distance: int) -> int:
    """Mode 7: of neighbours so many frames of the segment from one another."""
    return {1: 3, 2: 2, 3: 1}.get(math.floor(math.log2(distance)), 0)


def spread_out(rows: list[list[int]]) -> dict[int, list[int]]:
    """Counts of the symbols -7 .. 7 as those of 0 .. 63."""
    return {context: [*near[7:], *[1] * 49, *near[:7]] for context, near in enumerate(rows)}


def close(size: int) -> dict[int, list[int]]:
    return {j: [max(256 >> abs(i - j), 4) for i in range(size)] for j in range(size)}


class SlowPart:
    """The body of part `part` of `parts`, read from its first byte to its last."""

    def __init__(
        self, body: bytes, part: int, parts: int, shape: tuple[int, int, int], rate: int, mode: int
    ) -> None:
        C, K, L = shape
        stride = next(s for s in range(-(-parts // 3), parts + 1) if math.gcd(s, parts) == 1)
        self.edges = slow_edges(K, rate)
        self.rows, self.frames = range(part * stride % parts, K, parts), range(L)
        if mode == 7:
            self.rows, self.frames = range(K), range(part, L, parts)
        self.body, self.at, self.mode = body, 0, mode
        self.kept, self.value, self.noise = (
            [[[zero] * len(self.frames) for _ in self.rows] for _ in range(C)] for zero in (False, 0.0, 0.0)
        )
        self.block_splits = [[0] * L for _ in range(C)]
        self.angles = [[0] * (len(self.edges) - 1) for _ in range(C // 2)]
        self.told: set[int] = set()
        self.log_magnitudes: dict[int, LogMagnitudes] = {}
        self.scale_factors: dict[int, list[list[int]]] = {}
        assert self.varint() == L
        for c in range(C):
            found = self.take(1)[0]
            assert found in (0, mode)
            if found:
                self.channel(c, C, L, parts)
        assert self.at == len(body)

    def take(self, count: int) -> bytes:
        self.at += count
        assert self.at <= len(self.body)
        return self.body[self.at - count : self.at]

    def varint(self) -> int:
        value = shift = 0
        while (byte := self.take(1)[0]) > 127:
            value, shift = value | (byte & 127) << shift, shift + 7
        return value | byte << shift

    def channel(self, c: int, C: int, L: int, parts: int) -> None:
        (step,) = struct.unpack("<f", self.take(4))
        bias = self.take(1)[0]
        u, v = ((half + 8) % 16 - 8 for half in (bias >> 4, bias & 15))
        bins = self.varint()
        payload = self.take(self.varint() if c + 1 < C else len(self.body) - self.at)
        decoder, pair = SlowPerceptualDecoder(payload), c // 2
        if pair not in self.told:
            self.told.add(pair)
            block_splits = decoder.block_splits(L)
            for paired in range(2 * pair, min(2 * pair + 2, C)):
                self.block_splits[paired] = block_splits
            if 2 * pair + 1 < C:
                self.angles[pair] = decoder.angles(len(self.edges) - 1)
        band_of = [sum(edge <= k for edge in self.edges) - 1 for k in self.rows[:bins]]
        bands, n = band_of[-1] + 1 if bins else 0, len(self.frames)
        apart, group, groups = None, 16, -(-n // 16)
        if self.mode == 7:
            apart, group = parts, -(-n // groups)
        if self.mode > 5 and c % 2 and c - 1 in self.scale_factors:
            scale_factors = decoder.paired_scale_factors(bands, n, self.scale_factors[c - 1], apart)
        else:
            file = {5: "scale_factors", 6: "perceptual", 7: "frames"}[self.mode]
            scale_factors = decoder.scale_factors(bands, n, file, apart)
        self.scale_factors[c] = scale_factors
        levels = (decoder.levels if apart is None else decoder.levels_in_time)(bands, groups)
        given = Given(
            scale_factors,
            levels,
            band_of,
            [self.block_splits[c][frame] for frame in self.frames],
            parts,
            None,
            {5: "mdct", 6: "perceptual", 7: "frames"}[self.mode],
            apart,
            group,
        )
        found, self.log_magnitudes[c] = decoder.symbols(
            given, self.log_magnitudes.get(c - 1) if c % 2 else None
        )
        q = found.tolist()
        for row, band in enumerate(band_of):
            for frame in range(n):
                symbol, w = q[row][frame], scale_factors[band][frame]
                f = float(2 ** (w // 2)) * (1.4142135623730951 if w % 2 else 1.0)
                if symbol:
                    e = u if abs(symbol) == 1 else v
                    value = (abs(symbol) + e / 32) * step * f
                    self.kept[c][row][frame] = True
                    self.value[c][row][frame] = single(value if symbol > 0 else -value)
                else:
                    self.noise[c][row][frame] = single(step * (f * levels[band][frame // group] / 32))
        if self.mode > 5:
            for frame in range(n):
                self.share_out(c, frame, [line[frame] for line in q], band_of)

    def share_out(self, c: int, frame: int, q: list[int], band_of: list[int]) -> None:
        """The noise of one frame, to its blocks."""
        blocks = 2 ** self.block_splits[c][self.frames[frame]]
        if blocks == 1:
            return
        total: dict[tuple[int, int], int] = {}
        count: dict[tuple[int, int], int] = {}
        keys = [((z >= 24) + (z >= 34), k % blocks) for k, z in zip(self.rows, band_of, strict=False)]
        for key, symbol in zip(keys, q, strict=True):
            total[key] = total.get(key, 0) + 100 * min(abs(symbol), 64) ** 2 + 1
            count[key] = count.get(key, 0) + 1
        for row, key in enumerate(keys):
            whole, cells = (sum(x for (r, _), x in of.items() if r == key[0]) for of in (total, count))
            gain = min(math.sqrt((total[key] * cells + 4 * whole) / ((count[key] + 4) * whole)), 2.0)
            self.noise[c][row][frame] = single(self.noise[c][row][frame] * gain)


def single(value: float) -> float:
    """Limited to float32's largest number, rounded to float32."""
    (rounded,) = struct.unpack("<f", struct.pack("<f", min(max(value, -LARGEST), LARGEST)))
    return float(rounded)
