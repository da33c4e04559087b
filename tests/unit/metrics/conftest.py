"""Degraded recordings and what other programs say of them (`reference.csv`), where the data are there."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dpcodec import open_audio

DATA = Path(os.environ.get("DPCODEC_DATA", Path(__file__).parents[4] / "shared" / "data")) / "metrics"

Pair = tuple[dict[str, str], np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def pairs() -> list[Pair]:
    """(row of the table, reference, degraded), float32 [1, N] at 48 kHz."""
    if not (DATA / "reference.csv").exists():
        pytest.skip("the degraded recordings are not here")
    return list(_pairs())


@pytest.fixture(scope="session")
def advanced() -> dict[str, dict[str, str]]:
    """What GstPEAQ says of the pairs in PEAQ's advanced version, and the 2f-model of Kabal's variables."""
    path = DATA / "reference_advanced.csv"
    if not path.exists():
        pytest.skip("the other program's figures are not here")
    with path.open(encoding="utf-8", newline="") as table:
        return {row["pair"]: row for row in csv.DictReader(table)}


def _pairs() -> Iterator[Pair]:
    with (DATA / "reference.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            yield row, _samples(row["reference"]), _samples(f"{row['pair']}.flac")


def _samples(name: str) -> np.ndarray:
    with open_audio(DATA / name) as reader:
        assert reader.sample_rate == 48000
        return reader.read(1 << 30)
