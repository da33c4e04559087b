"""A clip made by formula through every mask and solver: what `make demo` shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from dpcodec import DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.trial import run_trial
from dpcodec.settings import Solver

SECONDS = 2.5
FIT_LIMIT_S = 4.0
"""Enough to see the deep prior run, not to see it shine."""
SOLVERS: tuple[Solver, ...] = ("none", "least-squares", "deep-prior", "auto")


def demo() -> Iterator[dict[str, Any]]:
    """Yield a row for each mask and solver on SECONDS of melody at 16 kHz mono."""
    clip = melody(seconds=SECONDS)
    gaps = ((20, 21), (45, 48))
    masks: list[tuple[str, EncodeSettings]] = [
        ("energy 0.9", EncodeSettings(drop=0.9)),
        ("energy 0.9 exact", profile("paper", mask="energy", drop=0.9)),
        ("random 0.5 exact", profile("paper", drop=0.5)),
        ("random 0.8 exact", profile("paper", drop=0.8)),
        ("random 0.5, 40 dB", replace(profile("paper", drop=0.5), exact=False)),
        ("columns, gaps of 2 and 4", profile("paper", mask="columns", columns=gaps)),
    ]
    for name, encoding in masks:
        for solver in SOLVERS:
            limit = FIT_LIMIT_S if solver == "deep-prior" else None
            decoding = DecodeSettings(solver=solver, time_limit=limit, device="cpu")
            row = asdict(run_trial(clip, encoding, decoding))
            told = row.pop("solvers").partition(": ")[2]
            yield {"mask": name, "solver": solver, **row, "remark": told if solver == "auto" else ""}
