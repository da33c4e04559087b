"""The engine for a run, by what the user says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpcodec.batch.engines import Engine, InProcess
from dpcodec.batch.local import LocalPool


def open_engine(
    scheduler: str | None = None,
    workers: int = 1,
    modules: tuple[str, ...] = (),
    clean: Callable[[], Any] = bool,
    resources: dict[str, float] | None = None,
) -> Engine:
    """The engine for a run.

    scheduler  None: a pool of `workers` warm processes, or this process where that is one; "processes": a
               Dask cluster of so many processes, started here; else the address of a Dask scheduler
    modules    loaded by the workers of a pool before the first task
    clean      called in a worker of a pool that must leave in mid-work
    resources  of the first Dask worker that is started here, as {"GPU": 1}
    Raises `DpcodecError` where Dask is not installed or the scheduler cannot be reached.
    """
    if scheduler is None:
        return InProcess() if workers == 1 else LocalPool(workers, modules, clean)
    from dpcodec.batch.cluster import Cluster

    return Cluster(scheduler, workers, resources)
