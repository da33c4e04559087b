"""Runs what an experiment still lacks: resumes, keeps to a budget, uses several cores."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field

from dpcodec.bench.experiment import Experiment, Row, Task
from dpcodec.bench.results import Results
from dpcodec.errors import DpcodecError

Progress = Callable[[float, float, str], None]
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Outcome:
    """rows: those of the experiment that are measured, in its order; failures: what went wrong, a line each;
    left_out: how many tasks did not fit the budget."""

    rows: list[Row] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    left_out: int = 0


def outstanding(experiment: Experiment, results: Results) -> list[Task]:
    """The tasks that the results do not hold yet."""
    return [task for task in experiment.tasks if task.id not in results.rows]


def run(
    experiment: Experiment,
    results: Results,
    progress: Progress = lambda done, total, detail: None,
    jobs: int = 1,
    budget_s: float | None = None,
    on_row: Callable[[Row], None] = lambda row: None,
) -> Outcome:
    """Measure what is outstanding and return all rows of the experiment.

    progress   called with seconds of estimated work done and in all, and what was measured last
    jobs       processes at a time, each with one thread; one for a timed experiment
    budget_s   seconds this run may take: tasks are taken in order while their estimates fit
    A task that fails with a `DpcodecError` or `OSError` leaves no row and is told in the outcome: it will be
    tried again by the next run.
    """
    outcome = Outcome()
    workers = 1 if experiment.timed else jobs
    todo = outstanding(experiment, results)
    chosen = todo if budget_s is None else _that_fit(todo, budget_s * workers)
    total = sum(task.cost_s for task in chosen)
    done, started = 0.0, time.monotonic()
    attempts = _in_turn(chosen, started, budget_s) if workers == 1 else _at_once(chosen, workers, budget_s)
    for task, result in attempts:
        done += task.cost_s
        if result is None:
            continue
        if isinstance(result, Exception):
            outcome.failures.append(f"{describe(task)}: {result}")
        else:
            row = {"id": task.id, **task.key, **result}
            results.add(row)
            on_row(row)
        progress(done, total, describe(task))
    outcome.rows = [results.rows[task.id] for task in experiment.tasks if task.id in results.rows]
    outcome.left_out = len(outstanding(experiment, results)) - len(outcome.failures)
    return outcome


def describe(task: Task) -> str:
    """The task's key in a few words, digests and versions left out."""
    return ", ".join(
        str(value) for name, value in task.key.items() if name not in ("clip_digest", "version", "metrics")
    )


Attempt = tuple[Task, Row | Exception | None]
"""A row, what went wrong, or None: there was no time left."""


def _that_fit(tasks: Sequence[Task], seconds: float) -> list[Task]:
    chosen = []
    for task in tasks:
        if task.cost_s <= seconds:
            seconds -= task.cost_s
            chosen.append(task)
    return chosen


def _in_turn(tasks: Sequence[Task], started: float, budget_s: float | None) -> Iterator[Attempt]:
    for task in tasks:
        spent = time.monotonic() - started
        out_of_time = budget_s is not None and spent + task.cost_s > budget_s
        yield task, None if out_of_time else _attempt(task)


def _at_once(tasks: Sequence[Task], workers: int, budget_s: float | None) -> Iterator[Attempt]:
    end = None if budget_s is None else time.time() + budget_s
    context = multiprocessing.get_context("spawn")
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_with_parent) as pool,
    ):
        futures: dict[Future[Row | Exception | None], Task] = {
            pool.submit(_attempt, task, end): task for task in tasks
        }
        for future in as_completed(futures):
            yield futures[future], future.result()


def _attempt(task: Task, end: float | None = None) -> Row | Exception | None:
    """Runs here or in a worker; `end` is the time of day after which nothing new is begun."""
    if end is not None and time.time() + task.cost_s > end:
        return None
    start = time.perf_counter()
    try:
        values = task.measure(**task.arguments)
    except (DpcodecError, OSError) as error:
        return error
    return {**values, "took_s": round(time.perf_counter() - start, 3)}


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers start with one thread for linear algebra: as many processes as cores are busy already."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _leave_with_parent() -> None:
    """In a worker: end when the parent does, however it does; an interrupt is the parent's to answer."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
