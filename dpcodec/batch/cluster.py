"""The door to Dask: tasks on a cluster, one that is started here or one that runs already.

How a task finds a worker, what happens when that dies, and where the load goes, is Dask's. Here tasks are
handed over, a few for each thread of the cluster so that a million need no memory, and taken back.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from importlib.util import find_spec
from typing import Any

from dpcodec.batch.engines import Answer, Task, WorkerLostError, call
from dpcodec.batch.processes import THREADS
from dpcodec.errors import DeviceError, FileAccessError

PROCESSES = "processes"
"""The name of a cluster that is started here for the run."""
AHEAD = 3
"""Tasks handed over for each thread: one at work, the others so that it need not wait for the next."""
CONNECT_S = 10
COUNT_EVERY_S = 2.0
"""How often the threads of the cluster are counted: it costs the scheduler an answer."""
WATCH_S = 5.0
"""How often it is seen to that a cluster started here has its workers."""
DEATHS = 2
"""Workers that may die under a task of a cluster started here, and one more, before it is given up."""
LOCAL = {
    "distributed.scheduler.allowed-failures": DEATHS,
    # None waits at a worker behind one that may kill it.
    "distributed.scheduler.worker-saturation": 1.0,
    # Dask's own has workers give memory back so eagerly that every array is paged in anew: twice the time.
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(THREADS, "1"),
    # What watches Dask's own health many times a second: a tenth of a core on a small machine.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.scheduler.active-memory-manager.start": False,
}
"""Settings of a cluster started here. docs/scale.md has them for clusters of your own."""


class Cluster:
    """A Dask cluster. Raises `DeviceError` without Dask, `FileAccessError` where it is not reached."""

    def __init__(self, scheduler: str, workers: int = 1, resources: dict[str, float] | None = None) -> None:
        if find_spec("distributed") is None:
            raise DeviceError("--scheduler needs Dask: pip install 'dpcodec[cluster]'")
        import dask
        import distributed as untyped

        distributed: Any = untyped
        self._distributed = distributed
        self._local = None
        self._numbers = itertools.count()
        self._tasks: dict[str, Task] = {}
        self._suspects: deque[Task] = deque()
        self._on_trial: str | None = None
        self._counted = (-COUNT_EVERY_S, 0)
        if scheduler == PROCESSES:
            dask.config.set(LOCAL)
            self._local = _local_cluster(distributed, workers, resources)
        try:
            self._client = distributed.Client(self._local or scheduler, timeout=CONNECT_S)
        except (OSError, ValueError) as exc:
            raise FileAccessError(f"scheduler {scheduler}: it is not reached: check its address") from exc
        self._ended = distributed.as_completed()
        self._address = scheduler

    @property
    def about(self) -> str:
        """Where it is, how large, and its dashboard."""
        where = self._client.scheduler.address if self._local else self._address
        dashboard = self._client.dashboard_link if find_spec("bokeh") else ""
        told = f", dashboard {dashboard}" if dashboard else ""
        return f"Dask at {where}, {self.workers} threads{told}"

    @property
    def width(self) -> int:
        """Grows and shrinks with the cluster."""
        return AHEAD * max(1, self.workers)

    def submit(self, task: Task) -> None:
        """As `Engine.submit`."""
        key = f"dpcodec-{task.id}-{next(self._numbers)}"
        self._tasks[key] = task
        resources = task.resources or None
        self._ended.add(self._client.submit(call, task, key=key, pure=False, resources=resources))

    def next_done(self) -> Answer:
        """As `Engine.next_done`."""
        while True:
            future = next(self._ended)
            task = self._tasks.pop(future.key)
            value = future.result() if future.status == "finished" else self._what_went_wrong(future)
            future.release()
            if not self._may_be_innocent(task, value):
                return task, value

    def _may_be_innocent(self, task: Task, value: Any) -> bool:
        """On a cluster that was there a task may have waited at workers that another has killed. Those of
        which Dask thinks that they killed theirs are run once more, one at a time."""
        if task.id == self._on_trial:
            self._on_trial = None
            suspect = False
        else:
            suspect = self._local is None and isinstance(value, WorkerLostError)
        if suspect:
            self._suspects.append(task)
        if self._on_trial is None and self._suspects:
            once_more = self._suspects.popleft()
            self._on_trial = once_more.id
            self.submit(once_more)
        return suspect

    def close(self) -> None:
        """As `Engine.close`. What a cluster that goes on has not begun is taken back."""
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._ended.futures))
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)
        if self._local is not None:
            with contextlib.suppress(Exception):
                self._local.close(timeout=5)

    def leave(self) -> None:
        """As `Engine.leave`: workers of a cluster started here see it, another lets go of the tasks."""

    def _what_went_wrong(self, future: Any) -> Exception:
        error = future.exception() if future.status == "error" else None
        if isinstance(error, self._distributed.scheduler.KilledWorker):
            what = "each worker that took it has ended, perhaps for its memory: give it more"
            return WorkerLostError(what, tries=DEATHS + 1)
        if isinstance(error, Exception):
            return error
        return WorkerLostError("the scheduler has lost it: is it still there?")

    @property
    def workers(self) -> int:
        """Threads of the cluster; it may have other ones than a moment ago."""
        at, threads = self._counted
        if time.monotonic() - at >= COUNT_EVERY_S:
            threads = sum(self._client.nthreads().values())
            self._counted = (time.monotonic(), threads)
        return threads


def _local_cluster(distributed: Any, workers: int, resources: dict[str, float] | None) -> Any:
    """Processes of one thread. The first has the resources: there is one GPU, say, whatever their number."""
    cluster = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0" if find_spec("bokeh") else None,
        resources=resources,
        silence_logs=50,
    )
    # A copy, for the first shall have its own again, should it begin anew.
    others = {name: value for name, value in cluster.new_spec["options"].items() if name != "resources"}
    cluster.new_spec = {**cluster.new_spec, "options": others}

    def keep() -> None:
        """Dask gives a worker up for good that has ended and is not back in 15 s, as on a busy machine: begin
        it anew, for nobody else might be left."""
        if cluster.status.name == "running":
            cluster.scale(workers)
            cluster.loop.call_later(WATCH_S, keep)

    cluster.loop.add_callback(keep)
    return cluster
