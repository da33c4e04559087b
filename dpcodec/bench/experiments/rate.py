"""Bit rate of the profiles against signal-to-noise ratio: a sweep over `drop`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import dpcodec
from dpcodec import Audio, DecodeSettings, profile
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import column, grouped, mean, rounded
from dpcodec.bench.evaluation import compare
from dpcodec.bench.trial import decode_timed, encode_timed

DROPS = (0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.925, 0.95, 0.97)
AT_DB = (20.0, 24.0, 25.0, 30.0)
PROFILES = ("stft", "mdct")
TITLE = "Solver none: mean over clips"


def experiment(folder: Path | None, rate: int = 16000) -> Experiment:
    """A task a profile, clip and drop."""
    clips = clips_of(folder, rate)
    tasks = [
        Task(
            {
                "clip": name,
                "clip_digest": digest(clip),
                "rate": rate,
                "drop": drop,
                "profile": preset,
                "version": dpcodec.__version__,
            },
            measure,
            {"clip": clip, "preset": preset, "drop": drop},
            cost_s=0.4,
        )
        for preset in PROFILES
        for drop in DROPS
        for name, clip in clips.items()
    ]
    return Experiment("rate", tasks, tables, plots)


def measure(clip: Audio, preset: str, drop: float) -> Row:
    """Size of the file and SNR."""
    data, _ = encode_timed(clip, profile(preset, drop=drop))
    decoded, _, _ = decode_timed(data, DecodeSettings(solver="none"))
    return {"bytes": len(data), "kbps": 8e-3 * len(data) / clip.duration, **compare(clip, decoded)}


def tables(rows: Sequence[Row]) -> list[Table]:
    """A row a profile and drop, and the rates at given SNRs, between drops by interpolation."""
    curve = [
        {
            "profile": preset,
            "drop": drop,
            "clips": len(group),
            "snr_db": rounded(mean(group, "snr")),
            "kbps": rounded(mean(group, "kbps")),
        }
        for (preset, drop), group in grouped(rows, "profile", "drop").items()
    ]
    curves = {str(preset): group for (preset,), group in grouped(curve, "profile").items()}
    at = [
        {
            "at_snr_db": db,
            **{f"{name}, kbps": rounded(_rate_at(points, db)) for name, points in curves.items()},
        }
        for db in AT_DB
    ]
    return [Table(TITLE, curve), Table("Rate at a mean SNR, interpolated between drops", at)]


def _rate_at(curve: Sequence[Row], snr_db: float) -> float | None:
    points = sorted((row["snr_db"], row["kbps"]) for row in curve)
    for (low_db, low), (high_db, high) in pairwise(points):
        if low_db <= snr_db <= high_db and high_db > low_db:
            return float(low + (high - low) * (snr_db - low_db) / (high_db - low_db))
    return None


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """SNR over kbit/s, a line a profile: means over clips."""
    lines = {}
    for (preset,), group in grouped(rows, "profile").items():
        by_drop = grouped(group, "drop").values()
        points = sorted((column(g, "kbps").mean(), column(g, "snr").mean()) for g in by_drop)
        lines[str(preset)] = Line([p[0] for p in points], [p[1] for p in points], ours=True)
    return draw_panels([Panel("SNR, dB", "kbit/s on disk", lines)], folder / "rate", TITLE)
