"""The entropy that the coder is held against, against scipy's, and on the very symbols that files hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from dpcodec import Audio, encode, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import entropy
from dpcodec.coding.stft_symbols import encode_symbols, walk


def test_conditional_entropy_is_scipy_s() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (7, 5))
    counts[3] = 0
    rows = [row for row in counts if row.any()]
    expected = sum(row.sum() * stats.entropy(row, base=2) for row in rows)
    assert entropy.conditional_entropy_bits(counts) == pytest.approx(expected)


@pytest.mark.parametrize("channels", [1, 2])
def test_symbols_are_those_of_the_file(channels: int) -> None:
    data = encode(melody(16000, 1.0, channels), profile("stft", drop=0.9))
    parts = entropy.parts_of(data)
    assert len(parts) == 8
    for body, symbols in parts:
        assert len(symbols) == channels
        assert body in data
        assert body.endswith(encode_symbols(symbols[-1], None))
        assert encode_symbols(symbols[0], None) in body


def test_silence_has_no_symbols() -> None:
    data = encode(melody(16000, 0.0), profile("stft"))
    silent = encode(Audio(np.zeros(16000), 16000), profile("stft"))
    assert (
        sum(q.size for file in (data, silent) for _, symbols in entropy.parts_of(file) for q in symbols) == 0
    )


def test_every_cell_is_counted_once() -> None:
    q = np.random.default_rng(2).integers(-3, 4, (20, 30, 2)).astype(np.int32)
    q[q[..., 0] > 0] = 0
    counter = entropy.Counter()
    walk(counter, (20, 30), None, q)
    zeros, nonzeros = (counts for counts in counter.counts.values() if counts.shape[1] == 2), q.any(axis=2)
    assert [counts.sum(axis=0).tolist() for counts in zeros] == [[(~nonzeros).sum(), nonzeros.sum()]]
    levels = [counts.sum() for counts in counter.counts.values() if counts.shape[1] != 2]
    assert levels == [nonzeros.sum()] * 2
    assert counter.raw_bits == np.count_nonzero(q)  # small levels: a sign each


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    outcome = run(
        entropy.experiment(None, (0.9,), seconds=2.0), Results(tmp_path_factory.mktemp("o"), "entropy")
    )
    assert not outcome.failures
    return outcome.rows


def test_files_are_larger_than_bodies_and_these_than_their_entropy(rows: list[Row]) -> None:
    assert len(rows) == 3
    for row in rows:
        assert row["kbps"] > row["bodies_kbps"] > row["entropy_kbps"] > 0
    by_name = {row["clip"]: row for row in rows}
    assert by_name["melody"]["bytes"] == len(encode(melody(16000, 2.0), profile("stft", drop=0.9)))


def test_table_has_a_row_a_drop(rows: list[Row], tmp_path: Path) -> None:
    (table,) = entropy.tables(rows)
    (shown,) = table.rows
    whole, floor = (sum(row[name] for row in rows) for name in ("kbps", "entropy_kbps"))
    assert shown["files over entropy, %"] == pytest.approx(100 * (whole / floor - 1), abs=0.05)
    assert entropy.tables([]) == []
