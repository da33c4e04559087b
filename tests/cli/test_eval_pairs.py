"""`dpcodec eval` of a list of pairs, as text, CSV and JSON lines."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import MakeFile, Run

import dpcodec
from dpcodec import metrics
from dpcodec.cli.commands.figures import Pair, as_csv, as_json, as_table

RATE = 8000


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A list of three pairs, the last one equal."""
    rng = np.random.default_rng(0)
    x = 0.1 * rng.standard_normal((1, RATE))
    lines = ["# reference, degraded", ""]
    for name, error in (("a", 0.01), ("b", 0.02), ("c", 0.0)):
        audio = dpcodec.SampleFormat("wav", "FLOAT")
        dpcodec.write(tmp_path / f"{name}.wav", dpcodec.Audio(x, RATE, audio))
        noisy = x + error * rng.standard_normal(x.shape)
        dpcodec.write(tmp_path / f"{name} coded.wav", dpcodec.Audio(noisy, RATE, audio))
        lines.append(f"{tmp_path / name}.wav\t{tmp_path / name} coded.wav")
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join(lines))
    return path


def wanted(pairs: Path) -> list[tuple[str, str, float]]:
    rows = [line.split("\t") for line in pairs.read_text().splitlines() if "\t" in line]
    return [(r, d, metrics.snr(dpcodec.read(r).samples, dpcodec.read(d).samples)) for r, d in rows]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_pair_and_the_mean(cli: Run, pairs: Path, jobs: str) -> None:
    options = ("--pairs", pairs, "--metrics", "snr,lsd", "-j", jobs)
    rows = list(csv.reader(cli("eval", *options, "--csv").succeeds().out.decode().splitlines()))
    assert rows[0] == ["reference", "degraded", "snr", "lsd"]
    found = [(r, d, float(snr)) for r, d, snr, _ in rows[1:4]]
    assert found == [pytest.approx(row) for row in wanted(pairs)]
    assert rows[4][:2] == ["mean", ""]
    assert float(rows[4][2]) == pytest.approx(np.mean([row[2] for row in found[:2]]))
    lines = [json.loads(line) for line in cli("eval", *options, "--json").succeeds().out.splitlines()]
    assert [line["snr"] for line in lines[:3]] == [
        pytest.approx(found[0][2]),
        pytest.approx(found[1][2]),
        "inf",
    ]
    assert lines[3] == {"mean": {"snr": float(rows[4][2]), "lsd": float(rows[4][3])}, "files": 3}


def test_one_pair_as_csv(cli: Run, pairs: Path) -> None:
    reference, degraded, snr = wanted(pairs)[0]
    out = cli("eval", reference, degraded, "--metrics", "snr", "--csv").succeeds().out.decode()
    rows = list(csv.reader(out.splitlines()))
    assert rows[0] == ["reference", "degraded", "snr"]
    assert rows[1][:2] == [reference, degraded]
    assert float(rows[1][2]) == pytest.approx(snr)
    assert len(rows) == 2


def test_what_is_missing_is_left_out_by_name(cli: Run, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "visqol", None)
    done = cli("eval", "--pairs", pairs, "--metrics", "visqol,snr", "--csv").succeeds()
    assert done.out.decode().splitlines()[0] == "reference,degraded,snr"
    assert "left out: visqol" in done.err
    cli("eval", "--pairs", pairs, "--metrics", "visqol").fails(2, "visqol")


def test_a_pair_that_fails_is_named_and_the_others_count(cli: Run, pairs: Path) -> None:
    pairs.write_text(pairs.read_text() + f"\n{pairs.parent / 'none.wav'}\t{pairs.parent / 'a.wav'}\n")
    done = cli("eval", "--pairs", pairs, "--metrics", "snr", "--json")
    assert done.code == 3
    assert "none.wav" in done.err
    assert json.loads(done.out.splitlines()[-1])["files"] == 3


def test_what_is_no_list_is_said(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    for text, told in (("a.wav b.wav\n", "line 1 is no pair"), ("\n# a\tb\n", "there is no pair in it")):
        bad.write_text(text)
        cli("eval", "--pairs", bad).fails(2, told)
    bad.write_bytes(b"\xff\xfe\x00")
    cli("eval", "--pairs", bad).fails(2, "this is no text")
    cli("eval", "--pairs", tmp_path / "none.txt").fails(1, "cannot be read")
    cli("eval", "--pairs", bad, tone("a.wav"), tone("b.wav")).fails(2, "leave out REF and DEG")
    cli("eval", "a.wav").fails(2, "REF or DEG is missing")
    cli("eval", "a", "b", "--json", "--csv").fails(2, "--json and --csv contradict")


def test_means_leave_out_what_is_not_finite() -> None:
    pairs: list[Pair] = [
        ("r", "a", {"snr": 1.0, "x": None}),
        ("r", "b", {"snr": "inf"}),
        ("r", "c", {"snr": 2.0}),
    ]
    assert json.loads(list(as_json(pairs))[-1]) == {"mean": {"snr": 1.5, "x": None}, "files": 3}
    assert as_csv(pairs).splitlines() == [
        *("reference,degraded,snr,x", "r,a,1.0,", "r,b,inf,", "r,c,2.0,", "mean,,1.5,")
    ]
    assert [line.split() for line in as_table(pairs)] == [
        *(["file", "snr", "x"], ["a", "1.000", "-"], ["b", "inf", "-"], ["c", "2.000", "-"], []),
        *(
            ["mean", "least", "most", "files"],
            ["snr", "1.500", "1.000", "inf", "3"],
            ["x", "-", "-", "-", "0"],
        ),
    ]
