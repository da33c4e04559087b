"""Rates of both profiles: what is measured is what the codec gives, and tables interpolate it."""

from __future__ import annotations

import pytest

from dpcodec import DecodeSettings, decode, encode, profile
from dpcodec.bench.clips import formula_clips
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.experiments import rate
from dpcodec.metrics.snr import snr


@pytest.mark.parametrize("preset", rate.PROFILES)
def test_a_row_is_a_file_of_the_profile(preset: str) -> None:
    tasks = rate.experiment(None, 8000).tasks
    task = next(t for t in tasks if (t.key["profile"], t.key["drop"]) == (preset, 0.9))
    row = task.measure(**task.arguments)
    clip = task.arguments["clip"]
    data = encode(clip, profile(preset, drop=0.9))
    decoded = decode(data, DecodeSettings(solver="none"))
    assert row["bytes"] == len(data)
    assert row["kbps"] == pytest.approx(8 * len(data) / clip.duration / 1000)
    assert row["snr"] == pytest.approx(snr(clip.samples, decoded.samples), abs=1e-5)


def test_every_profile_drop_and_clip_is_measured_once() -> None:
    keys = [(t.key["profile"], t.key["drop"], t.key["clip"]) for t in rate.experiment(None, 8000).tasks]
    assert len(set(keys)) == len(keys) == 2 * len(rate.DROPS) * len(formula_clips(8000, 0.1))


def test_rates_at_a_level_lie_on_the_line_between_drops() -> None:
    def row(preset: str, drop: float, level: float, kbps: float) -> Row:
        return {"clip": "a", "profile": preset, "drop": drop, "snr": level, "kbps": kbps}

    rows = [row("stft", 0.8, 30, 22), row("stft", 0.9, 20, 12), row("mdct", 0.9, 24, 8)]
    _, at = rate.tables(rows)
    assert [r["stft, kbps"] for r in at.rows] == [12, 16, 17, 22]
    assert [r["mdct, kbps"] for r in at.rows] == [None, None, None, None]
