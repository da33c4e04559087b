"""The figures README quotes: each a mean over clips, beside the bar it has to pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from dpcodec import Audio, DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import load_clips
from dpcodec.bench.trial import Trial, run_trial
from dpcodec.errors import FileAccessError
from dpcodec.settings import Solver

RANDOM_BARS_DB = {0.3: 100.0, 0.5: 90.0, 0.6: 48.0, 0.7: 27.0, 0.8: 12.0, 0.9: 4.0}
ENERGY_BARS_DB = {0.5: 46.0, 0.9: 26.0}
COLUMN_BARS_DB = {2: 90.0, 4: 19.5, 6: 15.0}
RATE_BAR_KBPS = 13.0
RATE_SNR_DB = 24.0
RATE_BISECTIONS = 9

Row = dict[str, Any]


def random_masks(folder: Path, solver: Solver = "least-squares") -> Iterator[Row]:
    """Random mask, paper profile: a row a drop."""
    clips = load_clips(folder)
    for drop, bar in RANDOM_BARS_DB.items():
        trials = _trials(clips, profile("paper", drop=drop), solver)
        yield _row(f"random {drop}", solver, trials, bar_db=bar)


def energy_masks(folder: Path, solver: Solver = "least-squares") -> Iterator[Row]:
    """Energy mask, exact: a row a drop, with the worst gain over solver none."""
    clips = load_clips(folder)
    for drop, bar in ENERGY_BARS_DB.items():
        encoding = profile("paper", mask="energy", drop=drop)
        trials = _trials(clips, encoding, solver)
        zeros = _trials(clips, encoding, "none")
        worst = min(trials[name].snr_db - zeros[name].snr_db for name in clips)
        yield _row(f"energy {drop}", solver, trials, bar_db=bar) | {
            "worst_gain_over_none_db": round(worst, 3)
        }


def columns(folder: Path, solver: Solver = "least-squares") -> Iterator[Row]:
    """Missing columns as the folder's `missing_columns.json` lists them for each clip: a row a gap length."""
    clips = load_clips(folder)
    listing = folder / "missing_columns.json"
    if not listing.is_file():
        raise FileAccessError(f"{listing}: not there: it must list the missing frame indices by gap length")
    missing = json.loads(listing.read_text())
    for gap, bar in COLUMN_BARS_DB.items():
        encoding = profile("paper", mask="columns", columns=tuple((i, i) for i in missing[str(gap)]))
        yield _row(f"columns {gap}", solver, _trials(clips, encoding, solver), bar_db=bar)


def rates(folder: Path, rate: int = 16000) -> Iterator[Row]:
    """Default profile: a row at the drop, found by bisection, whose mean SNR is RATE_SNR_DB."""
    clips = load_clips(folder, rate)
    low, high = 0.5, 0.99  # a larger drop gives a lower SNR
    for _ in range(RATE_BISECTIONS):
        drop = round((low + high) / 2, 4)
        trials = _trials(clips, EncodeSettings(drop=drop), "none")
        if mean(t.snr_db for t in trials.values()) > RATE_SNR_DB:
            low = drop
        else:
            high = drop
    yield _row(f"default profile, drop {drop}", "none", trials) | {"bar_kbps": RATE_BAR_KBPS}


def _trials(clips: dict[str, Audio], encoding: EncodeSettings, solver: Solver) -> dict[str, Trial]:
    decoding = DecodeSettings(solver=solver, device="cpu")
    return {name: run_trial(clip, encoding, decoding) for name, clip in clips.items()}


def _row(what: str, solver: Solver, trials: dict[str, Trial], bar_db: float | None = None) -> Row:
    return {
        "what": what,
        "solver": solver,
        "clips": len(trials),
        "snr_db": round(mean(min(t.snr_db, 300.0) for t in trials.values()), 2),
        "bar_db": bar_db,
        "lowest_db": round(min(t.snr_db for t in trials.values()), 2),
        "kbps": round(mean(t.kbps for t in trials.values()), 2),
        "encode_s": round(mean(t.encode_s for t in trials.values()), 3),
        "decode_s": round(mean(t.decode_s for t in trials.values()), 3),
    }
