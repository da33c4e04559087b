"""What `bench paper` writes for other programs, from rows made up so that every number is known."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from dpcodec.bench.experiments import paper
from dpcodec.bench.experiments.paper import figure, summary
from dpcodec.bench.fitting import resolve_fitting, within

CLIPS = 6


def rows() -> list[dict[str, Any]]:
    """`none` has 0 dB, least squares 1 to 6 dB by clip, the fit as much but for the sign of one."""
    made: list[dict[str, Any]] = []
    for clip in range(CLIPS):
        common = {"clip": f"c{clip}", "clip_digest": str(clip), "mask": "random", "drop": 0.5}
        common["metrics"] = ["snr"]
        linear, fit = clip + 1.0, -1.0 if clip == 0 else clip + 1.0
        network = {"network": "multiresunet-small", "iterations": 46, "fit": "paper"}
        made += [
            {**common, "solver": "none", "snr": 0.0},
            {**common, "solver": "least-squares", "snr": linear, "snr_without": linear - 0.5},
            {**common, "solver": "deep-prior", **network, "snr": fit, "snr_without": fit - 2},
        ]
    return made


def test_means_and_differences_as_csv_and_json(tmp_path: Path) -> None:
    paths = figure.files(rows(), tmp_path)
    assert sorted(path.name for path in paths) == [
        *("paper-differences.csv", "paper-differences.jsonl", "paper-means.csv", "paper-means.jsonl")
    ]
    for name in ("means", "differences"):
        lines = [json.loads(line) for line in (tmp_path / f"paper-{name}.jsonl").read_text().splitlines()]
        with (tmp_path / f"paper-{name}.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        assert [{k: "" if v is None else str(v) for k, v in line.items()} for line in lines] == table
    means = [json.loads(line) for line in (tmp_path / "paper-means.jsonl").read_text().splitlines()]
    found = {(row["method"], row["context"]): row for row in means}
    fit = "deep-prior (multiresunet-small, 46 steps, fit paper)"
    assert found["least-squares", "with context"]["mean"] == pytest.approx(3.5)
    assert found["least-squares", "without"]["mean"] == pytest.approx(3.0)
    assert found[fit, "without"]["mean"] == pytest.approx(19 / 6 - 2)
    assert found["none", ""] | {"mean": 0.0, "clips": 6, "drop": 0.5, "figure": "snr"} == found["none", ""]
    assert (
        found["least-squares", "with context"]["low"] < 3.5 < found["least-squares", "with context"]["high"]
    )


def test_differences_are_those_of_clips_with_p_and_its_correction() -> None:
    (row,) = [t for t in figure.tables(rows()) if "mean difference over clips" in t.title]
    cells = {line["method"]: line["0.5"] for line in row.rows}
    fit = "deep-prior (multiresunet-small, 46 steps, fit paper)"
    # 2 of 64 sign flips, 4 of 64 and 64 of 64; Holm: times 3, 2, 1
    assert cells["least-squares less none"] == "+3.50 (0.094)"
    assert cells[f"{fit} less none"] == "+3.17 (0.125)"
    assert cells[f"{fit} less least-squares"] == "-0.33 (1.000)"


def test_rows_are_in_order_of_drop() -> None:
    readings = figure.read([{**row, "drop": drop} for drop in (0.7, 0.3, 0.5) for row in rows()])
    for table in (summary.means(readings, ["snr"]), summary.differences(readings, ["snr"])):
        drops = [row["drop"] for row in table if row.get("method", "none") == "none"]
        assert drops == sorted(drops)
        assert set(drops) == {0.3, 0.5, 0.7}


def test_a_plug_in_s_solver_is_not_drawn_as_ours() -> None:
    readings = figure.read([{**row, "solver": "mine"} for row in rows() if row["solver"] == "least-squares"])
    assert not figure._line(readings, "snr").ours
    ours = [row for row in figure.read(rows()) if row["solver"] == "least-squares"]
    assert figure._line(ours, "snr").ours


def test_the_legend_says_the_steps_of_a_fit() -> None:
    _, names = figure._short_names(figure.read(rows()))
    assert names["deep-prior (multiresunet-small, 46 steps, fit paper)"] == "deep-prior, 46 steps"
    assert names["least-squares"] == "least-squares"


def test_a_budget_is_so_many_steps() -> None:
    fitting = resolve_fitting(device="cpu", fit="paper")
    for budget_s in (10.0, 60.0):
        cut = within(fitting, budget_s)
        assert cut.iterations == int(budget_s / fitting.step_s(158))
        assert cut.network == fitting.network
        assert cut.fit_s(158) <= budget_s
    assert within(fitting, 0.001).iterations == 1
    task = paper.experiment(None, fitting=within(fitting, 10.0)).tasks[-1]
    assert task.key["iterations"] == within(fitting, 10.0).iterations
