"""The DPAI task: the gaps are those of the listing, and the published figures are of the same gaps."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, FileAccessError, create_audio, decode, encode, profile
from dpcodec.audio.audio import SampleFormat
from dpcodec.bench.clips import load_clips, melody
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import columns
from dpcodec.bench.fitting import Fitting
from dpcodec.metrics.snr import snr

DATA = Path(os.environ.get("DPCODEC_DATA", "../shared/data")) / "columns"
LISTING = {"2": [3, 4, 60, 61], "4": [5, 6, 7, 8]}
PUBLISHED = "example,columns,dpai,janssen\n0,2,20.5,30\n0,4,10,12\n0,6,1,1\n7,2,1,1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips, one of them published, and both listings."""
    folder = tmp_path_factory.mktemp("clips")
    for name, clip in {
        "example0": melody(16000, 1.0),
        "other": Audio(-melody(16000, 1.0).samples, 16000),
    }.items():
        with create_audio(folder / f"{name}.wav", 16000, 1, SampleFormat("wav", "FLOAT")) as writer:
            writer.write(clip.samples)
    (folder / "missing_columns.json").write_text(json.dumps(LISTING))
    (folder / "published_snr.csv").write_text(PUBLISHED)
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    experiment = columns.experiment(folder, 5.0, (2, 4))
    outcome = run(experiment, Results(tmp_path_factory.mktemp("columns"), "columns"))
    assert not outcome.failures
    return outcome.rows


def pick(rows: list[Row], **values: Any) -> Row:
    (row,) = [row for row in rows if values.items() <= row.items()]
    return row


# What is measured


@pytest.mark.parametrize("gap, frames", [(2, (3, 4)), (4, (5, 6, 7, 8))])
def test_the_listed_frames_that_the_clip_has_are_missing(rows: list[Row], gap: int, frames: Any) -> None:
    clip = melody(16000, 1.0)
    data = encode(clip, profile("paper", mask="columns", columns=tuple((i, i) for i in frames)))
    for solver in ("none", "least-squares"):
        row = pick(rows, clip="example0", gap=gap, solver=solver)
        for context in (True, False):
            settings = DecodeSettings(solver=solver, context=context, device="cpu")
            value = snr(clip.samples, decode(data, settings).samples)
            ending = "" if context or solver == "none" else "_without"
            assert row[f"snr{ending}"] == pytest.approx(value, abs=1e-5)


def test_published_figures_are_rows_of_clips_and_gaps_that_are_measured(rows: list[Row]) -> None:
    published = [(r["clip"], r["gap"], r["solver"], r["snr"]) for r in rows if r.get("published")]
    assert published == [
        *(("example0", 2, "dpai", 20.5), ("example0", 2, "janssen", 30.0)),
        *(("example0", 4, "dpai", 10.0), ("example0", 4, "janssen", 12.0)),
    ]


def test_clips_cut_short_are_not_compared_with_published_figures(folder: Path) -> None:
    assert not any(task.key.get("published") for task in columns.experiment(folder, 4.0, (2,)).tasks)


@pytest.mark.parametrize("gap", range(1, 7))
def test_without_a_listing_five_gaps_are_spread(gap: int) -> None:
    frames = columns.spread_gaps(gap, Audio(np.zeros(80000), 16000))
    starts = [frame for frame in frames if frame - 1 not in frames]
    assert len(starts) == 5
    assert frames == [start + i for start in starts for i in range(gap)]
    assert set(np.diff(starts)) <= {31, 32}
    assert starts[0] >= 10
    assert frames[-1] < 157 - 10


def test_a_folder_without_a_listing_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes((folder / "other.wav").read_bytes())
    experiment = columns.experiment(tmp_path, 5.0, (2,))
    assert "no missing_columns.json" in experiment.notes[0]
    assert experiment.tasks[0].arguments["missing"] == columns.spread_gaps(2, melody(16000, 1.0))
    assert columns.experiment(None, 1.0).notes == []


def test_a_row_tells_everything_its_figure_depends_on(folder: Path) -> None:
    def ids(*arguments: Any) -> set[str]:
        return {task.id for task in columns.experiment(*arguments).tasks}

    fits = [(None, 1.0, (2,), ("deep-prior",), Fitting("multiresunet-small", i, "cpu")) for i in (2, 3)]
    assert not ids(*fits[0]) & ids(*fits[1])
    before = ids(folder, 5.0, (2,))
    listing = folder / "missing_columns.json"
    listing.write_text(json.dumps({"2": [4, 5]}))
    assert len(ids(folder, 5.0, (2,)) & before) == 2, "the published figures"
    listing.write_text(json.dumps(LISTING))
    assert ids(folder, 5.0, (2,)) == before


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("missing_columns.json", "{", "must list missing frames"),
        ("missing_columns.json", "[1]", "must list missing frames"),
        ("missing_columns.json", '{"2": 3}', "must list missing frames"),
        ("missing_columns.json", '{"4": [3]}', "has no gaps of 2 columns: give --gaps of 4"),
        ("published_snr.csv", "example,gap\n0,2\n", "no table of example, columns"),
        ("published_snr.csv", "example,columns,dpai\n0,2,loud\n", "no table of example, columns"),
        ("published_snr.csv", "example,columns,dpai\n0,2\n", "no table of example, columns"),
    ],
)
def test_listings_that_cannot_be_read_are_refused(
    folder: Path, tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / "example0.wav").write_bytes((folder / "example0.wav").read_bytes())
    (tmp_path / "missing_columns.json").write_text(json.dumps(LISTING))
    (tmp_path / name).write_text(content)
    with pytest.raises(FileAccessError, match=message):
        columns.experiment(tmp_path, 5.0, (2,))


# What is shown


def test_means_are_over_the_clips_that_all_methods_have(rows: list[Row]) -> None:
    means, each = columns.tables(rows)
    assert [row["method"] for row in means.rows] == [
        *("none", "least-squares", "least-squares, without context"),
        *("dpai (published)", "janssen (published)"),
    ]
    assert {row["clips"] for row in means.rows} == {1}
    assert means.rows[0]["2"] == pytest.approx(
        pick(rows, clip="example0", gap=2, solver="none")["snr"], abs=5e-3
    )
    assert means.rows[3]["4"] == 10.0
    assert [row["clip"] for row in each.rows] == ["example0"] * 5 + ["other"] * 3


def test_without_published_figures_all_clips_count(rows: list[Row]) -> None:
    means, _ = columns.tables([row for row in rows if not row.get("published")])
    levels = [row["snr"] for row in rows if (row["gap"], row["solver"]) == (2, "none")]
    assert means.rows[0]["clips"] == 2
    assert means.rows[0]["2"] == pytest.approx(np.mean(levels), abs=5e-3)


def test_tables_are_made_of_any_part_of_the_rows(rows: list[Row]) -> None:
    for part in (rows[:1], rows[-1:], rows[::3]):
        tables = columns.tables(part)
        assert all(set(row) == set(table.rows[0]) for table in tables for row in table.rows)


def test_a_later_measurement_replaces_an_earlier_one(rows: list[Row]) -> None:
    row = pick(rows, clip="other", gap=2, solver="none")
    assert [r["snr"] for r in columns.read([row, {**row, "version": "9", "snr": 3.0}])] == [3.0]


def test_plots_show_long_gaps_once_more(
    rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    names = [f"{name}.{kind}" for name in ("columns", "columns-long") for kind in ("png", "svg")]
    assert [path.name for path in columns.plots(rows, tmp_path)] == names
    drawn = []
    monkeypatch.setattr(columns, "draw_panels", lambda *told: drawn.append(told))
    for part in (rows, [row for row in rows if row["gap"] == 2]):
        columns.plots(part, tmp_path)
    assert [[panel.ticks for panel in told[0]] for told in drawn] == [[[2, 4], [4]], [[2]]]
    lines = drawn[0][0][0].lines
    assert lines["dpai (published)"].y == [20.5, 10.0]
    assert [name for name, line in lines.items() if line.ours] == ["least-squares"]
    assert "none" in lines


# Like with like


@pytest.mark.skipif(not DATA.is_dir(), reason="the DPAI material is not here")
def test_the_published_figures_are_of_our_gaps_and_of_whole_clips() -> None:
    """Every sample under a missing frame set to zero gives the published `zero_fill`, but for how they treat
    the edges of gaps."""
    clips = load_clips(DATA)
    listing = json.loads((DATA / "missing_columns.json").read_text())
    for line in csv.DictReader((DATA / "published_snr.csv").read_text().splitlines()):
        x = clips[f"example{line['example']}"].samples
        silenced = x.copy()
        for frame in listing[line["columns"]]:
            silenced[:, max(0, frame * 512 - 1024) : frame * 512 + 1024] = 0
        assert snr(x, silenced) == pytest.approx(float(line["zero_fill"]), abs=0.12)
