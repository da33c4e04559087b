"""Tasks whose values are wanted in the order of the tasks: pieces of one file."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dpcodec.batch.engines import RETRIES, Engine, Task

AHEAD = 2
"""Tasks begun and not given back for each worker: one at work, and one so that it need not wait."""


def in_order(
    engine: Engine,
    tasks: Iterable[Task],
    again: type[Exception] = Exception,
    instead: Callable[[Task, Any], Task | None] = lambda task, value: None,
    told: Callable[[int], Any] = bool,
    most: int | None = None,
) -> Iterator[Any]:
    """The values of tasks, of which no more than the engine needs are taken before those that come first
    have been given back.

    again    what is tried again, RETRIES times, where a task raises it; the rest is raised here
    instead  called with each task and its value, in order: a task whose value is to be taken in its place
    told     called with the number of tasks that are over, whenever one is
    most     tasks begun and not given back, however many workers there are

    What was begun when the caller stops is left to the engine, and its values are passed over by the next
    call: tasks of one engine must have ids of their own.
    """
    waiting, begun = iter(tasks), deque[Task]()
    values: dict[str, Any] = {}
    tries: Counter[str] = Counter()
    over = 0
    while True:
        ahead = max(engine.width, AHEAD * engine.workers)
        while len(begun) < min(ahead, most or ahead):
            task = next(waiting, None)
            if task is None:
                break
            engine.submit(task)
            begun.append(task)
        if not begun:
            return
        while begun[0].id not in values:
            task, value = engine.next_done()
            if not any(task is one for one in begun):
                continue
            if isinstance(value, Exception):
                tries[task.id] += getattr(value, "tries", 0) or 1
                if tries[task.id] > RETRIES or not isinstance(value, again):
                    raise value
                engine.submit(task)
                continue
            values[task.id] = value
            over += 1
            told(over)
        value = values.pop(begun[0].id)
        better = instead(begun[0], value)
        if better is None:
            begun.popleft()
            yield value
        else:
            engine.submit(better)
            begun[0] = better
