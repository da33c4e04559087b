"""The rows are what was measured, on the same clips; the tables and plots are what the rows say."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec import DecodeSettings, FileAccessError, SettingsError, decode, encode, profile
from dpcodec.bench.clips import formula_clips
from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import peers
from dpcodec.bench.experiments.peers import peer, quantised_16_bit
from dpcodec.bench.experiments.peers.figures import rate_at, value_at

AVAILABLE = "dpcodec.bench.experiments.peers.comparison.available_peers"
QUICK: dict[str, Any] = {"metrics": ("snr",), "seconds": 1.0, "rate": 16000}
needs_flac = pytest.mark.skipif(peer("flac").missing() is not None, reason="flac is not installed")
needs_opus = pytest.mark.skipif(peer("opus").missing() is not None, reason="opus-tools are not installed")


def table(tables: list[Table], start: str) -> list[Row]:
    return list(next(t.rows for t in tables if t.title.startswith(start)))


# Measured


def test_this_codec_fills_the_bit_rate_and_is_measured_after_decoding(tmp_path: Path) -> None:
    solvers = ("none", "least-squares")
    chosen = peers.experiment(None, (24,), ("dpcodec",), solvers, profiles=("stft",), count=2, **QUICK)
    outcome = run(chosen, Results(tmp_path, "peers"))
    assert outcome.failures == []
    assert [(row["clip"], row["solver"]) for row in outcome.rows] == [
        ("castanets", "none"),
        ("castanets", "least-squares"),
        ("glides", "none"),
        ("glides", "least-squares"),
    ]
    for row in outcome.rows:
        clip = quantised_16_bit(formula_clips(16000, 1.0)[row["clip"]])
        drop = float(row["command"].split()[3].rstrip(";"))
        data = encode(clip, profile("stft", drop=drop))
        assert row["bytes"] == len(data) <= 24 * 125
        assert row["kbps_on_disk"] == pytest.approx(8e-3 * len(data))
        decoded = quantised_16_bit(decode(data, DecodeSettings(solver=row["solver"]))).samples
        noise = np.sum((clip.samples - decoded).astype(float) ** 2)
        assert row["snr"] == pytest.approx(10 * np.log10(np.sum(clip.samples**2) / noise), abs=1e-3)


def test_profiles_that_make_their_bit_rate_are_measured_as_auto_decodes_them(tmp_path: Path) -> None:
    chosen = peers.experiment(
        None, (16, 24), ("dpcodec",), profiles=("perceptual", "mdct"), count=1, **{**QUICK, "seconds": 5.0}
    )
    outcome = run(chosen, Results(tmp_path, "peers"))
    assert outcome.failures == []
    assert [(row["profile"], row["kbps"]) for row in outcome.rows] == [
        ("perceptual", 16),
        ("perceptual", 24),
        ("mdct", 16),
        ("mdct", 24),
    ]
    clip = quantised_16_bit(formula_clips(16000, 5.0)["castanets"])
    for row in outcome.rows:
        data = encode(clip, profile(row["profile"], bitrate=float(row["kbps"])))
        assert row["bytes"] == len(data)
        assert row["kbps_on_disk"] == pytest.approx(row["kbps"], rel=0.02)
        noise = np.sum((clip.samples - quantised_16_bit(decode(data)).samples).astype(float) ** 2)
        assert row["snr"] == pytest.approx(10 * np.log10(np.sum(clip.samples**2) / noise), abs=1e-3)
    told = peers.tables(outcome.rows)
    assert [row["codec"] for row in table(told, "SNR, dB: mean")] == ["dpcodec perceptual", "dpcodec mdct"]
    levels = {
        name: [row["snr"] for row in outcome.rows if row["profile"] == name]
        for name in ("perceptual", "mdct")
    }
    worse, better = sorted(levels, key=lambda name: sum(levels[name]))
    gains = table(told, f"SNR, dB: gain of dpcodec {better}")
    assert [row["against"] for row in gains] == [f"dpcodec {worse}"]


@needs_opus
@needs_flac
def test_peers_are_measured_on_the_same_samples_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    chosen = peers.experiment(None, (24, 48), ("opus", "flac"), count=1, **QUICK)
    rows = run(chosen, Results(tmp_path, "peers")).rows
    assert [(row["codec"], row["kbps"]) for row in rows] == [("opus", 24), ("opus", 48), ("flac", None)]
    assert list((tmp_path / "temporary").iterdir()) == []
    again = tmp_path / "again"
    again.mkdir()
    coded = peer("opus").encode_decode(quantised_16_bit(formula_clips(16000, 1.0)["castanets"]), 24, again)
    assert rows[0]["bytes"] == coded.bytes == (again / "coded.opus").stat().st_size
    assert rows[0]["codec_version"].startswith("opusenc")
    assert rows[2]["snr"] == "inf"


def test_a_program_that_fails_costs_its_row_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise FileAccessError("opusenc failed with code 1: no such mode")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(peers.Peer, "encode_decode", fail)
    opus = replace(peer("opus"), version=lambda: "opusenc 1")
    monkeypatch.setattr(AVAILABLE, lambda names: ([opus], []))
    outcome = run(
        peers.experiment(None, (24,), ("dpcodec", "opus"), profiles=("mdct",), count=1, **QUICK),
        Results(tmp_path, "peers"),
    )
    assert [row["codec"] for row in outcome.rows] == ["dpcodec"]
    assert outcome.failures == ["castanets, opus, 24, 16000, 1.0: opusenc failed with code 1: no such mode"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_every_measurement_has_a_key_of_its_own() -> None:
    chosen = [
        peers.experiment(None, (16, 24), ("dpcodec", "flac"), count=2, **{**QUICK, **changes})
        for changes in ({}, {"rate": 22050}, {"seconds": 0.5}, {"metrics": ("snr", "si-sdr")})
    ]
    ids = [task.id for one in chosen for task in one.tasks]
    assert len(set(ids)) == len(ids)


def test_clips_keep_their_own_rate_unless_told() -> None:
    rates = [
        peers.experiment(None, (16,), ("dpcodec",), rate=rate, metrics=("snr",)).tasks[0].key["rate"]
        for rate in (None, 8000)
    ]
    assert rates == [44100, 8000]


def test_metrics_are_checked_before_anything_runs() -> None:
    with pytest.raises(SettingsError, match="metric 'psnr' is unknown"):
        peers.experiment(None, metrics=("psnr",))


# Told


def row(clip: str, codec: str, kbps: float | None, on_disk: float, snr: float | str, **more: Any) -> Row:
    solver = "none" if codec == "dpcodec" else None
    return {
        "clip": clip,
        "clip_digest": clip,
        "codec": codec,
        "solver": solver,
        "kbps": kbps,
        "rate": 44100,
        "seconds": 5.0,
        "codec_version": f"{codec} 1",
        "version": "1",
        "kbps_on_disk": on_disk,
        "delay": 0,
        "command": f"{codec} {kbps}",
        "snr": snr,
        **more,
    }


def rows() -> list[Row]:
    """dpcodec gains 10 dB in clip a and 12 dB in b over opus, whose files are twice as large as asked."""
    made = []
    for clip, offset in (("a", 0.0), ("b", 2.0)):
        for kbps, level in ((16, 20.0), (32, 30.0)):
            made.append(row(clip, "dpcodec", kbps, kbps, level + offset))
            made.append(row(clip, "opus", kbps, 2 * kbps, level))
        made.append(row(clip, "flac", None, 300, "inf"))
    return made


@pytest.mark.usefixtures("intervals_of_two")
def test_means_stand_beside_what_the_files_weigh() -> None:
    asked = table(peers.tables(rows()), "SNR, dB: mean over 2 clips of 5 s at 44.1 kHz ±")
    assert [r["codec"] for r in asked] == ["dpcodec stft, none", "opus"]
    assert asked[0]["16"] == "21.0 ± 12.7 (16.0)"  # t of one degree of freedom: 12.706
    assert asked[1]["32"] == "30.0 ± 0.0 (64.0)"


@pytest.mark.usefixtures("intervals_of_two")
def test_gains_at_equal_bytes_are_taken_clip_by_clip() -> None:
    tables = peers.tables(rows())
    gains = table(tables, "SNR, dB: gain of dpcodec stft, none over others at its own bytes")
    assert gains == [{"against": "opus", "16": "", "32": "11.0 ± 12.7"}]
    lossless = table(tables, "Lossless")
    assert lossless == [{"codec": "flac", "kbit/s on disk": "300 ± 0"}]


def test_rates_for_an_snr_lie_between_points() -> None:
    rates = table(peers.tables(rows()), "kbit/s on disk for an SNR")
    # Means of dpcodec: 21 dB at 16 kbit/s, 31 dB at 32; of opus 20 dB at 32, 30 dB at 64.
    assert rates[0] == {
        "codec": "dpcodec stft, none",
        "15 dB": "< 16.0",
        "20 dB": "< 16.0",
        "25 dB": f"{16 * 2**0.4:.1f}",
        "30 dB": f"{16 * 2**0.9:.1f}",
    }
    assert rates[1]["25 dB"] == f"{32 * 2**0.5:.1f}"
    low = table(peers.tables([r for r in rows() if r["kbps"] == 16]), "kbit/s on disk for an SNR")
    assert low[1]["25 dB"] == "> 32.0"


def test_means_are_over_clips_that_all_codecs_have() -> None:
    unfinished = [*rows(), row("c", "dpcodec", 16, 16, 90.0)]
    assert peers.tables(unfinished)[0] == peers.tables(rows())[0]
    alone = peers.tables([row("c", "dpcodec", 16, 16, 90.0), row("d", "dpcodec", 32, 32, 95.0)])
    assert table(alone, "SNR, dB: mean over 2 clips")[0]["16"] == "90.0 (16.0)"


@pytest.mark.usefixtures("intervals_of_two")
def test_a_later_row_replaces_an_earlier_one_and_adds_its_metrics() -> None:
    newer = [{**r, "snr": 50.0, "version": "2"} for r in rows() if r["codec"] == "dpcodec"]
    asked = table(peers.tables([*rows(), *newer]), "SNR, dB: mean")
    assert asked[0]["16"].startswith("50.0 ± 0.0")
    graded = [{**{k: v for k, v in r.items() if k != "snr"}, "peaq_odg": -1.0} for r in rows()]
    titles = [one.title for one in peers.tables([*rows(), *graded])]
    assert sum(title.startswith("SNR, dB: mean") for title in titles) == 1
    assert sum(title.startswith("PEAQ, ODG: mean") for title in titles) == 1


def test_sample_rates_and_lengths_are_told_apart() -> None:
    other = [{**r, "rate": 16000} for r in rows()]
    longer = [{**r, "seconds": 10.0, "clip_digest": r["clip"] + "10"} for r in rows()]
    titles = [one.title for one in peers.tables([*rows(), *other, *longer]) if "how" not in one.title.lower()]
    assert len(titles) == 12
    assert sum("5 s at 16 kHz" in title for title in titles) == 4
    assert sum("10 s at 44.1 kHz" in title for title in titles) == 4


def test_how_it_was_run_is_told() -> None:
    moved = [{**r, "delay": 3} if r["codec"] == "opus" and r["clip"] == "b" else r for r in rows()]
    told = table(peers.tables(moved), "How each was run")
    assert told[1] == {"codec": "opus", "version": "opus 1", "delay": "0 ... 3", "command": "opus 32"}
    assert [r["codec"] for r in told] == ["dpcodec stft, none", "opus", "flac"]


def test_interpolation_is_straight_over_the_logarithm_and_ends_at_the_ends() -> None:
    points = [(10.0, 1.0), (20.0, 3.0), (40.0, 2.0)]
    assert value_at(points, 10 * 2**0.5) == pytest.approx(2.0)
    assert value_at(points, 40.3) == 2.0
    assert value_at(points, 41) is None
    assert value_at(points, 9) is None
    assert value_at([(10.0, 1.0)], 10.0) == 1.0
    assert rate_at(points, 2.0) == pytest.approx(10 * 2**0.5)
    assert rate_at(points, 3.5) is None


def test_curves_are_drawn_for_each_rate(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    other = [{**r, "rate": 16000} for r in rows()]
    written = peers.plots([*rows(), *other], tmp_path)
    assert [path.name for path in written] == [
        "peers-44100hz-5s-snr.png",
        "peers-44100hz-5s-snr.svg",
        "peers-16000hz-5s-snr.png",
        "peers-16000hz-5s-snr.svg",
    ]
    svg = written[1].read_text()
    for told in ("mean over 2 clips of 5 s at 44.1 kHz", "kbit/s on disk", "opus"):
        assert f"<!-- {told} -->" in svg
    assert "Curves: dpcodec stft, none; opus<" in svg
    assert "flac" not in svg
    assert peers.plots([row("a", "flac", None, 300, "inf")], tmp_path) == []


def test_quality_for_the_ear_has_a_small_figure_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    graded = [{**r, "peaq_odg": -1.0, "visqol": 4.0} for r in rows()]
    ours = [{**r, "profile": "perceptual", "solver": "auto"} for r in graded if r["codec"] == "dpcodec"]
    written = peers.plots([*graded, *ours], tmp_path)
    small = [path for path in written if "-ear-" in path.name]
    assert [path.name for path in small[1::2]] == [
        "peers-ear-44100hz-5s-peaq.svg",
        "peers-ear-44100hz-5s-visqol.svg",
    ]
    for path, title in zip(small[1::2], ("PEAQ, ODG", "ViSQOL, MOS"), strict=True):
        svg = path.read_text()
        for told in ("mean over 2 clips of 5 s at 44.1 kHz", title, "dpcodec", "opus"):
            assert f"<!-- {told} -->" in svg
        assert "stft" not in svg
    drawn = [path.name for path in peers.plots(graded, tmp_path / "a")]
    assert not any("-ear-" in name for name in drawn), "only where its own curve is there"
    one = [{k: v for k, v in r.items() if k != "visqol"} for r in [*graded, *ours]]
    drawn = [path.name for path in peers.plots(one, tmp_path / "b")]
    assert drawn
    assert not any("-ear-" in name for name in drawn), "and both metrics"
