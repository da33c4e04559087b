"""The run of a batch: tasks to an engine, rows to a manifest, failures again, what is known not at all."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from typing import Any

from dpcodec.batch.engines import RETRIES, Engine, InProcess, Task
from dpcodec.batch.manifest import Manifest, Row

Progress = Callable[[int, int, int], None]


@dataclass
class Summary:
    """How many tasks came out well, how many failed, how many were known from before, and a line for each
    that failed."""

    ok: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """All that are over."""
        return self.ok + self.failed + self.skipped


def failed(value: Any) -> bool:
    """Whether a task's value says that it failed: an exception, or a row with an `error`."""
    return isinstance(value, Exception) or (isinstance(value, dict) and "error" in value)


def attempts(engine: Engine, tasks: Iterable[Task], retries: int = 0) -> Iterator[tuple[Task, Any, int]]:
    """Each task with its value, or the exception it raised, and how often it was tried, as tasks end.

    No more tasks are taken from `tasks` than the engine has use for. One that fails is tried again after all
    others, unless it says that this is of no use.
    """
    waiting, later = iter(tasks), deque[Task]()
    tries: Counter[str] = Counter()
    out = 0
    while True:
        while out < engine.width:
            task = next(waiting, None) or (later.popleft() if later else None)
            if task is None:
                break
            engine.submit(task)
            out += 1
        if not out:
            return
        task, value = engine.next_done()
        out -= 1
        final = _final(value)
        tries[task.id] += final or 1
        if failed(value) and tries[task.id] <= retries and not final:
            later.append(task)
        else:
            yield task, value, tries.pop(task.id)


@dataclass(frozen=True)
class Rules:
    """How a run treats its tasks.

    retries   how often one that failed is tried again
    row_of    the row of a value
    is_whole  whether what a row of an earlier run tells is still there: then its task is left out
    refuse    asked before a task begins: None, a row with an `error`, or one without where it is to be left
              out; not asked about tasks that this batch has begun before, whose outputs are its own
    """

    retries: int = RETRIES
    row_of: Callable[[Any], Row] = dict
    is_whole: Callable[[Row], bool] = lambda row: True
    refuse: Callable[[Task], Row | None] = lambda task: None


def run(
    tasks: Iterable[Task],
    manifest: Manifest | None = None,
    engine: Engine | None = None,
    rules: Rules | None = None,
    *,
    on_end: Callable[[Task, Any, Row], None] = lambda task, value, row: None,
    on_known: Callable[[Row], object] = bool,
    progress: Progress = lambda done, total, failed: None,
    total: int = 0,
) -> Summary:
    """Run tasks and tell each in the manifest: its `id`, its key, what came of it or an `error`, and `tries`.

    engine    this process where none is given; it is left open
    on_end    called with each task that has ended, its value or the exception it raised, and its row
    on_known  called with the row of each task that is left out because an earlier run has done it
    progress  called with tasks over, tasks in all, tasks failed
    total     tasks in all, where `tasks` cannot tell

    Where the run is killed, another with the same tasks and manifest goes on, and ends with the same rows.
    """
    rules = rules or Rules()
    total = total or (len(tasks) if isinstance(tasks, Sized) else 0)
    going = _Going(manifest, rules, on_end, on_known, progress, total)
    for task, value, tries in attempts(engine or InProcess(), going.outstanding(tasks), rules.retries):
        going.tell(task, value, tries)
    if manifest is not None:
        manifest.finish(going.order)
    return going.summary


class _Going:
    """A run while it goes."""

    def __init__(
        self,
        manifest: Manifest | None,
        rules: Rules,
        on_end: Callable[[Task, Any, Row], None],
        on_known: Callable[[Row], object],
        progress: Progress,
        total: int,
    ) -> None:
        self._manifest, self._rules = manifest, rules
        self._on_end, self._on_known = on_end, on_known
        self._progress, self._total = progress, total
        self.summary = Summary()
        self.order: list[str] = []

    def outstanding(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """The tasks that are to be run."""
        for task in tasks:
            self.order.append(task.id)
            known = self._manifest.get(task.id) if self._manifest else None
            came_out = known is not None and "error" not in known
            if known is not None and came_out and self._rules.is_whole(known):
                self._on_known(known)
                self._skip()
            elif came_out or (self._manifest and self._manifest.begun(task.id)):
                yield task
            elif (refusal := self._rules.refuse(task)) is None:
                if self._manifest:
                    self._manifest.begin(task.id)
                yield task
            elif "error" in refusal:
                self.tell(task, refusal, 0)
            else:
                self._skip()

    def tell(self, task: Task, value: Any, tries: int) -> None:
        """Note what came of a task."""
        row = {"id": task.id, **task.key, **_values(value, self._rules.row_of), "tries": tries}
        row.pop("final", None)
        if self._manifest:
            self._manifest.add(row)
        if "error" in row:
            self.summary.failed += 1
            self.summary.failures.append(f"{_name(task)}: {row['error']}")
        else:
            self.summary.ok += 1
        self._on_end(task, value, row)
        self._progress(self.summary.done, self._total, self.summary.failed)

    def _skip(self) -> None:
        self.summary.skipped += 1
        self._progress(self.summary.done, self._total, self.summary.failed)


def _final(value: Any) -> int:
    """How often a task was tried where another try is of no use, else 0."""
    if isinstance(value, dict):
        return 1 if value.get("final") else 0
    return getattr(value, "tries", 0) if isinstance(value, Exception) else 0


def _values(value: Any, row_of: Callable[[Any], Row]) -> Row:
    if isinstance(value, Exception):
        return {"error": str(value) or type(value).__name__}
    return row_of(value)


def _name(task: Task) -> str:
    return str(task.key.get("source") or next(iter(task.key.values()), task.id))
