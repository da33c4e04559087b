"""The file beside a target that becomes it: `.dpcodec-NAME.part`."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dpcodec.cli import platforms
from dpcodec.cli.exits import OutputError
from dpcodec.cli.paths import Job, exists_error

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LONGEST_NAME = 100
"""Bytes of a name that a part's name repeats."""
_NO_SURPRISES = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""No link is followed and no pipe waited for: what lies under a part's name may be anything."""


class Unfinished:
    """The file beside the target that becomes it, locked for as long as it is written.

    Its name is made from the target's, so that of two writers one finds the other's, and that what a killed
    one has left is found by the next. A part that nobody has locked is nobody's: it is removed, never written
    into, since who made it is not known.
    """

    def __init__(self, job: Job) -> None:
        self._target, self._force = job.target, job.force
        self._place = Path(os.path.realpath(job.target))
        self._path = self._place.parent / part_name(self._place.name)
        self._mine = False
        self.file: IO[bytes] | None = None

    def open(self) -> bool:
        """Make the file. Whether something of an earlier run was in its way. Raises `OutputError` where that
        is still being written, `UsageError` where the target has come to be since it was looked for."""
        stale = False
        with self._naming_the_target():
            while not self._made():
                stale |= self._remove_stale()
            if not self._force and self._place.exists():
                raise exists_error(self._target)
            if self._place.exists():
                self._path.chmod(self._place.stat().st_mode & 0o777)
        return stale

    def become_the_target(self) -> None:
        """Rename it; without leave to overwrite only where there is nothing."""
        with self._naming_the_target():
            if platforms.WINDOWS and self.file is not None:
                self.file.close()
            if self._force or not _linked(self._path, self._place):
                if not self._force and self._place.exists():
                    raise exists_error(self._target)
                self._path.replace(self._place)
                self._mine = False
            self.discard()
            _sync_folder(self._place.parent)

    def discard(self) -> None:
        """Remove it, unless it is the target by now."""
        if self._mine:
            if platforms.WINDOWS and self.file is not None:
                with contextlib.suppress(OSError, ValueError):
                    self.file.close()
            self._path.unlink(missing_ok=True)
            self._mine = False

    def close(self) -> None:
        """Discard it, and let go of it only then."""
        self.discard()
        if self.file is not None:
            with contextlib.suppress(OSError):  # of bytes that nobody wants any more, or that are synced
                self.file.close()

    def _made(self) -> bool:
        """Make and lock the file; false where there is one, or another writer was quicker."""
        try:
            self.file = self._path.open("x+b")
        except FileExistsError:
            return False
        self._mine = _lock(self.file.fileno(), new=True) and _is_at(self.file.fileno(), self._path)
        if not self._mine:
            self.file.close()
        return self._mine

    def _remove_stale(self) -> bool:
        """Remove a part that nobody holds; whether there was one."""
        if platforms.WINDOWS:
            return self._remove_unless_open()
        try:
            descriptor = os.open(self._path, os.O_RDONLY | _NO_SURPRISES)
        except FileNotFoundError:
            return False  # its writer has just finished
        try:
            if not _lock(descriptor, new=False):
                raise self._busy()
            if not _is_at(descriptor, self._path):
                return False
            self._path.unlink()
            return True
        finally:
            os.close(descriptor)

    def _remove_unless_open(self) -> bool:
        """The same where what somebody has open cannot be removed."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        except PermissionError as exc:
            raise self._busy() from exc
        return True

    def _busy(self) -> OutputError:
        what = f"another process is writing {self._target}, into {self._path.name}"
        return OutputError(f"{what}: wait for it, or give another name with -o")

    @contextlib.contextmanager
    def _naming_the_target(self) -> Iterator[None]:
        """An error is one of the target: nobody knows the part's name."""
        try:
            yield
        except OSError as exc:
            exc.filename = str(self._place)
            raise


def part_name(name: str) -> str:
    """The name of a target's temporary file, in the same folder.

    >>> part_name("a.dpc")
    '.dpcodec-a.dpc.part'
    """
    encoded = os.fsencode(name)
    if len(encoded) > LONGEST_NAME:  # a folder that takes the target's name may not take a longer one
        import hashlib

        name = hashlib.sha256(encoded).hexdigest()[:32]
    return f".dpcodec-{name}.part"


def _lock(descriptor: int, *, new: bool) -> bool:
    """Lock a file until it is closed, by its process's end at the latest; false if another holds it.

    Where files cannot be locked, only a new one is surely ours. Windows has no such locks and needs none
    here: what is open there cannot be removed.
    """
    if fcntl is None or platforms.WINDOWS:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return new
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one under this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _linked(path: Path, place: Path) -> bool:
    """Give the file the second name, which nothing may have; false where the file system has no links.

    Unlike a rename it never replaces what another program has put there in the meantime.
    """
    try:
        place.hardlink_to(path)
    except (OSError, NotImplementedError):
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Have the folder's new name on the disk, where folders can be opened and synced: not on Windows, and not
    on some shares; the file's own bytes are synced by then."""
    if platforms.WINDOWS:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)
