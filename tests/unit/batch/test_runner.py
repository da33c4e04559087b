"""Runs on the engines of this machine: retries, workers that die, and runs that go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_tasks import die, fail_until, half

from dpcodec import batch
from dpcodec.batch.started import StartedPool


def forked(workers: int) -> batch.Engine:
    """Nothing that these tasks do would wait for another thread's lock."""
    if sys.platform != "linux":
        pytest.skip("processes are forked on Linux only")
    from dpcodec.batch.forked import ForkedPool

    return ForkedPool(workers)


SINGULAR = ("pid", "tries")


def tasks(count: int) -> list[batch.Task]:
    return [batch.Task({"n": n}, half, (n,)) for n in range(count)]


def rows_of(path: Path) -> list[dict[str, Any]]:
    with batch.Manifest(path) as manifest:
        return [{k: v for k, v in row.items() if k not in SINGULAR} for row in manifest.rows()]


@pytest.fixture(params=[forked, StartedPool], ids=["forked", "started"])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[batch.Engine]:
    engine = request.param(2)
    if request.param is forked:  # which would not be said to be safe when other tests have loaded torch
        monkeypatch.setattr("dpcodec.batch.forked.can_fork", lambda: True)
    yield engine
    engine.close()


def test_a_pool_gives_what_this_process_gives(tmp_path: Path, pool: batch.Engine) -> None:
    for name, engine in (("a", None), ("b", pool)):
        with batch.Manifest(tmp_path / name) as manifest:
            summary = batch.run(tasks(20), manifest, engine)
        assert (summary.ok, summary.failed, summary.skipped) == (20, 0, 0)
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")
    assert [row["n"] for row in rows_of(tmp_path / "b")] == list(range(20))


def test_a_pool_keeps_its_processes(pool: batch.Engine) -> None:
    pids = [value["pid"] for _, value, _ in batch.attempts(pool, tasks(30))]
    assert len(set(pids)) <= 2
    assert os.getpid() not in pids


@pytest.mark.parametrize("engine", ["here", "pool"])
def test_what_fails_is_tried_twice_more_after_the_others(
    tmp_path: Path, pool: batch.Engine, engine: str
) -> None:
    some = [
        batch.Task({"source": "mends"}, fail_until, (str(tmp_path), "mends", 2)),
        batch.Task({"source": "never"}, fail_until, (str(tmp_path), "never", 9)),
        *tasks(3),
    ]
    told: list[dict[str, Any]] = []
    with batch.Manifest(tmp_path / "m") as manifest:
        summary = batch.run(
            some,
            manifest,
            pool if engine == "pool" else None,
            on_end=lambda task, value, row: told.append(row),
        )
    assert (summary.ok, summary.failed) == (4, 1)
    assert summary.failures[0].startswith("never: ")
    by_name = {row["source"]: row for row in told if "source" in row}
    assert (by_name["mends"]["tries"], by_name["never"]["tries"]) == (3, 3)
    assert "try 2" in by_name["never"]["error"]
    assert len(list(tmp_path.glob("never.*"))) == 3
    # The next run tries it again, and it alone.
    with batch.Manifest(tmp_path / "m") as manifest:
        again = batch.run(some, manifest)
    assert (again.ok, again.failed, again.skipped) == (0, 1, 4)


def test_a_worker_that_dies_costs_its_task_alone(tmp_path: Path, pool: batch.Engine) -> None:
    deadly = batch.Task({"source": "deadly"}, die, (str(tmp_path), "deadly", 99))
    once = batch.Task({"source": "once"}, die, (str(tmp_path), "once", 1))
    some = [*tasks(5), deadly, *tasks(12)[5:], once]
    with batch.Manifest(tmp_path / "m") as manifest:
        summary = batch.run(some, manifest, pool)
        assert (summary.ok, summary.failed) == (13, 1)
        assert "has ended" in summary.failures[0]
        row = manifest.get(deadly.id)
        assert row is not None
        assert row["tries"] == 3


def test_a_run_that_was_cut_goes_on(tmp_path: Path) -> None:
    """As a kill leaves it: rows of some, a task begun, half a line."""
    with batch.Manifest(tmp_path / "whole") as manifest:
        batch.run(tasks(6), manifest)
    some = tasks(6)
    with batch.Manifest(tmp_path / "cut") as manifest:
        for task in some[:3]:
            manifest.begin(task.id)
            manifest.add({"id": task.id, **task.key, **half(task.key["n"]), "tries": 1})
        manifest.begin(some[3].id)
    with (tmp_path / "cut").open("ab") as file:
        file.write(b'{"id": "half a li')
    refused: list[int] = []

    def refuse(task: batch.Task) -> None:
        refused.append(task.key["n"])

    with batch.Manifest(tmp_path / "cut") as manifest:
        summary = batch.run(some, manifest, rules=batch.Rules(refuse=refuse))
    assert (summary.ok, summary.skipped) == (3, 3)
    assert refused == [4, 5], "the output of a task that was begun is the batch's own"
    assert rows_of(tmp_path / "cut") == rows_of(tmp_path / "whole")


def test_what_is_not_whole_any_more_is_done_again(tmp_path: Path) -> None:
    with batch.Manifest(tmp_path / "m") as manifest:
        batch.run(tasks(4), manifest)
    rules = batch.Rules(is_whole=lambda row: row["n"] != 2)
    known: list[int] = []
    with batch.Manifest(tmp_path / "m") as manifest:
        summary = batch.run(tasks(4), manifest, rules=rules, on_known=lambda row: known.append(row["n"]))
    assert (summary.ok, summary.skipped) == (1, 3)
    assert known == [0, 1, 3]


def test_no_more_tasks_are_taken_than_are_of_use() -> None:
    taken = 0

    def counted() -> Iterator[batch.Task]:
        nonlocal taken
        for task in tasks(50):
            taken += 1
            yield task

    for done, _ in enumerate(batch.attempts(batch.InProcess(), counted()), 1):
        assert taken == done


def test_public_names_are_listed_sorted_and_there() -> None:
    assert batch.__all__ == sorted(batch.__all__)
    assert set(batch.__all__) <= set(dir(batch))
    for name in batch.__all__:
        assert getattr(batch, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        getattr(batch, "nothing")  # noqa: B009 - mypy knows that there is none
