"""The runner measures what is lacking, once, in order, within its time, and ends its processes."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dpcodec import DpcodecError
from dpcodec.bench.engine.experiment import Experiment, Row, Task
from dpcodec.bench.engine.results import Results
from dpcodec.bench.engine.runner import describe, duration_s, outstanding, run
from dpcodec.bench.experiments import rate


def task(name: str, cost_s: float = 0.0, measure: Callable[..., Row] = dict, **arguments: Any) -> Task:
    """`dict` as a measurement gives its arguments back, here and in other processes."""
    return Task({"name": name}, measure, arguments, cost_s)


def experiment(*tasks: Task, timed: bool = False) -> Experiment:
    return Experiment("x", tasks, lambda rows: [], timed=timed)


def names(rows: Sequence[Row]) -> list[str]:
    return [row["name"] for row in rows]


def fail(message: str) -> Row:
    raise DpcodecError(message)


def _stat(path: str | Path) -> Row:
    return {"bytes": Path(path).stat().st_size}


def _mistaken() -> Row:
    raise TypeError("a fault of our own")


def _sleep(seconds: float) -> Row:
    time.sleep(seconds)
    return {}


def _end(code: int) -> Row:
    os._exit(code)


# Keys


def test_a_task_is_known_by_its_key_alone() -> None:
    a, b = Task({"x": 1, "y": 2}, dict, {}), Task({"y": 2, "x": 1}, fail, {"message": ""}, 9.0)
    assert a.id == b.id
    assert len({task.id for task in (a, Task({"x": 1}, dict, {}), Task({"x": 1, "y": "2"}, dict, {}))}) == 3


def test_tasks_are_told_without_what_nobody_reads() -> None:
    key = {"clip": "a", "clip_digest": "12ab", "drop": 0.5, "network": None, "metrics": ["snr"], "version": 1}
    assert describe(Task(key, dict, {})) == "a, 0.5"


# Rows


def test_a_row_is_key_values_and_time(tmp_path: Path) -> None:
    told: list[Row] = []
    outcome = run(experiment(task("a", snr=3)), Results(tmp_path, "x"), on_row=told.append)
    row = outcome.rows[0]
    assert row == {"id": task("a").id, "name": "a", "snr": 3, "took_s": row["took_s"]}
    assert told == outcome.rows
    assert Results(tmp_path, "x").rows == {row["id"]: row}


def test_rows_come_in_the_order_of_the_experiment(tmp_path: Path) -> None:
    results = Results(tmp_path, "x")
    run(experiment(task("c")), results)
    run(experiment(task("other")), results)
    assert names(run(experiment(task("a"), task("b"), task("c")), results).rows) == ["a", "b", "c"]


def test_progress_reaches_the_total(tmp_path: Path) -> None:
    seen: list[tuple[float, float, str]] = []
    run(experiment(task("a", 2), task("b", 3)), Results(tmp_path, "x"), lambda *told: seen.append(told))
    assert seen == [(2, 5, "a"), (5, 5, "b")]


# Resuming


def test_what_is_known_is_not_measured_again(tmp_path: Path) -> None:
    run(experiment(task("a", value=1)), Results(tmp_path, "x"))
    outcome = run(experiment(task("a", value=2), task("b", value=2)), Results(tmp_path, "x"))
    assert [row["value"] for row in outcome.rows] == [1, 2]


def test_a_run_cut_short_in_a_line_goes_on_with_that_row(tmp_path: Path) -> None:
    both = experiment(task("a"), task("b"))
    results = Results(tmp_path, "x")
    run(both, results)
    results.path.write_bytes(results.path.read_bytes()[:-3])
    assert [task.key["name"] for task in outstanding(both, Results(tmp_path, "x"))] == ["b"]
    assert names(run(both, Results(tmp_path, "x")).rows) == ["a", "b"]


# Failures


def test_failures_are_told_and_tried_again(tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    broken = [task("b", measure=fail, message="no such thing"), task("c", measure=_stat, path=missing)]
    outcome = run(experiment(task("a"), *broken, task("d")), Results(tmp_path, "x"))
    assert names(outcome.rows) == ["a", "d"]
    assert outcome.failures[0] == "b: no such thing"
    assert outcome.failures[1].startswith("c: ")
    assert "nothing" in outcome.failures[1]
    assert outcome.left_out == 0
    mended = run(experiment(*(task(name) for name in "abcd")), Results(tmp_path, "x"))
    assert names(mended.rows) == ["a", "b", "c", "d"]


def test_faults_of_our_own_are_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        run(experiment(task("a"), task("b", measure=_mistaken)), Results(tmp_path, "x"))
    assert names(list(Results(tmp_path, "x").rows.values())) == ["a"]


# Time


def test_a_budget_takes_in_order_what_fits(tmp_path: Path) -> None:
    tasks = [task("a", 30), task("long", 50), task("b", 20), task("late", 20), task("c", 5)]
    outcome = run(experiment(*tasks), Results(tmp_path, "x"), budget_s=60)
    assert names(outcome.rows) == ["a", "b", "c"]
    assert outcome.left_out == 2
    outcome = run(experiment(*tasks), Results(tmp_path, "x"), budget_s=60)
    assert names(outcome.rows) == ["a", "long", "b", "c"]


def test_nothing_is_begun_that_would_end_too_late(tmp_path: Path) -> None:
    slow = task("slow", 0.1, measure=partial(_sleep, 0.3))
    outcome = run(experiment(slow, task("b", 0.1)), Results(tmp_path, "x"), budget_s=0.35)
    assert names(outcome.rows) == ["slow"]
    assert outcome.left_out == 1


def test_fits_on_one_gpu_wait_for_each_other(tmp_path: Path) -> None:
    fits = [replace(task(name, 6), alone=True) for name in "abc"]
    assert duration_s([*fits, task("d", 2)], workers=4) == 18
    assert duration_s([*fits, task("d", 62)], workers=4) == 20
    outcome = run(experiment(*fits, task("d", 6)), Results(tmp_path, "x"), jobs=2, budget_s=13)
    assert names(outcome.rows) == ["a", "b", "d"]


# Processes


def test_several_processes_measure_what_one_does(tmp_path: Path) -> None:
    tasks = rate.experiment(None, 8000).tasks[:5]
    rows = []
    for jobs in (1, 2):
        outcome = run(experiment(*tasks), Results(tmp_path / str(jobs), "x"), jobs=jobs)
        rows.append([{k: v for k, v in row.items() if k != "took_s"} for row in outcome.rows])
    assert len(rows[0]) == 5
    assert rows[0] == rows[1]


def test_timed_experiments_run_one_by_one_in_this_process(tmp_path: Path) -> None:
    def here() -> Row:  # could not be sent to another process
        return {"pid": os.getpid()}

    outcome = run(experiment(task("a", measure=here), timed=True), Results(tmp_path, "x"), jobs=2)
    assert outcome.rows[0]["pid"] == os.getpid()


def test_failures_in_processes_are_told(tmp_path: Path) -> None:
    broken = task("b", measure=_stat, path=str(tmp_path / "nothing"))
    outcome = run(experiment(task("a"), broken), Results(tmp_path, "x"), jobs=2)
    assert names(outcome.rows) == ["a"]
    assert [failure[:3] for failure in outcome.failures] == ["b: "]


def test_processes_end_at_once_with_the_run_that_started_them(tmp_path: Path) -> None:
    def full(row: Row) -> None:
        raise OSError(28, "No space left on device")

    tasks = [task("a"), *(task(str(i), measure=partial(_sleep, 600)) for i in range(6))]
    with pytest.raises(OSError, match="No space"):
        run(experiment(*tasks), Results(tmp_path, "x"), jobs=2, on_row=full)
    assert multiprocessing.active_children() == []


def test_a_killed_process_ends_the_run_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DpcodecError, match=r"was killed, perhaps for its memory: .*--jobs"):
        run(experiment(task("a", measure=partial(_end, 9))), Results(tmp_path, "x"), jobs=2)
    assert names(run(experiment(task("a")), Results(tmp_path, "x"), jobs=2).rows) == ["a"]


def test_the_environment_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    run(experiment(task("a")), Results(tmp_path, "x"), jobs=2)
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in os.environ
