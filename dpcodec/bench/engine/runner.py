"""Runs what an experiment still lacks: resumes, keeps to a budget, uses several cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field

from dpcodec import batch
from dpcodec.batch.leaving import interrupts_wait
from dpcodec.batch.processes import pools, threads_each
from dpcodec.bench.engine.experiment import Experiment, Row, Task
from dpcodec.bench.engine.results import Results
from dpcodec.errors import DpcodecError

Progress = Callable[[float, float, str], None]
RETRIES = 2
"""Tries beside the first, on an engine."""


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


def workers_for(experiment: Experiment, jobs: int) -> int:
    """Processes that measure at a time: one where times are measured."""
    return 1 if experiment.timed else jobs


def duration_s(tasks: Sequence[Task], workers: int) -> float:
    """Estimated seconds that the tasks take: tasks that run alone wait for each other."""
    alone = sum(task.cost_s for task in tasks if task.alone)
    return max(sum(task.cost_s for task in tasks) / workers, alone)


def run(
    experiment: Experiment,
    results: Results,
    progress: Progress = lambda done, total, detail: None,
    jobs: int = 1,
    budget_s: float | None = None,
    on_row: Callable[[Row], None] = lambda row: None,
    engine: batch.Engine | None = None,
) -> Outcome:
    """Measure what is outstanding and return all rows of the experiment.

    progress   called with seconds of estimated work done and in all, and what was measured last
    jobs       processes at a time, each with one thread; one for a timed experiment
    budget_s   seconds this run may take: tasks are taken in order, those left out whose estimates do not fit
    engine     what measures instead, as a Dask cluster: tasks that run alone each take a GPU of it, and where
               one fails or its worker dies it is tried twice more
    A task that fails with a `DpcodecError` or `OSError` leaves no row and is told in the outcome: it will be
    tried again by the next run. Raises `DpcodecError` if a process was killed; what it did not come to is
    left for the next run, too.
    """
    outcome = Outcome()
    workers = engine.workers if engine else workers_for(experiment, jobs)
    todo = outstanding(experiment, results)
    chosen = todo if budget_s is None else _that_fit(todo, workers, budget_s)
    total = sum(task.cost_s for task in chosen)
    done = 0.0
    if engine is not None:
        measured = _by_engine(chosen, engine, budget_s)
    else:
        measured = _in_turn(chosen, budget_s) if workers == 1 else _at_once(chosen, workers, budget_s)
    with closing(measured) as all_:
        for task, result in all_:
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
    """The task's key in a few words, digests, metrics and versions left out."""
    told = (v for k, v in task.key.items() if not k.endswith(("digest", "version", "metrics")))
    return ", ".join(str(value) for value in told if value is not None)


Attempt = tuple[Task, Row | Exception | None]
"""A row, what went wrong, or None: there was no time left."""


def _that_fit(tasks: Sequence[Task], workers: int, budget_s: float) -> list[Task]:
    chosen = []
    left, left_alone = budget_s * workers, budget_s
    for task in tasks:
        if task.cost_s <= min(left, left_alone if task.alone else budget_s):
            left -= task.cost_s
            left_alone -= task.cost_s if task.alone else 0.0
            chosen.append(task)
    return chosen


def _in_turn(tasks: Sequence[Task], budget_s: float | None) -> Generator[Attempt]:
    end = None if budget_s is None else time.time() + budget_s
    for task in tasks:
        yield task, _attempt(task, end)


def _at_once(tasks: Sequence[Task], workers: int, budget_s: float | None) -> Generator[Attempt]:
    end = None if budget_s is None else time.time() + budget_s
    with threads_each(1), pools(workers, 1) as (many, one):
        with interrupts_wait():
            futures: dict[Future[Row | Exception | None], Task] = {
                (one if task.alone else many).submit(_attempt, task, end): task for task in tasks
            }
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool as error:
                raise DpcodecError(
                    "a process that measures was killed, perhaps for its memory: run again with fewer --jobs"
                ) from error


def _by_engine(tasks: Sequence[Task], engine: batch.Engine, budget_s: float | None) -> Generator[Attempt]:
    end = None if budget_s is None else time.time() + budget_s
    by_id = {}
    for task in tasks:
        resources = {"GPU": 1.0} if task.alone else {}
        by_id[task.id] = batch.Task({"id": task.id}, _measured, (task, end), resources, task.cost_s), task
    known = {call.id: task for call, task in by_id.values()}
    calls = (call for call, _ in by_id.values())
    for call, value, _ in batch.attempts(engine, calls, RETRIES):
        yield known[call.id], value


def _measured(task: Task, end: float | None) -> Row | None:
    """As `_attempt`; an exception shows the engine that it has failed."""
    result = _attempt(task, end)
    if isinstance(result, Exception):
        raise result
    return result


def _attempt(task: Task, end: float | None) -> Row | Exception | None:
    """Runs here or in a worker; `end` is the time of day by which the task must be over, by its estimate."""
    if end is not None and time.time() + task.cost_s > end:
        return None
    start = time.perf_counter()
    try:
        values = task.measure(**task.arguments)
    except (DpcodecError, OSError) as error:
        return error
    return {**values, "took_s": round(time.perf_counter() - start, 3)}
