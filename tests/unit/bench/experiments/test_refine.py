"""Refine beside noise: a row is what the library gives, and tables take differences, means and minima."""

from __future__ import annotations

import pytest

from dpcodec import DecodeSettings, EncodeSettings, decode, encode
from dpcodec.bench.clips import formula_clips
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.experiments import refine
from dpcodec.metrics.snr import snr


def test_a_row_is_one_file_decoded_twice() -> None:
    tasks = refine.experiment(None, (24.0,), ("snr",), 16000, 1.0).tasks
    assert [task.key["clip"] for task in tasks] == list(formula_clips(16000, 1.0))
    task = next(task for task in tasks if task.key["clip"] == "melody")
    row, clip = task.measure(**task.arguments), task.arguments["clip"]
    data = encode(clip, EncodeSettings(bitrate=24))
    assert row["bytes"] == len(data)
    for solver in refine.SOLVERS:
        decoded = decode(data, DecodeSettings(solver=solver))
        assert row[f"snr_{solver}"] == pytest.approx(snr(clip.samples, decoded.samples), abs=1e-5)
        assert row[f"cpu_{solver}"] >= 0
    assert row["snr_refine"] > row["snr_noise"]


def row(clip: str, bitrate: float, noise: float, refined: float) -> Row:
    known = {"set": "some", "clip": clip, "bitrate": bitrate, "seconds": 4.0}
    return {**known, "snr_noise": noise, "snr_refine": refined, "cpu_noise": 0.1, "cpu_refine": 0.4}


def test_tables_take_differences_means_and_minima() -> None:
    gains, speed = refine.tables([row("a", 24, 10, 11), row("a", 48, 20, 20.5), row("b", 24, 12, 11.5)])
    assert gains.title == "some, SNR in dB: refine less noise, by kbit/s"
    assert gains.rows == [
        {"clip": "a", "24": 1.0, "48": 0.5},
        {"clip": "b", "24": -0.5, "48": None},
        {"clip": "mean", "24": 0.25, "48": 0.5},
        {"clip": "least", "24": -0.5, "48": 0.5},
    ]
    assert speed.rows[0] == {"kbit/s": 24, "clips": 2, "noise": 40.0, "refine": 10.0}
