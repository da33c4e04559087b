"""What a boundary between segments costs: errors near boundaries against elsewhere, cut against whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec import Audio, DecodeSettings, profile
from dpcodec.bench.clips import clips_of, digest, melody
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.trial import decode_timed, encode_timed
from dpcodec.metrics.snr import snr
from dpcodec.settings import Solver

CASES: tuple[tuple[Solver, float], ...] = (
    ("none", 0.5),
    ("least-squares", 0.3),
    ("least-squares", 0.5),
    ("least-squares", 0.8),
)
SEGMENT_SAMPLES = 160 * 512
REACH = 4096


def experiment(folder: Path | None) -> Experiment:
    """On the folder's clips strung together, or a melody of 30 s, at 16 kHz."""
    clip = melody(16000, 30.0) if folder is None else _strung_together(folder)
    tasks = [
        Task(
            {"clip_digest": digest(clip), "solver": solver, "drop": drop, "version": dpcodec.__version__},
            measure,
            {"clip": clip, "solver": solver, "drop": drop},
            cost_s=clip.duration * (3 if drop > 0.6 else 0.3),
        )
        for solver, drop in CASES
    ]
    return Experiment("boundaries", tasks, tables)


def measure(clip: Audio, solver: Solver, drop: float) -> Row:
    """Decoding in segments against decoding in one piece, and the error near boundaries against elsewhere.

    Music differs from place to place, so the error of the one piece at the same places stands beside it: what
    a boundary costs is the difference.
    """
    data, _ = encode_timed(clip, profile("paper", drop=drop))
    cut = decode_timed(data, DecodeSettings(solver=solver, device="cpu"))[0].samples
    one = DecodeSettings(solver=solver, device="cpu", batch_segments=64)
    whole = decode_timed(data, one)[0].samples
    near = _near_boundaries(cut.shape[1])

    def level_db(x: np.ndarray, where: np.ndarray) -> float:
        return float(10 * np.log10(max(np.sum(x[:, where].astype(np.float64) ** 2), 1e-30)))

    return {
        "segments_against_one_piece_db": -min(snr(whole, cut), 300.0),
        "snr_near_db": level_db(clip.samples, near) - level_db(cut - clip.samples, near),
        "snr_elsewhere_db": level_db(clip.samples, ~near) - level_db(cut - clip.samples, ~near),
        "lost_at_boundaries_db": level_db(cut - clip.samples, near) - level_db(whole - clip.samples, near),
    }


def tables(rows: Sequence[Row]) -> list[Table]:
    """All of it, rounded."""
    names = ("segments_against_one_piece_db", "snr_near_db", "snr_elsewhere_db", "lost_at_boundaries_db")
    shown = [
        {
            "solver": row["solver"],
            "random mask, drop": row["drop"],
            **{name: round(row[name], 2) for name in names},
        }
        for row in rows
    ]
    return [Table("Segments of 160 frames against one piece, paper profile", shown)]


def _strung_together(folder: Path) -> Audio:
    clips = clips_of(folder)
    return Audio(np.concatenate([clip.samples for clip in clips.values()], axis=1), 16000)


def _near_boundaries(samples: int) -> np.ndarray:
    near = np.zeros(samples, bool)
    for boundary in range(SEGMENT_SAMPLES, samples, SEGMENT_SAMPLES):
        near[max(0, boundary - REACH) : boundary + REACH] = True
    return near
