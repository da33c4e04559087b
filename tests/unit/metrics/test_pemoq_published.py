"""PEMO-Q-like against the original program's published grades of hard-clipped recordings.

Reference: `data/metrics/pemoq_clipped.csv`, from P. Záviška, P. Rajmic, A. Ozerov, L. Rencker, "A survey and
an extensive evaluation of popular audio declipping methods", IEEE J. Sel. Topics Signal Process. 15 (2021):
ten recordings clipped to 20, 15 and 10 dB. Asked for over these thirty: mean absolute error 0.17, correlation
0.97. The test holds the ten at 20 dB to both, where grades lie furthest apart, from -1.0 to -3.9;

    python tests/unit/metrics/test_pemoq_published.py

measures all thirty, in one or two minutes.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from dpcodec import open_audio
from dpcodec.metrics.pemoq import pemoq

DATA = Path(os.environ.get("DPCODEC_DATA", Path(__file__).parents[4] / "shared" / "data"))
TABLE = DATA / "metrics" / "pemoq_clipped.csv"

Case = tuple[str, float, float]
"""Recording, SDR of the clipped one in dB, published grade."""


def cases() -> list[Case]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    return [(Path(r["excerpt"]).stem, float(r["input_SDR"]), float(r["PEMOQ_ODG_original"])) for r in rows]


def clipped_to(x: np.ndarray, sdr: float) -> np.ndarray:
    """Clipped where what is cut off lies `sdr` dB below x."""
    low, high = 0.0, float(np.max(np.abs(x)))
    for _ in range(60):
        limit = (low + high) / 2
        lost = np.linalg.norm(x - np.clip(x, -limit, limit))
        low, high = (limit, high) if 20 * np.log10(np.linalg.norm(x) / lost) < sdr else (low, limit)
    clipped: np.ndarray = np.clip(x, -low, low)
    return clipped


def grade(case: Case) -> float:
    with open_audio(DATA / "sqam" / f"{case[0]}.flac") as reader:
        x = reader.read(1 << 30).astype(np.float64)
        return pemoq(x, clipped_to(x, case[1]), reader.sample_rate).odg


def agreement(published: list[float], ours: list[float]) -> tuple[float, float, float]:
    """Mean absolute error, largest, correlation."""
    errors = np.abs(np.subtract(ours, published))
    return float(errors.mean()), float(errors.max()), float(np.corrcoef(ours, published)[0, 1])


@pytest.mark.skipif(not (TABLE.exists() and (DATA / "sqam").exists()), reason="the recordings are not here")
def test_grades_agree_with_the_original() -> None:
    chosen = [case for case in cases() if case[1] == 20]
    assert len(chosen) == 10
    mean, largest, r = agreement([c[2] for c in chosen], [grade(c) for c in chosen])
    assert mean <= 0.17
    assert largest <= 0.5
    assert r >= 0.97


if __name__ == "__main__":
    everything = cases()
    grades = [grade(case) for case in everything]
    for (name, sdr, published), ours in zip(everything, grades, strict=True):
        sys.stdout.write(f"{name:30} {sdr:4.0f} dB  published {published:6.2f}  here {ours:6.2f}\n")
    mean, largest, r = agreement([c[2] for c in everything], grades)
    sys.stdout.write(f"mean absolute error {mean:.3f}, largest {largest:.2f}, correlation {r:.3f}\n")
