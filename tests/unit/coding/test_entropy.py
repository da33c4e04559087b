"""The range coder at its edges: carries, certain symbols, raw bits, the shortest end."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.entropy import AdaptiveTable, Decoder, Encoder
from dpcodec.errors import FormatError


def random_tables(rng: np.random.Generator, alphabet: int) -> AdaptiveTable:
    """Tables from even to all but certain."""
    counts = 1 + (rng.random((5, alphabet)) ** rng.uniform(0.5, 12) * 10 ** rng.uniform(1, 6)).astype(
        np.int64
    )
    return AdaptiveTable(counts, 32)


def test_frequencies_are_exact_integers() -> None:
    rng = np.random.default_rng(1)
    for alphabet in (2, 3, 23):
        table = random_tables(rng, alphabet)
        frequencies = table.frequencies()
        assert (frequencies == np.rint(frequencies)).all()
        assert (frequencies >= 1).all()
        assert (frequencies.sum(1) == 65536).all()


def test_counts_grow_by_what_was_coded() -> None:
    table = AdaptiveTable(np.ones((2, 3), np.int64), 5)
    table.update(np.array([0, 0, 1]), np.array([2, 2, 0]))
    assert table.counts.tolist() == [[1, 1, 11], [6, 1, 1]]


@pytest.mark.parametrize("seed", range(60))
def test_what_goes_in_comes_out(seed: int) -> None:
    """Unlikely symbols and long runs of certain ones make the carries and the short ends."""
    rng = np.random.default_rng(seed)
    alphabet, state = int(rng.integers(2, 24)), rng.bit_generator.state
    table = random_tables(rng, alphabet)
    messages = []
    for _ in range(int(rng.integers(1, 8))):
        context = rng.integers(0, 5, int(rng.integers(0, 60)))
        likely = table.counts[context].argmax(1)
        messages.append(
            (context, np.where(rng.random(len(context)) < 0.9, likely, rng.integers(0, alphabet)))
        )
    raw = rng.integers(0, 2, int(rng.integers(0, 50))).astype(np.uint8)
    encoder = Encoder()
    for context, symbols in messages:
        encoder.code(table, context, symbols)
    encoder.bits(len(raw), raw)
    data = encoder.finish()

    rng.bit_generator.state = state
    table = random_tables(rng, alphabet)
    decoder = Decoder(data)
    for context, symbols in messages:
        assert decoder.code(table, context, None).tolist() == symbols.tolist()
    assert decoder.bits(len(raw), None).tolist() == raw.tolist()
    decoder.finish()


def test_the_end_costs_at_most_a_byte() -> None:
    for count in range(0, 200):
        bits = (np.arange(count) * 7 % 11 % 2).astype(np.uint8)
        encoder = Encoder()
        encoder.bits(count, bits)
        assert len(encoder.finish()) <= count // 8 + 1


def test_left_over_bytes_are_refused() -> None:
    encoder = Encoder()
    encoder.bits(40, np.ones(40, np.uint8))
    decoder = Decoder(encoder.finish() + b"\0")
    decoder.bits(40, None)
    with pytest.raises(FormatError, match="left over"):
        decoder.finish()


def test_impossible_bytes_are_refused() -> None:
    decoder = Decoder(b"\xff" * 16)
    table = AdaptiveTable(np.array([[3, 1]]), 1)
    with pytest.raises(FormatError, match="match no symbol"):
        decoder.code(table, np.zeros(100, np.int64), None)
