"""How fast and how large: real-time factors, boundaries of segments, a network's step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dpcodec import Audio, DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import load_clips, melody
from dpcodec.bench.trial import decode_timed, encode_timed
from dpcodec.metrics.snr import snr
from dpcodec.settings import Solver

RUNS = 3
Row = dict[str, Any]


def speed(seconds: float = 20.0) -> Iterator[Row]:
    """Real-time factors on a melody made by formula, medians of RUNS, start-up not counted."""
    wide, narrow = melody(44100, seconds), melody(16000, seconds)
    half, most = profile("paper", drop=0.5), profile("paper", drop=0.8)
    encoded = {"default": encode_timed(wide, EncodeSettings())[0]}
    encoded["half"], encoded["most"] = encode_timed(narrow, half)[0], encode_timed(narrow, most)[0]
    times = [encode_timed(wide, EncodeSettings())[1] for _ in range(RUNS)]
    yield _row("encode, default profile, 44.1 kHz mono", seconds, times, ">= 20")
    cases: list[tuple[str, str, Solver, str]] = [
        ("decode none, default profile, 44.1 kHz mono", "default", "none", ">= 20"),
        ("decode none, random 0.5, paper profile", "half", "none", ">= 20"),
        ("decode least-squares, random 0.5, paper profile", "half", "least-squares", ">= 3"),
        ("decode least-squares, random 0.8, paper profile", "most", "least-squares", ">= 0.33"),
    ]
    for what, key, solver, bar in cases:
        settings = DecodeSettings(solver=solver, device="cpu")
        runs = RUNS if key != "most" else 1
        yield _row(what, seconds, [decode_timed(encoded[key], settings)[2] for _ in range(runs)], bar)


def boundaries(folder: Path | None = None) -> Iterator[Row]:
    """Decoding in segments against decoding in one piece, and the error near boundaries against elsewhere.

    On the folder's clips strung together, or a melody. Music differs from place to place, so the error of the
    one piece at the same places stands beside it: what a boundary costs is the difference.
    """
    clip = melody(16000, 30.0) if folder is None else _strung_together(folder)
    cases: list[tuple[Solver, float]] = [("none", 0.5), *(("least-squares", d) for d in (0.3, 0.5, 0.8))]
    for solver, drop in cases:
        data, _ = encode_timed(clip, profile("paper", drop=drop))
        cut = decode_timed(data, DecodeSettings(solver=solver, device="cpu"))[0].samples
        one = DecodeSettings(solver=solver, device="cpu", batch_segments=64)
        whole = decode_timed(data, one)[0].samples
        near = _near_boundaries(cut.shape[1])
        costs = _level_db(whole - clip.samples, near) - _level_db(cut - clip.samples, near)
        yield {
            "what": f"{solver}, random {drop}",
            "segments_against_one_piece_db": round(-min(snr(whole, cut), 300.0), 1),
            "snr_near_boundaries_db": round(
                _level_db(clip.samples, near) - _level_db(cut - clip.samples, near), 2
            ),
            "snr_elsewhere_db": round(
                _level_db(clip.samples, ~near) - _level_db(cut - clip.samples, ~near), 2
            ),
            "lost_at_boundaries_db": round(-costs, 2),
        }


def network_steps(device: str = "cpu") -> Iterator[Row]:
    """One optimisation step of each network on 1024 bins x 160 frames."""
    from dpcodec.inpaint.deep_prior import measure_step  # loads torch
    from dpcodec.inpaint.networks import NETWORKS

    for network in NETWORKS:
        seconds = measure_step(network, 1024, 160, device)
        yield {"what": f"{network}, one step on 1024 x 160, {device}", "seconds": round(seconds, 2)}


def _strung_together(folder: Path) -> Audio:
    clips = load_clips(folder)
    return Audio(np.concatenate([clip.samples for clip in clips.values()], axis=1), 16000)


def _near_boundaries(samples: int, segment_samples: int = 160 * 512, reach: int = 4096) -> np.ndarray:
    """Samples within `reach` of a boundary of the paper profile's segments."""
    near = np.zeros(samples, bool)
    for boundary in range(segment_samples, samples, segment_samples):
        near[max(0, boundary - reach) : boundary + reach] = True
    return near


def _level_db(x: np.ndarray, where: np.ndarray) -> float:
    return float(10 * np.log10(max(np.sum(x[:, where].astype(np.float64) ** 2), 1e-30)))


def _row(what: str, seconds: float, times: list[float], bar: str) -> Row:
    return {"what": what, "times_real_time": round(seconds / median(times), 1), "bar": bar}
