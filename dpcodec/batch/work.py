"""What a task does with one file: read it from a path or URL, code it, write it whole, tell of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import dpcodec
from dpcodec.batch import urls
from dpcodec.batch.engines import Engine, Task
from dpcodec.batch.manifest import Manifest, Row
from dpcodec.batch.runner import Rules, Summary, run
from dpcodec.errors import FileAccessError

KEPT_IN_MEMORY = 1 << 24
"""Bytes of an output for a URL that wait in memory; more go to a temporary file."""


def encode_file(
    source: str, target: str, settings: dpcodec.EncodeSettings | None = None, force: bool = False
) -> Row:
    """Encode one file into another, paths or URLs; without `force` not over one that exists.

    Returns `bytes`, `sha256`, `seconds` of audio, `kbps`, `took_s`, `cpu_s` and `host`. Raises
    `FileAccessError` where the target exists or cannot be written, and what `encode_stream` raises.
    """
    started = time.perf_counter(), time.thread_time()
    with urls.open_any(source) as read, _written(target, force) as write:
        with dpcodec.open_audio(read) as reader:
            report = dpcodec.encode_stream(reader, write, settings or dpcodec.EncodeSettings())
        told = urls.measure(write)
    seconds = report.samples / report.sample_rate
    return {**told, "seconds": round(seconds, 6), "kbps": round(report.kbps, 3), **_ended(started)}


def decode_file(
    source: str, target: str, settings: dpcodec.DecodeSettings | None = None, force: bool = False
) -> Row:
    """Decode one file into another, paths or URLs, in the format that the target's name asks for; else as
    `encode_file`, with `damaged` in place of `kbps`."""
    started = time.perf_counter(), time.thread_time()
    with urls.open_any(source) as read, _written(target, force) as write:

        def create(info: dpcodec.StreamInfo) -> Any:
            wanted = dpcodec.format_for_name(target, info.sample_format)
            return dpcodec.create_audio(
                write, info.sample_rate, info.channels, wanted, info.samples, info.tags
            )

        report = dpcodec.decode_stream(read, create, settings or dpcodec.DecodeSettings())
        told = urls.measure(write)
    seconds = report.samples / report.sample_rate
    return {**told, "seconds": round(seconds, 6), "damaged": report.damaged, **_ended(started)}


def encode(
    pairs: Iterable[tuple[str, str]],
    manifest: Manifest | None = None,
    engine: Engine | None = None,
    settings: dpcodec.EncodeSettings | None = None,
    force: bool = False,
) -> Summary:
    """Encode many files: (source, target) each, paths or URLs.

    A target that exists is refused without `force`, but for those that this manifest tells of. Raises what
    `run` raises; what goes wrong with a file is in the summary and in the manifest.
    """
    return _run("encode", encode_file, pairs, manifest, engine, settings or dpcodec.EncodeSettings(), force)


def decode(
    pairs: Iterable[tuple[str, str]],
    manifest: Manifest | None = None,
    engine: Engine | None = None,
    settings: dpcodec.DecodeSettings | None = None,
    force: bool = False,
) -> Summary:
    """Decode many files, as `encode`."""
    return _run("decode", decode_file, pairs, manifest, engine, settings or dpcodec.DecodeSettings(), force)


def is_whole(row: Row) -> bool:
    """Whether the output that a row tells of is there, of the same size."""
    return "bytes" in row and urls.size(row["target"], listed=True) == row["bytes"]


def _run(
    verb: str,
    function: Callable[..., Row],
    pairs: Iterable[tuple[str, str]],
    manifest: Manifest | None,
    engine: Engine | None,
    settings: Any,
    force: bool,
) -> Summary:
    how = hashlib.sha256(repr(sorted(asdict(settings).items())).encode()).hexdigest()[:16]
    key = {"verb": verb, "settings": how, "version": dpcodec.__version__}
    tasks = [
        Task({"source": source, "target": target, **key}, function, (source, target, settings, True))
        for source, target in pairs
    ]

    def refuse(task: Task) -> Row | None:
        if force or not urls.exists(task.key["target"]):
            return None
        return {"error": f"{task.key['target']}: it exists: remove it, or give leave to replace it"}

    return run(tasks, manifest, engine, Rules(is_whole=is_whole, refuse=refuse))


def _ended(started: tuple[float, float]) -> Row:
    wall, cpu = started
    return {
        "took_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.thread_time() - cpu, 3),
        "host": platform.node(),
    }


@contextlib.contextmanager
def _written(name: str, force: bool) -> Iterator[BinaryIO]:
    """A file that becomes the target when the block ends well, and leaves nothing when it does not."""
    name = urls.plain(name)
    if not force and urls.exists(name):
        raise FileAccessError(f"{name}: it exists: remove it, or say that it may be replaced")
    if urls.is_url(name):
        with tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY) as spool:
            yield cast(BinaryIO, spool)
            urls.upload(cast(BinaryIO, spool), name)
        return
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".dpcodec-{uuid.uuid4().hex}.part")
    try:
        with part.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
