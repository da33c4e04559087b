"""What all experiments share on the command line: options, what is said where, exit codes, going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from command_line import MakeFile, Outcome, Run, Spawn, piped

from dpcodec.bench.evaluation import PAPER_METRICS
from dpcodec.bench.experiments import paper
from dpcodec.cli.commands.bench.common import Duration, Names, Numbers
from dpcodec.cli.commands.bench.group import bench
from dpcodec.cli.commands.bench.paper import command as paper_command

QUICK = ("--seconds", "0.3", "--drops", "0.3,0.8", "--solvers", "none,least-squares", "--metrics", "snr")
MEASUREMENTS = 3 * 2 * 2 * 2


@pytest.fixture
def paper_run(cli: Run, tmp_path: Path) -> Run:
    """`bench paper` on short clips by formula, results in `tmp_path / "out"`."""

    def call(*options: object) -> Outcome:
        return cli("bench", "paper", *QUICK, "-j", 1, "--out", tmp_path / "out", *options)

    return call


def rows_of(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "paper.jsonl").read_text().splitlines()]
    return [line for line in lines if "id" in line]


# Values


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5s", 0.5), ("10m", 600), ("1.5h", 5400), ("2d", 172800)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "1w", "m", "1 m", "1e3", "inf", "nan", "1.m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a time"):
        Duration().convert(text, None, None)


def test_numbers() -> None:
    assert Numbers(0, 1).convert("0.5,0,1,0.5", None, None) == (0.5, 0, 1)
    assert Numbers(1, 9, whole=True).convert("3", None, None) == (3,)
    for text, message in (("", "not a number"), ("1,", "not a number"), ("nan", "within"), ("1.5", "within")):
        with pytest.raises(click.BadParameter, match=message):
            Numbers(0, 1).convert(text, None, None)
    with pytest.raises(click.BadParameter, match="not a whole number"):
        Numbers(1, 9, whole=True).convert("1.5", None, None)


def test_names() -> None:
    assert Names(("a", "b")).convert("b,a,b", None, None) == ("b", "a")
    for text in ("", "a,", "A", "a, b"):
        with pytest.raises(click.BadParameter, match="is none of a, b"):
            Names(("a", "b")).convert(text, None, None)


def test_defaults_are_the_experiment_s() -> None:
    context = paper_command.make_context("paper", [])
    names = ("masks", "drops", "solvers", "metrics", "seconds")
    defaults = (paper.MASKS, paper.DROPS, paper.SOLVERS, PAPER_METRICS, paper.SECONDS)
    assert tuple(context.params[name] for name in names) == defaults


# What is said where


def test_tables_go_to_stdout_and_remarks_to_stderr(paper_run: Run) -> None:
    done = paper_run().succeeds()
    out = done.out.decode()
    assert out.startswith("SNR, dB: mean over clips")
    assert "\n\nSNR, dB: least gain over solver none" in out
    header, *lines = out.split("\n\n")[0].splitlines()[1:]
    assert header.split() == ["mask", "method", "context", "clips", "0.3", "0.8"]
    assert len(lines) == 2 * 3
    assert f"{MEASUREMENTS} measurements: about " in done.err
    assert "paper.jsonl" in done.err


def test_quiet_leaves_the_tables_alone(paper_run: Run) -> None:
    done = paper_run("-q").succeeds()
    assert done.err == ""
    assert done.out.decode().startswith("SNR, dB")


def test_json_is_one_row_a_line_also_of_what_was_known(paper_run: Run, tmp_path: Path) -> None:
    first = paper_run("--json", "--drops", "0.3", "-q").succeeds().out.decode().splitlines()
    assert len(first) == MEASUREMENTS // 2
    both = [json.loads(line) for line in paper_run("--json", "-q").succeeds().out.splitlines()]
    assert len(both) == MEASUREMENTS
    assert {row["id"] for row in both} == {row["id"] for row in rows_of(tmp_path / "out")}
    assert {json.loads(line)["id"] for line in first} < {row["id"] for row in both}


def test_plots_are_drawn_beside_the_results(paper_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = paper_run().succeeds()
    for name in ("paper-snr.png", "paper-snr.svg"):
        assert (tmp_path / "out" / name).stat().st_size > 1000
        assert f"drew {tmp_path / 'out' / name}" in done.err


def test_the_cost_of_days_is_told_before_it_is_paid(paper_run: Run) -> None:
    published = ("--network", "multiresunet", "--fit", "paper")
    done = paper_run("--solvers", "deep-prior", *published, "--seconds", 5, "--budget", "1s")
    assert done.succeeds().out == b""
    assert "12 fits of multiresunet, 5000 steps each, take about 17 d of one core" in done.err
    assert "12 measurements are left: each takes 1 d 10 h or more: give a longer --budget" in done.err


def test_progress_as_json(paper_run: Run) -> None:
    done = paper_run("--progress", "json").succeeds()
    told = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert told[-1]["done_s"] == told[-1]["total_s"]
    assert told[-1]["file"] == "bench paper"


# Going on


def test_a_second_run_measures_what_the_first_did_not(paper_run: Run, tmp_path: Path) -> None:
    paper_run("--drops", "0.3").succeeds()
    known = rows_of(tmp_path / "out")
    done = paper_run().succeeds()
    assert f"{MEASUREMENTS // 2} measurements, {MEASUREMENTS // 2} known already" in done.err
    rows = rows_of(tmp_path / "out")
    assert rows[: len(known)] == known
    assert len(rows) == len({row["id"] for row in rows}) == MEASUREMENTS
    assert f"all {MEASUREMENTS} measurements are known already" in paper_run().succeeds().err


def test_fresh_forgets(paper_run: Run, tmp_path: Path) -> None:
    paper_run("--drops", "0.3").succeeds()
    paper_run("--drops", "0.8", "--fresh").succeeds()
    assert {row["drop"] for row in rows_of(tmp_path / "out")} == {0.8}


def test_the_command_is_noted_without_what_changes_no_figure(paper_run: Run, tmp_path: Path) -> None:
    paper_run("-q", "--json").succeeds()
    lines = (tmp_path / "out" / "paper.jsonl").read_text().splitlines()
    run = json.loads(lines[0])["run"]
    assert run["command"] == " ".join(["dpcodec", "bench", "paper", *QUICK])


def test_a_budget_takes_part_and_says_so(paper_run: Run, tmp_path: Path) -> None:
    done = paper_run("--budget", "0.3").succeeds()
    rows = rows_of(tmp_path / "out")
    assert 0 < len(rows) < MEASUREMENTS
    assert (
        f"{MEASUREMENTS - len(rows)} measurements are left: run the same command again to go on" in done.err
    )


# Exit codes


@pytest.mark.parametrize(
    "options",
    [
        ("--drops", "1"),
        ("--masks", "columns"),
        ("--solvers", "guess"),
        ("--profile", "mdct"),
        ("--metrics", "loudness"),
        ("--network", "resnet", "--solvers", "deep-prior"),
        ("--budget", "soon"),
        ("--jobs", "0"),
        ("--iterations", "0"),
        ("--seconds", "0"),
    ],
    ids=" ".join,
)
def test_wrong_options_are_usage_errors(paper_run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    paper_run(*options).fails(2)
    assert not (tmp_path / "out").exists()


def test_unknown_experiments_and_devices(cli: Run, paper_run: Run) -> None:
    cli("bench", "everything").fails(2)
    paper_run("--solvers", "deep-prior", "--device", "cuda:77").fails(7, "cuda:77")


def test_folders_without_clips(paper_run: Run, tmp_path: Path) -> None:
    paper_run(tmp_path / "nothing").fails(1, "no audio files")


def test_results_that_cannot_be_read(paper_run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "paper.jsonl").write_text("hello\n")
    paper_run().fails(1, "line 1 is not JSON", "--fresh")
    paper_run("--fresh").succeeds()


def test_failed_measurements_are_told_beside_the_others(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    tone("clips/a.wav", rate=16000)
    (clips / "missing_columns.json").write_text('{"1": [3, 9], "2": [900, 901]}')
    done = cli(
        "bench", "columns", clips, "--gaps", "1,2", "--solvers", "none", "-o", tmp_path / "out", "-j", 1
    )
    assert done.code == 1
    errors = [line for line in done.err.splitlines() if line.startswith("dpcodec: ")]
    assert len(errors) == 1
    assert errors[0].startswith("dpcodec: bench columns: a, 2, none: ")
    assert b"by missing columns a gap" in done.out


def test_every_experiment_has_help(cli: Run) -> None:
    text = cli("bench", "--help").succeeds().out.decode()
    for name in bench.list_commands(click.Context(bench)):
        assert f"\n  {name} " in text
        assert f"Usage: dpcodec bench {name}" in cli("bench", name, "--help").succeeds().out.decode()


# Interrupts


def children(pid: int) -> list[int]:
    """Processes whose parent it is."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_run_leaves_no_process_and_goes_on(
    spawn: Spawn, cli: Run, tmp_path: Path, number: int, code: int
) -> None:
    results = tmp_path / "out" / "rate.jsonl"
    arguments = ("bench", "rate", "-o", tmp_path / "out", "-j", 2)
    process = spawn(*arguments, stdout=subprocess.DEVNULL)
    until(lambda: results.exists() and results.read_text().count("\n") > 2, "nothing was measured")
    workers = children(process.pid)
    assert len(workers) >= 2
    process.send_signal(number)
    assert process.wait(timeout=10) == code
    until(lambda: not any(map(alive, workers)), "processes were left", 10)
    if number == signal.SIGINT:
        last = piped(process.stderr).read().decode().splitlines()[-1]
        assert last.startswith("dpcodec: interrupted: what was measured is kept in ")
    known = [line for line in results.read_text().splitlines() if '"id"' in line]
    done = cli(*arguments).succeeds()
    assert f"{54 - len(known)} measurements, {len(known)} known already" in done.err
    again = [line for line in results.read_text().splitlines() if '"id"' in line]
    assert again[: len(known)] == known
    assert len(again) == 54  # three clips, nine drops, two profiles


def test_ctrl_c_at_a_terminal_reaches_all_processes_and_is_told_once(spawn: Spawn, tmp_path: Path) -> None:
    """The terminal sends the signal to the workers, too."""
    results = tmp_path / "rate.jsonl"
    process = spawn(
        "bench", "rate", "-o", tmp_path, "-j", 2, stdout=subprocess.DEVNULL, start_new_session=True
    )
    until(results.exists, "nothing was measured")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=10) == 130
    err = piped(process.stderr).read().decode()
    assert err.count("interrupted") == 1
    assert "Traceback" not in err
