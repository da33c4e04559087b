"""`bench peers` on the command line: what is absent is noted, what is there is measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import Outcome, Run

QUICK = ("--metrics", "snr", "--seconds", "0.5", "--rate", "16000", "--clips", 2, "-j", 1)


@pytest.fixture
def peers(cli: Run, tmp_path: Path) -> Run:
    """`bench peers` on short clips by formula, results in `tmp_path / "out"`."""

    def call(*options: object) -> Outcome:
        return cli("bench", "peers", *QUICK, "--out", tmp_path / "out", *options)

    return call


def test_tables_and_plots(peers: Run, tmp_path: Path) -> None:
    done = peers("--bitrates", "24,32", "--codecs", "dpcodec")
    assert done.code == 0, done.err
    out = done.out.decode()
    assert "SNR, dB: mean over 2 clips of 0.5 s at 16 kHz" in out
    assert "dpcodec stft, least-squares" in out
    assert (tmp_path / "out" / "peers-16000hz-0_5s-snr.svg").exists() == ("drew" in done.err)


def test_programs_that_are_absent_are_noted_and_left_out(
    peers: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = peers("--bitrates", "24", "--codecs", "dpcodec,opus,mp3")
    assert done.code == 0, done.err
    assert "opus: opusenc is not on PATH: apt install opus-tools" in done.err
    assert "mp3: lame is not on PATH: apt install lame" in done.err
    assert "opus" not in done.out.decode()


@pytest.mark.skipif(not shutil.which("opusenc"), reason="opusenc is not installed")
def test_rows_as_json(peers: Run) -> None:
    done = peers("--bitrates", "24", "--codecs", "opus", "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["clip"], row["codec"], row["kbps"]) for row in rows] == [
        ("castanets", "opus", 24),
        ("glides", "opus", 24),
    ]


def test_a_program_that_fails_is_one_line_an_attempt(
    peers: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("opusenc", "opusdec"):
        program = bin_folder / name
        program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo broken 1 && exit\necho no >&2; exit 9\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    done = peers("--bitrates", "24", "--codecs", "opus")
    assert done.code == 1
    failures = [line for line in done.err.splitlines() if "failed" in line]
    assert len(failures) == 2
    assert failures[0].endswith(
        "opusenc --quiet --bitrate 24 --padding 0 in.wav coded.opus failed with code 9: no"
    )


def test_a_codec_that_is_unknown_is_refused(peers: Run) -> None:
    done = peers("--codecs", "wma")
    assert done.code == 2
    assert "'wma' is none of dpcodec, opus" in done.err


def test_foreign_scores_give_ratios_of_rates(peers: Run, tmp_path: Path) -> None:
    given = tmp_path / "peers.csv"
    lines = [f"castanets,mono,theirs,,{size},{size},{snr}" for size, snr in ((100, -5), (100000, 90))]
    given.write_text("\n".join(["clip,channels,codec,setting,bytes,stream_bytes,snr", *lines]))
    options = ("--codecs", "dpcodec", "--profiles", "mdct", "--start", 1, "--foreign", given)
    done = peers("--bitrates", "24,48", *options)
    assert done.code == 0, done.err
    out = done.out.decode()
    assert "Bytes of dpcodec mdct over those of others at equal score" in out
    assert "theirs (given)" in out
    assert str(tmp_path) not in (tmp_path / "out" / "peers.jsonl").read_text()
    given.write_text("clip\n")
    assert "no column 'channels'" in peers(*options).err
