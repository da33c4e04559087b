"""Outputs that appear only when they are whole: written beside the target, synced, then renamed onto it.
One writer of a target at a time; what a killed one has left is removed by the next.

Pipes and devices are written directly, or, where nothing may come out before all is known to be good, from a
temporary file at the end, as URLs are.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dpcodec.batch import urls
from dpcodec.cli import signals, standard
from dpcodec.cli.display import Screen
from dpcodec.cli.paths import Job, is_special
from dpcodec.cli.unfinished import Unfinished

if TYPE_CHECKING:
    from typing_extensions import Buffer


FULL = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
_BINARY = getattr(os, "O_BINARY", 0)


class Output:
    """A target being written. `file` takes the bytes; `commit` lets them be seen under the target's name."""

    def __init__(
        self,
        file: BinaryIO,
        screen: Screen,
        part: Unfinished | None = None,
        copy_to: BinaryIO | None = None,
        url: str | None = None,
    ) -> None:
        self.file = file
        self.kept = False
        self._screen, self._part, self._copy_to, self._url = screen, part, copy_to, url

    def commit(self) -> None:
        """Make it last."""
        self.file.flush()
        if self._part is not None or self._url is not None:
            self._screen.record |= _measure(self.file, self._screen.digest)
        if self._url is not None:
            urls.upload(self.file, self._url)
        if self._copy_to is not None:
            import shutil

            self.file.seek(0)
            shutil.copyfileobj(self.file, self._copy_to, 1 << 20)
            self._copy_to.flush()
        if self._part is not None:
            os.fsync(self.file.fileno())
            self._part.become_the_target()
        self.kept = True


@contextlib.contextmanager
def create(job: Job, screen: Screen, *, spool: bool = False) -> Iterator[Output]:
    """Open the job's target for writing; without a `commit` nothing is left behind.

    `spool`: let pipes and devices have nothing before `commit` either, and make `Output.file` readable and
    seekable. The temporary file is made here, so a folder that is missing or read-only shows before the work.
    """
    direct = job.target == "-" or is_special(job.target)
    try:
        if urls.is_url(job.target):
            with _temporary_file() as file:
                yield Output(file, screen, url=job.target)
            return
        with _direct(job.target, screen, spool) if direct else _replacing(job, screen) as output:
            yield output
    except OSError as exc:
        if exc.filename is None and exc.errno in FULL:
            exc.filename = job.target  # it was the output that could not grow, not the input
        raise


@contextlib.contextmanager
def _direct(target: str, screen: Screen, spool: bool) -> Iterator[Output]:
    if target == "-":
        standard.check_open(1)
    with _Pipe(os.dup(1) if target == "-" else os.open(target, os.O_WRONLY | _BINARY)) as pipe:
        straight = cast(BinaryIO, pipe)
        if not spool:
            yield Output(straight, screen)
            return
        with _temporary_file() as file:
            yield Output(file, screen, copy_to=straight)


@contextlib.contextmanager
def _replacing(job: Job, screen: Screen) -> Iterator[Output]:
    part = Unfinished(job)
    with signals.at_leave(part.discard):
        try:
            if part.open():
                screen.warn(job.target, "what a run that was killed had left of it is replaced")
            yield Output(cast(BinaryIO, part.file), screen, part)
        finally:
            part.close()


def _temporary_file() -> BinaryIO:
    import tempfile  # lazy: it loads what packs and unpacks archives

    return cast(BinaryIO, tempfile.TemporaryFile())


def _measure(file: BinaryIO, digest: bool) -> dict[str, Any]:
    if digest:
        return urls.measure(file)
    return {"bytes": file.seek(0, os.SEEK_END)}


class _Pipe(io.RawIOBase):
    """A descriptor written front to back, whole. It does not seek even if it could: `>>` would go wrong."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: Buffer) -> int:
        view = memoryview(data).cast("B")
        total = len(view)
        while view:
            view = view[os.write(self._descriptor, view) :]
        return total

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)
