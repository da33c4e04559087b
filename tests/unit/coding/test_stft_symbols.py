"""The coded grid against a second decoder, written from docs/format.md in Python integers, cell by cell."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dpcodec.coding.entropy import AdaptiveTable
from dpcodec.coding.mdct_contexts import ChannelContext, log_magnitude_of
from dpcodec.coding.mdct_symbols import decode_mdct_symbols, encode_mdct_symbols
from dpcodec.coding.stft_symbols import decode_symbols, encode_symbols, walk
from dpcodec.errors import FormatError

from .slow_mdct import (
    Given,
    SlowMdctDecoder,
    SlowRangeDecoder,
    cumulatives,
    data_file,
    floor_and_bits,
    sixteenths,
    values_of,
)

EDGES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024, 4096)
ORDER = [(16, 0, 0), (16, 0, 1), (16, 8, 2), (8, 4, 2), (4, 2, 2), (2, 1, 3)]
PASSES = [(16, 0, 0, 0), (16, 0, 1, 1)] + [(d, f, b, s) for d, f, s in ORDER[2:] for b in (0, 1)]


def slow_decode(data: bytes, bins: int, frames: int, coded: np.ndarray) -> np.ndarray:
    """A second decoder."""
    coder = SlowRangeDecoder(data)
    start = data_file("stft")
    counts = [
        [[4096 - n, n] for n in start["zeros"]],
        [list(row) for row in start["real"]],
        [list(row) for row in start["imag"]],
    ]
    known: dict[tuple[int, int], int] = {}
    cells, classes = [], []

    def step(table: int, contexts: list[int]) -> list[int]:
        rows = {c: cumulatives(counts[table][c]) for c in set(contexts)}
        found = [coder.symbol(rows[c]) for c in contexts]
        for c, s in zip(contexts, found, strict=True):
            counts[table][c][s] += 32
        return found

    def mean(k: int, frame: int, neighbours: list[tuple[int, int, int]]) -> tuple[int, int]:
        there = [(w, known[k + a, frame + t]) for a, t, w in neighbours if (k + a, frame + t) in known]
        weight = sum(w for w, _ in there)
        return weight, min(16 * sum(w * m for w, m in there) // max(weight, 1), 4096)

    for d, f, b, stage in PASSES:
        h = d // 2
        time = [(0, -h, 6), (0, h, 6), (0, -3 * h, 1), (0, 3 * h, 1)] if f else []
        beside = [(a, t, 1) for a in (-1, 1) for t in (-h, h)] if f else []
        beside += [(-1, 0, 1), (1, 0, 1)] if b else []
        here = [(k, t) for k in range(b, bins, 2) for t in range(f, frames, d) if coded[k, t]]
        activities, contexts = [], []
        for k, t in here:
            (wt, mt), (wb, mb) = mean(k, t, time), mean(k, t, beside)
            activities.append(1 + sum(e <= (mt if wt else mb) for e in EDGES) if wt or wb else 0)
            contexts.append((stage * 25 + activities[-1]) * 4 + sum(e <= mb for e in (1, 16, 48)))
        nonzero = [j for j, z in enumerate(step(0, contexts)) if z]
        re_ = step(1, [activities[j] for j in nonzero])
        im = step(2, [activities[j] * 4 + min(r, 3) for j, r in zip(nonzero, re_, strict=True)])
        known.update(dict.fromkeys(here, 0))
        for j, r, i in zip(nonzero, re_, im, strict=True):
            known[here[j]] = min(floor_and_bits(r)[0] + floor_and_bits(i)[0], 1023)
            cells.append(here[j])
            classes += [r, i]
    signed = values_of(coder, classes)
    q = np.zeros((bins, frames, 2), np.int32)
    for (k, t), real, imag in zip(cells, signed[::2], signed[1::2], strict=True):
        q[k, t] = real, imag
    return q


def grid(seed: int, bins: int, frames: int, scale: float) -> np.ndarray:
    """Symbols with the look of music, from a formula and integers only."""
    rng = np.random.Generator(np.random.PCG64(seed))
    level = scale * np.exp(-np.arange(bins) / (1 + bins / 6)) * rng.exponential(1, (bins, 1)).T
    wave = rng.laplace(0, 1, (bins, frames, 2)) * level.reshape(bins, 1, 1)
    return np.rint(wave).astype(np.int32)


@pytest.mark.parametrize(
    "seed, bins, frames, scale", [(0, 20, 37, 2), (1, 7, 16, 400), (2, 31, 5, 0.3), (3, 1, 1, 9)]
)
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_second_decoder_agrees(seed: int, bins: int, frames: int, scale: float, share: float) -> None:
    coded = np.random.Generator(np.random.PCG64(seed)).random((bins, frames)) < share
    q = grid(seed, bins, frames, scale) * coded[..., None]
    data = encode_symbols(q, coded)
    assert np.array_equal(slow_decode(data, bins, frames, coded), q)
    assert np.array_equal(decode_symbols(data, (bins, frames), coded), q)


@pytest.mark.parametrize(
    "seed, bins, frames, scale",
    [(0, 20, 37, 2), (1, 7, 16, 400), (2, 31, 5, 0.3), (3, 1, 1, 9), (4, 9, 70, 3000)],
)
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_second_decoder_agrees_on_mdct_coefficients(
    seed: int, bins: int, frames: int, scale: float, share: float
) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    coded = rng.random((bins, frames)) < share
    block_splits = np.maximum(rng.integers(-8, 8, frames), 0)
    q = grid(seed, bins, frames, scale)[..., 0] * coded
    bands = np.sort(rng.integers(0, 50, bins))
    paired = grid(seed + 9, bins + 2, frames, scale)[..., 0] if seed % 2 else None
    channel = ChannelContext(bands, 1 + seed, None if paired is None else log_magnitude_of(paired), coded)
    data = encode_mdct_symbols(q, block_splits, channel)
    slow = SlowMdctDecoder(data)
    assert slow.block_splits(frames) == block_splits.tolist()
    zeros = [[0] * frames] * 50
    given = Given(zeros, zeros, bands.tolist(), block_splits.tolist(), 1 + seed, coded)
    assert np.array_equal(slow.symbols(given, None if paired is None else slow_log_magnitudes(paired))[0], q)
    found, told = decode_mdct_symbols(data, frames, channel)
    assert np.array_equal(found, q)
    assert np.array_equal(told, block_splits)


def slow_log_magnitudes(q: np.ndarray) -> dict[tuple[int, int], int]:
    """Of the paired channel, as the document has it; magnitudes are those of their classes."""
    cells = zip(*np.nonzero(q), strict=True)
    return {(int(k), int(t)): sixteenths(min(floor(abs(int(q[k, t]))), 1023)) for k, t in cells}


def floor(magnitude: int) -> int:
    """The smallest magnitude of its class."""
    if magnitude < 8:
        return magnitude
    e = magnitude.bit_length() - 1
    return 1024 if e > 9 else (2 + (magnitude >> (e - 1) & 1)) << (e - 1)


def test_every_magnitude_class_comes_back() -> None:
    edges = [2**e + o for e in range(24) for o in (-1, 0, 1)] + [2**24 - 1]
    q = np.array([*edges, *(-v for v in edges)], np.int32)
    q = np.resize(q, (10, 20, 2))
    data = encode_symbols(q, None)
    assert np.array_equal(decode_symbols(data, (10, 20), None), q)
    assert np.array_equal(slow_decode(data, 10, 20, np.ones((10, 20), bool)), q)


def test_golden_bytes() -> None:
    k, t = np.mgrid[:24, :40]
    q = np.stack([(k * t) % 7 - 3, (k + 2 * t) % 5 - 2], -1).astype(np.int32) * (k < 12)[..., None]
    data = encode_symbols(q, None)
    assert (len(data), hashlib.sha256(data).hexdigest()[:16]) == (388, "46758f5978722c6c")


def test_nothing_takes_no_bytes() -> None:
    assert encode_symbols(np.zeros((0, 9, 2), np.int32), None) == b""
    assert len(encode_symbols(np.zeros((100, 200, 2), np.int32), None)) <= 40


def test_close_to_the_conditional_entropy() -> None:
    """Within 5 % of the empirical entropy under the same contexts, learning included."""

    class Recorder:
        def __init__(self) -> None:
            self.seen: dict[tuple[int, ...], np.ndarray] = {}
            self.raw = 0

        def code(self, table: AdaptiveTable, context: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
            assert truth is not None
            shape = table.counts.shape
            np.add.at(self.seen.setdefault(shape, np.zeros(shape)), (context, truth.astype(int)), 1)
            return truth.astype(np.int32)

        def bits(self, count: int, truth: np.ndarray | None) -> np.ndarray:
            self.raw += count
            return np.asarray(truth, np.uint8)

    q, recorder = grid(5, 128, 200, 4), Recorder()
    walk(recorder, q.shape[:2], None, q)
    bits = recorder.raw
    for counts in recorder.seen.values():
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        bits -= (counts * np.log2(np.where(counts > 0, share, 1))).sum()
    assert bits / 8 < len(encode_symbols(q, None)) < 1.05 * bits / 8


def test_bytes_that_no_encoder_writes_are_refused() -> None:
    """A cut code may be another message's; that is for the packet's checksum."""
    data = encode_symbols(grid(7, 16, 30, 3), None)
    for wrong in (data + b"\0", data + b"\1" * 8, data + bytes(7) + b"\1", b"\xff" * 40):
        with pytest.raises(FormatError):
            decode_symbols(wrong, (16, 30), None)
