"""The paper's experiment measures what the codec gives, and its figure shows what was measured."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dpcodec import DecodeSettings, decode, encode, inspect, profile
from dpcodec.bench.clips import formula_clips
from dpcodec.bench.engine.experiment import Experiment, Row
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import run
from dpcodec.bench.experiments import paper
from dpcodec.bench.experiments.paper import figure as paper_figure
from dpcodec.bench.fitting import CPU_STEP_S, Fitting
from dpcodec.metrics.snr import si_sdr, snr

SECONDS = 0.6
SMALL = Fitting("multiresunet-small", 2, "cpu")
SOLVERS: dict[str, dict[str, Any]] = {
    "none": {},
    "least-squares": {},
    "deep-prior": {"iterations": 2, "network": "multiresunet-small"},
}


def small(**changes: Any) -> Experiment:
    settings = {"drops": (0.3, 0.8), "metrics": ("snr", "si-sdr"), "fitting": SMALL, **changes}
    return paper.experiment(None, SECONDS, **settings)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    pytest.importorskip("torch")
    outcome = run(small(), Results(tmp_path_factory.mktemp("paper"), "paper"))
    assert not outcome.failures
    return outcome.rows


# What is measured


def test_there_is_a_row_for_every_clip_mask_drop_and_solver(rows: list[Row]) -> None:
    cells = {(row["clip"], row["mask"], row["drop"], row["solver"]) for row in rows}
    assert len(cells) == len(rows) == 3 * 2 * 2 * 3


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("mask", ["random", "energy"])
def test_figures_are_those_of_encoding_and_decoding(rows: list[Row], mask: Any, solver: Any) -> None:
    clip = formula_clips(16000, SECONDS)["melody"]
    data = encode(clip, profile("paper", mask=mask, drop=0.8))
    row = next(
        r for r in rows if (r["clip"], r["mask"], r["drop"], r["solver"]) == ("melody", mask, 0.8, solver)
    )
    for context in (True, False):
        settings = DecodeSettings(solver=solver, context=context, device="cpu", **SOLVERS[solver])
        decoded = decode(data, settings).samples
        ending = "" if context or solver == "none" else "_without"
        assert row[f"snr{ending}"] == pytest.approx(snr(clip.samples, decoded), abs=1e-5)
        assert row[f"si_sdr{ending}"] == pytest.approx(si_sdr(clip.samples, decoded), abs=1e-5)


def test_clips_longer_than_a_segment_are_solved_in_one_piece() -> None:
    clip = formula_clips(16000, 6.0)["glides"]
    task = paper.experiment(None, 6.0, ("random",), (0.5,), ("none",), ("snr",)).tasks[1]
    assert task.key["clip"] == "glides"
    row = task.measure(**task.arguments)
    whole = encode(clip, profile("paper", drop=0.5, segment_frames=189))
    assert inspect(whole).segments == 1
    assert row["snr"] == pytest.approx(
        snr(clip.samples, decode(whole, DecodeSettings(solver="none")).samples)
    )


def test_a_row_tells_everything_its_figures_depend_on(rows: list[Row]) -> None:
    keys = [task.key for task in small().tasks]
    others = small(fitting=replace(SMALL, iterations=3)).tasks
    changed = [task.key != key for task, key in zip(others, keys, strict=True)]
    assert changed == [key["solver"] == "deep-prior" for key in keys]
    for change in ({"metrics": ("snr",)}, {"masks": ("random",)}, {"drops": (0.31,)}):
        assert [task.id for task in small(**change).tasks] != [task.id for task in small().tasks]
    assert all({"clip", "clip_digest", "version"} <= set(key) for key in keys)


# In which order, at which cost


def test_fits_come_last_and_any_beginning_covers_clips_and_masks() -> None:
    tasks = paper.experiment(None, SECONDS, fitting=SMALL).tasks
    solvers = [task.key["solver"] for task in tasks]
    fits = [task.key for task in tasks if task.key["solver"] == "deep-prior"]
    assert solvers.index("deep-prior") == len(tasks) - len(fits) == 3 * 2 * 9 * 2
    assert [key["drop"] for key in fits[::6]] == [0.5, 0.9, 0.1, 0.7, 0.3, 0.8, 0.6, 0.4, 0.2]
    assert {(key["clip"], key["mask"]) for key in fits[:6]} == {
        (clip, mask) for clip in formula_clips(8000, 0.1) for mask in ("random", "energy")
    }


def test_the_order_of_drops_is_a_permutation_that_spreads() -> None:
    drops = [0.05, 0.1, 0.15, 0.6, 0.9]
    order = paper.spread(drops)
    assert sorted(order) == drops
    assert order[:3] == [0.15, 0.9, 0.6]
    assert paper.spread([0.4]) == [0.4]


def test_the_cost_of_fits_is_told_with_options_that_take_ten_minutes() -> None:
    full = paper.experiment(None, fitting=Fitting("multiresunet", 5000, "cpu"))
    total = sum(task.cost_s for task in full.tasks if task.key["solver"] == "deep-prior")
    assert total > 3 * 2 * 9 * 5000 * 0.9 * CPU_STEP_S["multiresunet"]
    (note,) = full.notes
    assert "54 fits of multiresunet, 5000 steps each, take about 77 d" in note
    words = note.split()
    advised = {
        name: words[words.index(f"--{name}") + 1] for name in ("masks", "drops", "network", "iterations")
    }
    less = paper.experiment(
        None,
        masks=(advised["masks"],),
        drops=(float(advised["drops"]),),
        fitting=Fitting(advised["network"], int(advised["iterations"]), "cpu"),
    )
    assert 500 < sum(task.cost_s for task in less.tasks) <= 600
    assert less.notes == []


def test_fits_on_a_gpu_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fitting, "step_s", lambda self, frames: 0.1)
    tasks = small(fitting=Fitting("multiresunet", 5000, "cuda:0")).tasks
    assert {task.alone for task in tasks if task.key["solver"] == "deep-prior"} == {True}
    assert {task.alone for task in tasks if task.key["solver"] != "deep-prior"} == {False}


# What is shown


@pytest.mark.usefixtures("intervals_of_two")
def test_tables_hold_means_over_clips(rows: list[Row]) -> None:
    table = paper.tables(rows)[0]
    assert table.title.startswith("SNR, dB")
    assert [(row["mask"], row["method"], row["context"]) for row in table.rows[:5]] == [
        ("random", "none", ""),
        ("random", "least-squares", "with context"),
        ("random", "least-squares", "without"),
        ("random", "deep-prior (multiresunet-small, 2 steps)", "with context"),
        ("random", "deep-prior (multiresunet-small, 2 steps)", "without"),
    ]
    for shown, ending in ((table.rows[1], ""), (table.rows[2], "_without")):
        assert shown["clips"] == "3"
        for drop in (0.3, 0.8):
            values = [
                min(row[f"snr{ending}"], 150)
                for row in rows
                if (row["mask"], row["drop"], row["solver"]) == ("random", drop, "least-squares")
            ]
            half = 4.303 * np.std(values, ddof=1) / math.sqrt(3)
            assert shown[f"{drop}"] == f"{np.mean(values):.1f} ± {half:.1f}"


def test_the_least_gain_is_that_of_the_worst_clip(rows: list[Row]) -> None:
    (table,) = (table for table in paper.tables(rows) if "least gain" in table.title)
    shown = next(row for row in table.rows if (row["mask"], row["method"]) == ("energy", "least-squares"))
    level = {
        (row["clip"], row["solver"]): row["snr"]
        for row in rows
        if (row["mask"], row["drop"]) == ("energy", 0.8)
    }
    gains = [level[clip, "least-squares"] - level[clip, "none"] for clip in formula_clips(8000, 0.1)]
    assert shown["0.8"] == pytest.approx(min(gains), abs=0.005)


def test_clips_are_shown_one_by_one_as_decoded(rows: list[Row]) -> None:
    table = paper.tables(rows)[-1]
    assert "clip by clip" in table.title
    shown = {(row["mask"], row["clip"], row["method"]): row for row in table.rows}
    assert len(shown) == len(table.rows) == 3 * 2 * 3
    for row in rows:
        if row["solver"] != "deep-prior":
            cell = shown[row["mask"], row["clip"], row["solver"]][f"{row['drop']}"]
            assert cell == pytest.approx(min(row["snr"], 150), abs=0.005)


def test_auto_is_compared_with_the_best_of_the_others() -> None:
    def row(clip: str, solver: str, level: float) -> Row:
        common = {"clip": clip, "clip_digest": clip, "mask": "random", "drop": 0.9, "solver": solver}
        return {**common, "snr": level, "snr_without": level - 1}

    levels = {"a": (1.0, 4.0, 3.0, 4.0), "b": (1.0, 2.0, 5.5, 5.45), "c": (3.0, 1.0, 2.0, 2.5)}
    solvers = ("none", "least-squares", "janssen", "auto")
    rows = [row(clip, *pair) for clip, told in levels.items() for pair in zip(solvers, told, strict=True)]
    (table,) = (table for table in paper.tables(rows) if "auto" in table.title)
    assert table.rows == [{"mask": "random", "0.9": "-0.50 (2 of 3)"}]
    for alone in ([r for r in rows if r["solver"] != "auto"], [r for r in rows if r["solver"] == "auto"]):
        assert not any("auto less" in table.title for table in paper.tables(alone))


def test_quantised_coefficients_are_measured_in_their_own_profile() -> None:
    clip = formula_clips(16000, SECONDS)["melody"]
    settings = {"masks": ("energy",), "drops": (0.9,), "solvers": ("none",), "profile": "stft"}
    tasks = small(**settings).tasks
    (task,) = (task for task in tasks if task.key["clip"] == "melody")
    assert task.key["profile"] == "stft"
    row = {**task.key, **task.measure(**task.arguments)}
    data = encode(clip, profile("stft", drop=0.9))
    decoded = decode(data, DecodeSettings(solver="none")).samples
    assert row["snr"] == pytest.approx(snr(clip.samples, decoded), abs=1e-5)
    assert paper.tables([row])[0].rows[0]["mask"] == "energy, profile stft"


def test_tables_are_made_of_any_part_of_the_rows(rows: list[Row]) -> None:
    for part in (rows[:1], rows[-1:], rows[::5]):
        tables = paper.tables(part)
        assert all(set(row) == set(table.rows[0]) for table in tables for row in table.rows)
    only_fits = paper.tables([row for row in rows if row["solver"] == "deep-prior"])
    assert not any("least gain" in table.title for table in only_fits)
    fewer = [row for row in rows if row["drop"] == 0.3 or row["clip"] == "melody"]
    assert {row["clips"] for row in paper.tables(fewer)[0].rows} == {"1-3"}


def test_a_later_measurement_replaces_or_completes_an_earlier_one(rows: list[Row]) -> None:
    row = next(row for row in rows if row["solver"] == "least-squares")
    more = {"peaq_odg": -0.5, "peaq_odg_without": -0.6}
    later = {**row, "snr": 1.0, "version": "9", **more}
    readings = paper_figure.read([row, later])
    assert [(r["context"], r["snr"], r["peaq_odg"]) for r in readings] == [
        ("with context", 1.0, -0.5),
        ("without", row["snr_without"], -0.6),
    ]


@pytest.mark.usefixtures("intervals_of_two")
def test_figure_1_has_a_panel_a_metric_and_a_line_a_mask_solver_and_context(
    rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    drawn = []
    monkeypatch.setattr(paper_figure, "draw_panels", lambda *told: drawn.append(told))
    paper.plots(rows, tmp_path)
    ((panels, path, note),) = drawn
    assert [panel.title for panel in panels] == ["SNR, dB", "SI-SDR, dB"]
    assert list(panels[0].lines) == [
        *("random, none", "random, least-squares, with context", "random, least-squares, without"),
        *("random, deep-prior, 2 steps, with context", "random, deep-prior, 2 steps, without"),
        *("energy, none", "energy, least-squares, with context", "energy, least-squares, without"),
        *("energy, deep-prior, 2 steps, with context", "energy, deep-prior, 2 steps, without"),
    ]
    assert path == tmp_path / "paper"
    assert "multiresunet-small, 2 steps" in note
    line = panels[0].lines["energy, none"]
    values = [
        row["snr"] for row in rows if (row["mask"], row["drop"], row["solver"]) == ("energy", 0.3, "none")
    ]
    assert line.x == (0.3, 0.8)
    assert line.y[0] == pytest.approx(np.mean(values))
    assert line.low[0] < line.y[0] < line.high[0]
    assert panels[0].lines["energy, least-squares, without"].low is None
    assert [name for name, line in panels[0].lines.items() if line.ours] == [
        name for name in panels[0].lines if "least-squares" in name
    ]


def test_figure_1_is_drawn(rows: list[Row], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    names = [f"paper-{name}.{kind}" for name in ("snr", "si-sdr") for kind in ("png", "svg")]
    assert [path.name for path in paper.plots(rows, tmp_path)] == names
