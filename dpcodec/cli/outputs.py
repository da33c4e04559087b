"""Outputs that appear only when they are whole: written beside the target, synced, then renamed onto it.

Pipes and devices are written directly, or, where nothing may come out before all is known to be good, from a
temporary file at the end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from dpcodec.cli import signals
from dpcodec.cli.paths import is_special

if TYPE_CHECKING:
    from typing_extensions import Buffer

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Output:
    """A target being written. `file` takes the bytes; `commit` lets them be seen under the target's name."""

    def __init__(self, file: BinaryIO, rename_to: Path | None, copy_to: BinaryIO | None) -> None:
        self.file = file
        self.kept = False
        self._rename_to, self._copy_to = rename_to, copy_to

    def commit(self) -> None:
        """Make it last."""
        self.file.flush()
        if self._copy_to is not None:
            self.file.seek(0)
            shutil.copyfileobj(self.file, self._copy_to, 1 << 20)
            self._copy_to.flush()
        if self._rename_to is not None:
            os.fsync(self.file.fileno())
            Path(self.file.name).replace(self._rename_to)
            _sync_folder(self._rename_to.parent)
        self.kept = True


@contextlib.contextmanager
def create(target: str, *, spool: bool = False) -> Iterator[Output]:
    """Open the target for writing ("-": standard output); without a `commit` nothing is left behind.

    `spool`: let pipes and devices have nothing before `commit` either, and make `Output.file` readable and
    seekable. The temporary file is made here, so a folder that is missing or read-only shows before the work.
    """
    direct = target == "-" or is_special(target)
    try:
        with _direct(target, spool) if direct else _replacing(target) as output:
            yield output
    except OSError as exc:
        if exc.filename is None and exc.errno in FULL:
            exc.filename = target  # it was the output that could not grow, not the input
        raise


@contextlib.contextmanager
def _direct(target: str, spool: bool) -> Iterator[Output]:
    with _Pipe(os.dup(1) if target == "-" else os.open(target, os.O_WRONLY)) as pipe:
        straight = cast(BinaryIO, pipe)
        if not spool:
            yield Output(straight, None, None)
            return
        with tempfile.TemporaryFile() as file:
            yield Output(cast(BinaryIO, file), None, straight)


@contextlib.contextmanager
def _replacing(target: str) -> Iterator[Output]:
    place = Path(os.path.realpath(target))
    temporary = place.parent / f".dpcodec-{secrets.token_hex(8)}.part"

    def discard() -> None:
        temporary.unlink(missing_ok=True)

    with signals.at_leave(discard):
        try:
            with _exclusive(temporary, place) as opened:
                yield Output(cast(BinaryIO, opened), place, None)
        finally:
            discard()


def _exclusive(temporary: Path, place: Path) -> IO[bytes]:
    """A new file with the target's permissions, or those of any new file."""
    try:
        file: IO[bytes] = temporary.open("x+b")
        if place.exists():
            temporary.chmod(place.stat().st_mode & 0o777)
    except OSError as exc:
        exc.filename = str(place)
        raise
    return file


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
