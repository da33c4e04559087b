"""The door to fsspec: files that are named by a URL, as s3://bucket/a.wav, beside plain names.

Plain names and file:// never need fsspec. What its file systems raise becomes `FileAccessError`, but for a
file that is not there, which is `FileNotFoundError` as with plain names.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from dpcodec.errors import DeviceError, FileAccessError

WHOLE_UPLOADS = ("s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "memory", "oss", "hf")
"""Where a file is seen only once all of it is there; elsewhere it is sent under another name first."""
BLOCK_BYTES = 1 << 20
_URL = r"[a-z][a-z0-9+.-]+://"  # two letters: C:// is a drive
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}


def is_url(name: str) -> bool:
    """Whether a name is a URL rather than a path.

    >>> is_url("s3://bucket/a.wav"), is_url("C:\\\\a.wav"), is_url("a/b.wav")
    (True, False, False)
    """
    return "://" in name and re.match(_URL, name, re.IGNORECASE) is not None


def plain(name: str) -> str:
    """The path of a file:// URL; other names as they are.

    >>> plain("file:///tmp/a%20b.wav"), plain("s3://bucket/a.wav"), plain("a.wav")
    ('/tmp/a b.wav', 's3://bucket/a.wav', 'a.wav')
    """
    if not name.lower().startswith("file://"):
        return name
    from urllib.parse import unquote, urlsplit

    path = unquote(urlsplit(name).path)
    if os.name == "nt":
        path = path.lstrip("/")
    return path


def suffix_of(name: str) -> str:
    """The suffix of a path or URL, in small letters, with its dot."""
    return Path(_path_of(name)).suffix.lower()


def with_suffix(name: str, suffix: str) -> str:
    """The name with its suffix swapped.

    >>> with_suffix("s3://bucket/a.b/c.wav", ".dpc"), with_suffix("s3://bucket/a.b/c", ".dpc")
    ('s3://bucket/a.b/c.dpc', 's3://bucket/a.b/c.dpc')
    """
    start, slash, last = name.rpartition("/")
    return f"{start}{slash}{Path(last).with_suffix(suffix)}"


def join(folder: str, inside: str) -> str:
    """A name below a folder or a URL; `inside` may be several steps deep."""
    if is_url(folder):
        return f"{folder.rstrip('/')}/{Path(inside).as_posix()}"
    return str(Path(folder) / inside)


def exists(name: str) -> bool:
    """Whether there is a file."""
    if not is_url(name):
        return Path(name).exists()
    with _told(name):
        fs, path = _file_system(name)
        return bool(fs.exists(path))


def is_folder(name: str) -> bool:
    """Whether it is a folder, or a URL below which there is something."""
    if not is_url(name):
        return Path(name).is_dir()
    with _told(name):
        fs, path = _file_system(name)
        return bool(fs.isdir(path))


def size(name: str, *, listed: bool = False) -> int | None:
    """Bytes of a file, None where there is none.

    listed   of a URL ask for all files of its folder at once, and remember them: for many files of one folder
    """
    if not is_url(name):
        try:
            return Path(name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
    with _told(name):
        fs, path = _file_system(name)
        try:
            if listed:
                parent = path.rpartition("/")[0]
                found = {entry["name"].lstrip("/"): entry["size"] for entry in fs.ls(parent, detail=True)}
                return found.get(path.lstrip("/"))
            return int(fs.info(path)["size"])
        except FileNotFoundError:
            return None


@contextlib.contextmanager
def open_read(url: str) -> Iterator[BinaryIO]:
    """A URL's file, seekable, fetched as it is read. Raises `FileNotFoundError`, `FileAccessError`."""
    with _told(url):
        fs, path = _file_system(url)
        file = fs.open(path, "rb")
    try:
        yield cast(BinaryIO, _Told(file, url))
    finally:
        file.close()


def open_any(name: str) -> contextlib.AbstractContextManager[BinaryIO]:
    """A path's or URL's file, for reading."""
    if is_url(name := plain(name)):
        return open_read(name)
    return Path(name).open("rb")


def upload(file: BinaryIO, url: str) -> None:
    """Send a file, from its beginning, to a URL; it is seen there once it is whole."""
    file.seek(0)
    with _told(url):
        fs, path = _file_system(url)
        whole = url.split("://")[0].lower() in WHOLE_UPLOADS
        start, slash, last = path.rpartition("/")
        part = path if whole else f"{start}{slash}.dpcodec-{last}.part"
        if not whole:
            fs.makedirs(start, exist_ok=True)
        with fs.open(part, "wb") as out:
            while data := file.read(BLOCK_BYTES):
                out.write(data)
        if not whole:
            fs.mv(part, path)
        fs.invalidate_cache(start)


def measure(file: BinaryIO) -> dict[str, Any]:
    """`bytes` and `sha256` of a file that can be read; it stands at its end afterwards."""
    import hashlib  # lazy: it loads OpenSSL

    file.flush()
    file.seek(0)
    digest, count = hashlib.sha256(), 0
    while data := file.read(BLOCK_BYTES):
        digest.update(data)
        count += len(data)
    return {"bytes": count, "sha256": digest.hexdigest()}


def find(url: str, suffixes: Sequence[str]) -> list[tuple[str, str]]:
    """The files below a URL by suffix, sorted: their URLs, and their names below it."""
    with _told(url):
        fs, path = _file_system(url)
        top = path.rstrip("/") + "/"
        found = sorted(str(name) for name in fs.find(path))
        return [
            (fs.unstrip_protocol(name), name.lstrip("/").removeprefix(top.lstrip("/")))
            for name in found
            if suffix_of(name) in suffixes
        ]


@contextlib.contextmanager
def local_copy(name: str) -> Iterator[str]:
    """A plain name under which a file can be read by its path."""
    if not is_url(name):
        yield name
        return
    import tempfile  # lazy: it loads what packs and unpacks archives

    with tempfile.TemporaryDirectory() as folder, open_read(name) as source:
        path = Path(folder) / Path(_path_of(name)).name
        with path.open("wb") as out:
            while data := source.read(BLOCK_BYTES):
                out.write(data)
        yield str(path)


def _path_of(name: str) -> str:
    return name.split("://", 1)[1] if is_url(name) else name


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as exc:
        raise DeviceError(f"{url}: URLs need fsspec: pip install 'dpcodec[cluster]'") from exc
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except ImportError as exc:
        protocol = url.split("://")[0].lower()
        package = _PACKAGES.get(protocol, "a package of its own")
        raise DeviceError(f"{url}: {protocol}:// needs {package}: install it beside dpcodec") from exc
    except ValueError as exc:
        raise FileAccessError(f"{url}: {exc}: give a path, or a URL that fsspec knows") from exc
    return fs, path


@contextlib.contextmanager
def _told(url: str) -> Iterator[None]:
    """What a file system raises, as our own; its errors are of many kinds."""
    try:
        yield
    except (FileNotFoundError, FileAccessError, DeviceError):
        raise
    except Exception as exc:
        what = str(exc) or type(exc).__name__
        raise FileAccessError(f"{url}: {what}: check its address, and your leave") from exc


class _Told:
    """A file whose reads raise as `_told` does."""

    def __init__(self, file: Any, url: str) -> None:
        self._file, self._url = file, url

    def read(self, count: int = -1) -> bytes:
        """As of any file."""
        with _told(self._url):
            data: bytes = self._file.read(count)
            return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
