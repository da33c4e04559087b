"""Processes forked from this one: they have all that it has loaded, and each costs a millisecond.

Tasks and values travel through pipes, arrays beside their pickles, so that they are copied in and out and no
more. The standard library's pool needs three threads for that, and twenty milliseconds to begin.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dpcodec.batch.engines import Answer, Task, WorkerLostError, call
from dpcodec.batch.leaving import LEAVE_S, can_fork, interrupts_wait, leave_after

LOST = "the process that worked on it has ended, perhaps for its memory: give it more, or fewer --jobs"
PIPE_BYTES = 1 << 20
"""Of a pipe, where the system allows so many: the next task lies in it while the last one is worked on."""
_MOST_VECTORS = 64
"""Of one write; the system takes 1024."""
_LENGTH = struct.Struct("<q")


@dataclass(eq=False)
class _Worker:
    """A process: its pipes, the tasks that it was given and has not given back, what of them is still to be
    sent."""

    pid: int
    to: int
    back: int
    tasks: deque[Task] = field(default_factory=deque)
    unsent: deque[memoryview] = field(default_factory=deque)


class ForkedPool:
    """See `engines.Engine`. A worker gets its next task before it has done the last one, while more wait."""

    def __init__(self, workers: int, clean: Callable[[], Any] = bool) -> None:
        self.about, self.workers, self.width = f"{workers} processes", workers, 2 * workers + 1
        self._clean = clean
        self._life, self._ours = os.pipe()
        self._waiting: deque[Task] = deque()
        self._done: deque[Answer] = deque()
        self._leaving = False
        self._crew: list[_Worker] = []
        for _ in range(workers):
            self._begin()

    def submit(self, task: Task) -> None:
        """As `Engine.submit`."""
        self._waiting.append(task)
        self._deal()

    def next_done(self) -> Answer:
        """As `Engine.next_done`."""
        while not self._done:
            self._deal()
            if not self._done:
                self._exchange()
        return self._done.popleft()

    def close(self) -> None:
        """As `Engine.close`."""
        self.leave()
        for worker in self._crew:
            if _has_ended(worker, 0):
                _bury(worker)
            os.close(worker.to)
            os.close(worker.back)
        os.close(self._life)

    def leave(self) -> None:
        """As `Engine.leave`."""
        if self._leaving:
            return
        self._leaving = True
        os.close(self._ours)
        ends = time.monotonic() + LEAVE_S
        for worker in self._crew:
            _has_ended(worker, max(0.0, ends - time.monotonic()))

    def _begin(self) -> None:
        """Fork a worker."""
        theirs, to = os.pipe()
        back, from_it = os.pipe()
        for end in (to, from_it):
            with suppress(OSError):
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        os.set_blocking(to, False)
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, ValueError):
                stream.flush()
        with interrupts_wait():
            pid = os.fork()
            if not pid:
                ours = [self._ours, to, back, *(end for w in self._crew for end in (w.to, w.back))]
                _work(theirs, from_it, self._life, ours, self._clean)
        os.close(theirs)
        os.close(from_it)
        self._crew.append(_Worker(pid, to, back))

    def _deal(self) -> None:
        """Give what waits to workers: to each the next one too while another waits behind it, for at the end
        whoever is free first shall have the last."""
        if not self._crew:  # all are lost, and no more could be forked
            self._done += [(task, WorkerLostError(LOST)) for task in self._waiting]
            self._waiting.clear()
        while self._waiting:
            least = min(self._crew, key=lambda worker: len(worker.tasks))
            if len(least.tasks) > (1 if len(self._waiting) > 1 else 0):
                return
            task = self._waiting.popleft()
            try:
                least.unsent += _packed(task)
            except Exception as error:  # noqa: BLE001 - what cannot be pickled is the task's fault
                self._done.append((task, error))
                continue
            least.tasks.append(task)
            _send_some(least)

    def _exchange(self) -> None:
        """Wait until something can be read or written, and do it."""
        ready = select.poll()
        for worker in self._crew:
            ready.register(worker.back, select.POLLIN)
            if worker.unsent:
                ready.register(worker.to, select.POLLOUT)
        able = {descriptor for descriptor, _ in ready.poll()}
        for worker in self._crew.copy():
            if worker.to in able:
                _send_some(worker)
            if worker.back in able:
                self._receive(worker)

    def _receive(self, worker: _Worker) -> None:
        try:
            packed = _received(worker.back)
        except EOFError:
            self._replace(worker)
            return
        task = worker.tasks.popleft()
        try:
            self._done.append((task, _unpacked(packed)))
        except Exception as error:  # noqa: BLE001 - of an error that cannot be made again from its arguments
            self._done.append((task, error))

    def _replace(self, worker: _Worker) -> None:
        """One has ended: the task that it was at is lost, what it had not begun is another's."""
        if self._leaving:  # in the thread that ends this process, which will not be long
            time.sleep(LEAVE_S)
        self._crew.remove(worker)
        _bury(worker)
        os.close(worker.to)
        os.close(worker.back)
        if worker.tasks:
            self._done.append((worker.tasks.popleft(), WorkerLostError(LOST)))
        self._waiting.extendleft(reversed(worker.tasks))
        if can_fork():
            self._begin()


def _bury(worker: _Worker) -> None:
    """Nothing is left of a worker that has ended; where signals of ended children are ignored it is so."""
    with suppress(ChildProcessError):
        os.waitpid(worker.pid, 0)


def _has_ended(worker: _Worker, seconds: float) -> bool:
    """Whether a worker has closed its pipe by then, which it does with its end."""
    closed = select.poll()
    closed.register(worker.back, 0)
    return bool(closed.poll(1000 * seconds))


def _work(tasks_from: int, values_to: int, life: int, others: list[int], clean: Callable[[], Any]) -> None:
    """A worker: call after call, until its parent closes a pipe or ends."""
    try:
        for end in others:
            os.close(end)
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - for good: the parent's is not its own
        leave_after(lambda: os.read(life, 1), clean)
        while True:
            packed = _answer(_unpacked(_received(tasks_from)))
            while packed:
                _write_some(values_to, packed)
    finally:
        os._exit(1)


def _answer(task: Task) -> deque[memoryview]:
    """The value of a task, packed."""
    value = call(task)
    try:
        return _packed(value)
    except Exception as error:  # noqa: BLE001 - told as the value
        return _packed(TypeError(f"{type(value).__name__} cannot be sent: {error}"))


def _packed(value: Any) -> deque[memoryview]:
    """A pickle, the arrays that belong to it, and before them how long each is."""
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(value, 5, buffer_callback=buffers.append)
    parts = [memoryview(stream), *(buffer.raw() for buffer in buffers)]
    lengths = [len(parts), *(part.nbytes for part in parts)]
    return deque([memoryview(b"".join(map(_LENGTH.pack, lengths))), *(part for part in parts if part.nbytes)])


def _unpacked(parts: list[memoryview]) -> Any:
    stream, *buffers = parts
    return pickle.loads(stream, buffers=buffers)


def _received(descriptor: int) -> list[memoryview]:
    """The parts of a message. Raises `EOFError` where the other end is closed."""
    (count,) = _LENGTH.unpack(_read(descriptor, _LENGTH.size))
    lengths = struct.unpack(f"<{count}q", _read(descriptor, count * _LENGTH.size))
    return [_read(descriptor, length) for length in lengths]


def _read(descriptor: int, length: int) -> memoryview:
    found = left = np.empty(length, np.uint8).data  # not filled with zeros first
    while left:
        count = os.readv(descriptor, [left])
        if not count:
            raise EOFError
        left = left[count:]
    return found


def _send_some(worker: _Worker) -> None:
    """As much as its pipe has room for. What a worker has no use for any more because it has ended is noticed
    when it is read from."""
    with suppress(BlockingIOError, BrokenPipeError):
        while worker.unsent:
            _write_some(worker.to, worker.unsent)


def _write_some(descriptor: int, parts: deque[memoryview]) -> None:
    """One write; what it took is gone from `parts`."""
    written = os.writev(descriptor, [parts[i] for i in range(min(len(parts), _MOST_VECTORS))])
    while written:
        first = parts.popleft()
        if written < first.nbytes:
            parts.appendleft(first[written:])
        written = max(0, written - first.nbytes)
