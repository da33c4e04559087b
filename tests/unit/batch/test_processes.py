"""Processes that work for another: forked where that is safe, and nothing of their parent's is theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_tasks import die, doubled, half, lock, of_two

from dpcodec import batch

ALONE = """
import threading
from dpcodec.batch.leaving import can_fork
from dpcodec.cli import signals
signals.install()
print(can_fork())
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(can_fork())
"""
LEFT = """
import os, signal, sys, time
from pathlib import Path
from dpcodec import batch
from dpcodec.cli import signals
from dpcodec.cli.worker import clean
signals.install()
pool = batch.LocalPool(2, clean=clean)
unfinished = Path(sys.argv[1])
with signals.at_leave(unfinished.unlink):
    pool.submit(batch.Task({}, os.getpid))
    worker = pool.next_done()[1]
    os.kill(worker, signal.SIGHUP)
    os.kill(worker, signal.SIGTERM)
    pool.submit(batch.Task({}, os.getpid))
    print(pool.next_done()[1] != worker)
    print(unfinished.exists())
    pool.close()
"""
ORPHANS = """
import os, sys, time
from dpcodec import batch
pool = batch.LocalPool(2)
for n in range(2):
    pool.submit(batch.Task({"n": n}, os.getpid))
print(*[pool.next_done()[1] for _ in range(2)], flush=True)
for n in range(2):
    pool.submit(batch.Task({"n": n}, time.sleep, (60,)))
os.kill(os.getpid(), 9)
"""


def said(script: str, *arguments: object, killed: bool = False) -> list[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=not killed)
    return done.stdout.split("\n")[:-1]


def test_a_process_is_forked_where_no_thread_may_hold_a_lock() -> None:
    linux = sys.platform == "linux"
    assert said(ALONE) == [str(linux), "False"]


def test_what_is_unfinished_here_is_not_a_workers_to_remove(tmp_path: Path) -> None:
    """Nor does a signal that a worker gets end this process."""
    unfinished = tmp_path / "part"
    unfinished.touch()
    assert said(LEFT, unfinished) == ["True", "True"]
    assert unfinished.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
class TestForked:
    """Those that are forked."""

    @pytest.fixture
    def pool(self) -> Iterator[Any]:
        from dpcodec.batch.forked import ForkedPool

        engine = ForkedPool(2)
        yield engine
        engine.close()

    def test_arrays_come_and_go_whatever_a_pipe_holds(self, pool: Any) -> None:
        """Some that fill it many times, while others come back."""
        sizes = [0, 1, 3_000_001, 70_000, 2_000_003, 5, 900_000, 3_000_000, 12]
        arrays = {n: np.random.default_rng(n).standard_normal((2, size)) for n, size in enumerate(sizes)}
        tasks = [batch.Task({"n": n}, doubled, (x, x[:1])) for n, x in arrays.items()]
        found = {task.key["n"]: value for task, value, _ in batch.attempts(pool, tasks)}
        for n, x in arrays.items():
            both, first = found[n]
            np.testing.assert_array_equal(both, 2 * x)
            np.testing.assert_array_equal(first, 2 * x[:1])
            both += 1  # it is the caller's own

    def test_a_next_task_that_its_worker_leaves_behind_is_anothers(self, pool: Any, tmp_path: Path) -> None:
        deadly = batch.Task({"source": "deadly"}, die, (str(tmp_path), "deadly", 99))
        some = [deadly, *(batch.Task({"n": n}, half, (n,)) for n in range(9))]
        for task in some:
            pool.submit(task)
        values = {task.id: value for task, value in (pool.next_done() for _ in some)}
        assert isinstance(values.pop(deadly.id), batch.WorkerLostError)
        assert sorted(value["half"] for value in values.values()) == [0, 0, 1, 1, 2, 2, 3, 3, 4]
        assert len(list(tmp_path.glob("deadly.*"))) == 1

    def test_what_cannot_travel_fails_alone(self, pool: Any) -> None:
        some = [
            batch.Task({"n": 0}, lambda: None),
            batch.Task({"n": 1}, lock),
            batch.Task({"n": 2}, of_two),
            batch.Task({"n": 3}, half, (8,)),
        ]
        values = {task.key["n"]: value for task, value, _ in batch.attempts(pool, some)}
        assert values[3]["half"] == 4
        assert "lambda" in str(values[0])
        assert "lock cannot be sent" in str(values[1])
        assert isinstance(values[2], TypeError)

    @pytest.mark.parametrize("deaths", [1, 2])
    def test_none_is_forked_while_another_thread_runs(self, pool: Any, tmp_path: Path, deaths: int) -> None:
        """With one left it does the rest; with none all of it is lost."""
        end = threading.Event()
        threading.Thread(target=end.wait).start()
        try:
            deadly = [batch.Task({"n": n}, die, (str(tmp_path), str(n), 99)) for n in range(deaths)]
            some = [*deadly, *(batch.Task({"n": n}, half, (n,)) for n in range(deaths, 7))]
            for task in some:
                pool.submit(task)
            for worker in pool._crew[:deaths]:
                assert wait_gone(worker.pid)
            values = {task.key["n"]: value for task, value in (pool.next_done() for _ in some)}
            lost = [n for n, value in values.items() if isinstance(value, batch.WorkerLostError)]
            assert sorted(lost) == list(range(1 if deaths == 1 else 7))
        finally:
            end.set()

    def test_one_may_die_where_ended_children_leave_nothing(self, pool: Any, tmp_path: Path) -> None:
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            some = [batch.Task({"n": 0}, die, (str(tmp_path), "0", 99)), batch.Task({"n": 1}, half, (8,))]
            values = {task.key["n"]: value for task, value, _ in batch.attempts(pool, some)}
        finally:
            signal.signal(signal.SIGCHLD, before)
        assert isinstance(values[0], batch.WorkerLostError)
        assert values[1]["half"] == 4

    def test_they_end_with_this_process_in_the_middle_of_their_work(self) -> None:
        pids = [int(pid) for pid in said(ORPHANS, killed=True)[0].split()]
        for pid in pids:
            assert wait_gone(pid)

    def test_closing_leaves_none_behind(self) -> None:
        from dpcodec.batch.forked import ForkedPool

        engine = ForkedPool(2)
        engine.submit(batch.Task({}, os.getpid))
        pid = engine.next_done()[1]
        engine.submit(batch.Task({}, signal.pause))
        engine.close()
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, 0)


def wait_gone(pid: int) -> bool:
    """Whether a process that is no child of this one ends within ten seconds."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        threading.Event().wait(0.01)
    return False
