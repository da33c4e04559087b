"""Many files, on one machine or on many: tasks, run on an engine that exists, told in a manifest.

    tasks            what is to be done: a function of a module, its arguments, and a key that names it
    an engine        this process, a pool of warm processes, or a Dask cluster
    rows             what came of each: streamed to a manifest, which a second run goes on from

A task that fails is tried again, then listed; a worker that dies costs the task it was at. Dask and fsspec
are needed for clusters and for URLs only (`pip install 'dpcodec[cluster]'`), and are loaded when they are.

>>> import tempfile
>>> from pathlib import Path
>>> from dpcodec import batch
>>> with tempfile.TemporaryDirectory() as folder:
...     tasks = [batch.Task({"n": n}, divmod, (n, 2)) for n in range(3)]
...     rules = batch.Rules(row_of=lambda value: {"half": value[0]})
...     with batch.Manifest(Path(folder) / "m.jsonl") as manifest:
...         done = batch.run(tasks, manifest, rules=rules)
>>> done.ok, done.failed, done.skipped
(3, 0, 0)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dpcodec.batch.engines import Engine, InProcess, Task, WorkerLostError
    from dpcodec.batch.local import LocalPool
    from dpcodec.batch.long_files import encode_runs
    from dpcodec.batch.manifest import Manifest
    from dpcodec.batch.opening import open_engine
    from dpcodec.batch.runner import Rules, Summary, attempts, run
    from dpcodec.batch.sharing import share_decoding, share_encoding
    from dpcodec.batch.work import decode, decode_file, encode, encode_file

__all__ = [
    "Engine",
    "InProcess",
    "LocalPool",
    "Manifest",
    "Rules",
    "Summary",
    "Task",
    "WorkerLostError",
    "attempts",
    "decode",
    "decode_file",
    "encode",
    "encode_file",
    "encode_runs",
    "open_engine",
    "run",
    "share_decoding",
    "share_encoding",
]

_HOMES = {
    "dpcodec.batch.engines": (*("Engine", "InProcess", "Task", "WorkerLostError"),),
    "dpcodec.batch.local": ("LocalPool",),
    "dpcodec.batch.long_files": ("encode_runs",),
    "dpcodec.batch.manifest": ("Manifest",),
    "dpcodec.batch.opening": ("open_engine",),
    "dpcodec.batch.runner": ("Rules", "Summary", "attempts", "run"),
    "dpcodec.batch.sharing": ("share_decoding", "share_encoding"),
    "dpcodec.batch.work": ("decode", "decode_file", "encode", "encode_file"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            globals()[name] = found = getattr(import_module(module), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
