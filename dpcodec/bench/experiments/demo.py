"""A clip made by formula through every mask and solver: what `make demo` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import dpcodec
from dpcodec import DecodeSettings, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.trial import run_trial

SECONDS = 2.5
FIT_LIMIT_S = 4.0
"""Enough to see the deep prior run, not to see it shine."""
SOLVERS: tuple[str, ...] = ("none", "least-squares", "deep-prior", "auto")
GAPS = ((20, 21), (45, 48))
MASKS = {
    "perceptual": profile("perceptual"),
    "energy 0.9": profile("stft", drop=0.9),
    "energy 0.9 exact": profile("paper", mask="energy", drop=0.9),
    "random 0.5 exact": profile("paper", drop=0.5),
    "random 0.8 exact": profile("paper", drop=0.8),
    "random 0.5, 40 dB": replace(profile("paper", drop=0.5), exact=False),
    "columns, gaps of 2 and 4": profile("paper", mask="columns", columns=GAPS),
}


def experiment() -> Experiment:
    """A task for each mask and solver on SECONDS of melody at 16 kHz mono."""
    tasks = [
        Task(
            {"mask": mask, "solver": solver, "version": dpcodec.__version__},
            measure,
            {"mask": mask, "solver": solver},
            cost_s=6.0 if solver in ("deep-prior", "auto") else 1.5,
        )
        for mask in MASKS
        for solver in (SOLVERS if MASKS[mask].masked else ("none", "auto"))
    ]
    return Experiment("demo", tasks, tables, timed=True)


def measure(mask: str, solver: str) -> Row:
    """One mask with one solver; `auto` tells what it chose."""
    limit = FIT_LIMIT_S if solver == "deep-prior" else None
    decoding = DecodeSettings(solver=solver, time_limit=limit, device="cpu")
    row = asdict(run_trial(melody(seconds=SECONDS), MASKS[mask], decoding))
    told = row.pop("solvers").partition(": ")[2]
    return {**row, "snr_db": min(row["snr_db"], 300.0), "remark": told if solver == "auto" else ""}


def tables(rows: Sequence[Row]) -> list[Table]:
    """All of it, rounded."""
    names = ("bytes", "kbps", "snr_db", "encode_s", "decode_s")
    shown = [
        {
            "mask": row["mask"],
            "solver": row["solver"],
            **{name: round(row[name], 2) for name in names},
            "remark": row["remark"],
        }
        for row in rows
    ]
    return [Table("A melody by formula, 16 kHz mono, 2.5 s", shown)]
