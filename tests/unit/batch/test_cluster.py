"""Runs over Dask, with workers that are processes and really die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

from batch_tasks import die, fail_until, half

from dpcodec import batch
from dpcodec.errors import DpcodecError

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own


@pytest.fixture(scope="module")
def cluster() -> Iterator[batch.Engine]:
    engine = batch.open_engine("processes", 2, resources={"GPU": 1})
    yield engine
    engine.close()


def tasks(count: int, first: int = 0) -> list[batch.Task]:
    return [batch.Task({"n": n}, half, (n,)) for n in range(first, first + count)]


def test_a_cluster_gives_what_this_process_gives(cluster: batch.Engine) -> None:
    here = {t.id: v["half"] for t, v, _ in batch.attempts(batch.InProcess(), tasks(25))}
    there = {t.id: (v["half"], v["pid"]) for t, v, _ in batch.attempts(cluster, tasks(25))}
    assert {i: value for i, (value, _) in there.items()} == here
    pids = {pid for _, pid in there.values()}
    assert os.getpid() not in pids
    assert "Dask at tcp://" in cluster.about


def test_a_worker_killed_from_outside_changes_nothing(cluster: batch.Engine, tmp_path: Path) -> None:
    def kill(task: batch.Task, value: Any, row: dict[str, Any]) -> None:
        if row["n"] == 3:
            os.kill(row["pid"], signal.SIGKILL)

    with batch.Manifest(tmp_path / "m") as manifest:
        summary = batch.run(tasks(40), manifest, cluster, on_end=kill)
        assert [(row["n"], row["half"]) for row in manifest.rows()] == [(n, n // 2) for n in range(40)]
    assert (summary.ok, summary.failed) == (40, 0)


def test_a_task_that_kills_its_workers_is_given_up(cluster: batch.Engine, tmp_path: Path) -> None:
    deadly = batch.Task({"source": "deadly"}, die, (str(tmp_path), "deadly", 99))
    once = batch.Task({"source": "once"}, die, (str(tmp_path), "once", 1))
    summary = batch.run([*tasks(4), deadly, *tasks(4, 4), once], None, cluster)
    assert (summary.ok, summary.failed) == (9, 1)
    assert summary.failures[0].startswith("deadly: each worker that took it has ended")
    assert len(list(tmp_path.glob("deadly.*"))) == 3


def test_a_cluster_that_was_there_gives_suspects_a_second_trial(
    cluster: batch.Engine, tmp_path: Path
) -> None:
    """Whatever it does about tasks that wait at a worker when that is killed."""
    other = batch.open_engine(cluster.about.split()[2].rstrip(","))
    deadly = batch.Task({"source": "deadly"}, die, (str(tmp_path), "deadly", 99))
    summary = batch.run([*tasks(4), deadly, *tasks(8, 4)], None, other)
    assert (summary.ok, summary.failed) == (12, 1)
    assert len(list(tmp_path.glob("deadly.*"))) == 6
    other.close()


def test_workers_that_dask_has_given_up_are_begun_anew(cluster: batch.Engine) -> None:
    """As on a machine so busy that they were not back in time: else nobody would be left. The first still has
    what it had."""
    import dask

    local: Any = cluster._local  # type: ignore[attr-defined]
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0s"}):
        given_up = list(local.workers.values())
        for nanny in given_up:
            local.sync(nanny.close)
        while any(nanny in given_up for nanny in local.workers.values()):
            time.sleep(0.01)
    needy = [batch.Task({"n": n}, half, (n,), {"GPU": 1}) for n in range(4)]
    some = [*tasks(4, 4), *needy]
    assert {value["half"] for _, value, _ in batch.attempts(cluster, some)} == {0, 1, 2, 3}


def test_what_fails_is_tried_twice_more(cluster: batch.Engine, tmp_path: Path) -> None:
    mends = batch.Task({"source": "mends"}, fail_until, (str(tmp_path), "mends", 2))
    never = batch.Task({"source": "never"}, fail_until, (str(tmp_path), "never", 9))
    summary = batch.run([mends, never], None, cluster)
    assert (summary.ok, summary.failed) == (1, 1)
    assert len(list(tmp_path.glob("never.*"))) == 3


def test_tasks_that_need_a_resource_go_where_it_is(cluster: batch.Engine) -> None:
    needy = [batch.Task({"n": n}, half, (n,), {"GPU": 1}) for n in range(12)]
    assert len({value["pid"] for _, value, _ in batch.attempts(cluster, needy)}) == 1


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dpcodec.batch.cluster.CONNECT_S", 0.2)
    with pytest.raises(DpcodecError, match="9: it is not reached"):
        batch.open_engine("tcp://127.0.0.1:9")
    monkeypatch.setattr("dpcodec.batch.cluster.find_spec", lambda name: None)
    with pytest.raises(DpcodecError, match="cluster"):
        batch.open_engine("processes")
