"""How fast and how large: real-time factors, boundaries of segments, a network's step."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np

from dpcodec import DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import melody
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


def boundaries(seconds: float = 30.0) -> Iterator[Row]:
    """Decoding in segments against decoding in one piece, and the error near boundaries against elsewhere."""
    clip = melody(16000, seconds)
    cases: list[tuple[Solver, float]] = [("none", 0.5), *(("least-squares", d) for d in (0.3, 0.5, 0.8))]
    for solver, drop in cases:
        encoding = profile("paper", drop=drop)
        data, _ = encode_timed(clip, encoding)
        cut, _, _ = decode_timed(data, DecodeSettings(solver=solver, device="cpu"))
        one = DecodeSettings(solver=solver, device="cpu", batch_segments=64)
        whole, _, _ = decode_timed(data, one)
        near = _near_boundaries(cut.samples.shape[1], encoding.hop)
        error = np.abs(cut.samples[0] - clip.samples[0]) ** 2
        level = np.abs(clip.samples[0]) ** 2
        yield {
            "what": f"{solver}, random {drop}",
            "segments_against_one_piece_db": round(-min(snr(whole.samples, cut.samples), 300.0), 1),
            "snr_near_boundaries_db": round(_ratio_db(level[near], error[near]), 2),
            "snr_elsewhere_db": round(_ratio_db(level[~near], error[~near]), 2),
            "one_piece_near_boundaries_db": round(
                _ratio_db(level[near], np.abs(whole.samples[0] - clip.samples[0])[near] ** 2), 2
            ),
        }


def network_steps(device: str = "cpu") -> Iterator[Row]:
    """One optimisation step of each network on 1024 bins x 160 frames."""
    from dpcodec.inpaint.deep_prior import measure_step  # loads torch
    from dpcodec.inpaint.networks import NETWORKS

    for network in NETWORKS:
        seconds = measure_step(network, 1024, 160, device)
        yield {"what": f"{network}, one step on 1024 x 160, {device}", "seconds": round(seconds, 2)}


def _near_boundaries(samples: int, hop: int, segment_frames: int = 160, reach: int = 4096) -> np.ndarray:
    near = np.zeros(samples, bool)
    for boundary in range(segment_frames * hop, samples, segment_frames * hop):
        near[max(0, boundary - reach) : boundary + reach] = True
    return near


def _ratio_db(level: np.ndarray, error: np.ndarray) -> float:
    return float(10 * np.log10(max(level.sum(), 1e-30) / max(error.sum(), 1e-30)))


def _row(what: str, seconds: float, times: list[float], bar: str) -> Row:
    return {"what": what, "times_real_time": round(seconds / median(times), 1), "bar": bar}
