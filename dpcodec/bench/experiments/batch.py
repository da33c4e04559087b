"""Many files: what workers of a pool and of a Dask cluster gain over one, and what handing tasks over costs.

Each run is a command of its own, with its start, on files made by formula. Beside the time on the clock
stands what it would be on cores that nobody else uses: the time outside the tasks as measured, inside them as
much as the CPU worked.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import dpcodec
from dpcodec import batch
from dpcodec.batch.processes import threads_each
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.errors import DpcodecError

RATE = 44100
FILE_S = 0.06
"""Of one second of audio, about: for estimates."""
ROWS = 100_000
"""Of a manifest that is timed by itself."""


def experiment(files: int = 40, short: float = 3.0, long: float = 30.0, workers: int = 2) -> Experiment:
    """One after the other, then `workers`, by the pool on short files and by Dask on long ones; and the cost
    of handing over short ones."""
    over_dask = [("dask", long, 1), ("dask", long, workers)]
    runs = [("pool", short, 1), ("pool", short, workers), ("pool", long, 1)]
    notes = []
    if find_spec("distributed") is None:
        notes.append("Dask is left out: pip install 'dpcodec[cluster]'")
    else:
        runs += over_dask
    tasks = [
        Task(
            {"engine": engine, "files": files, "seconds": seconds, "workers": n, "cores": os.cpu_count(),
             "version": dpcodec.__version__},
            measure,
            {"engine": engine, "files": files, "seconds": seconds, "workers": n},
            cost_s=5 + FILE_S * seconds * files / n,
        )
        for engine, seconds, n in runs
    ]  # fmt: skip
    if find_spec("distributed") is not None:
        how: dict[str, Any] = {"files": files, "seconds": short, "workers": 1}
        key = {"engine": "warm", **how, "cores": os.cpu_count(), "version": dpcodec.__version__}
        tasks.append(Task(key, measure_warm, how, cost_s=10 + FILE_S * short * files))
    told = {"engine": "manifest", "files": ROWS, "cores": os.cpu_count(), "version": dpcodec.__version__}
    tasks.append(Task(told, measure_manifest, {"rows": ROWS}, cost_s=ROWS * 5e-5))
    return Experiment("batch", tasks, tables, timed=True, notes=notes)


def measure(engine: str, files: int, seconds: float, workers: int) -> Row:
    """Seconds of a whole command, of its tasks, of the CPU in them, and a digest of all that came out."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        make_files(top / "in", files, seconds)
        over = ["--scheduler", "processes"] if engine == "dask" else []
        out = ["--output-dir", str(top / "out"), "--manifest", str(top / "rows")]
        command = ["encode", "-r", str(top / "in"), *out, "-q", "-j", str(workers), *over]
        started = time.perf_counter()
        with threads_each(1):
            done = subprocess.run(
                [sys.executable, "-m", "dpcodec", *command], capture_output=True, check=False
            )
        wall = time.perf_counter() - started
        if done.returncode:
            raise DpcodecError(f"encode: {done.stderr.decode(errors='replace').strip()}")
        rows = [json.loads(line) for line in (top / "rows").read_text().splitlines()]
    took, cpu = (sum(row[name] for row in rows) for name in ("took_s", "cpu_s"))
    return {
        "wall_s": round(wall, 3),
        "free_s": round(wall - (took - cpu) / workers, 3),
        "cpu_s": round(cpu, 3),
        "bytes": sum(row["bytes"] for row in rows),
        "digest": hashlib.sha256("".join(row["sha256"] for row in rows).encode()).hexdigest()[:16],
    }


def measure_manifest(rows: int) -> Row:
    """Seconds to write, open and put in order a manifest of so many rows, and its bytes."""
    ids = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        started = time.perf_counter()
        with batch.Manifest(path) as manifest:
            for task_id in reversed(ids):
                manifest.begin(task_id[:20])
                manifest.add({"id": task_id[:20], **_row(task_id)})
            written = time.perf_counter()
            manifest.finish(task_id[:20] for task_id in ids)
            ordered = time.perf_counter()
        with batch.Manifest(path):
            opened = time.perf_counter()
        size = path.stat().st_size
    return {
        "write_s": round(written - started, 3),
        "order_s": round(ordered - written, 3),
        "open_s": round(opened - ordered, 3),
        "bytes": size,
    }


def make_files(folder: Path, files: int, seconds: float) -> None:
    """WAV files at 44.1 kHz, each its own sum of partials and noise."""
    folder.mkdir(parents=True)
    t = np.arange(round(RATE * seconds)) / RATE
    for i in range(files):
        random = np.random.default_rng(i)
        partials = sum(np.sin(2 * np.pi * f * t) / k for k, f in enumerate(random.uniform(80, 5000, 8), 1))
        samples = 0.1 * partials * (1 + 0.5 * np.sin(6 * np.pi * t)) + 0.005 * random.standard_normal(t.size)
        path = folder / f"{i:05}.wav"
        with dpcodec.create_audio(path, RATE, 1, dpcodec.SampleFormat("wav", "PCM_16")) as writer:
            writer.write(samples[np.newaxis].astype(np.float32))


def tables(rows: Sequence[Row]) -> list[Table]:
    """A row a run; beside it how much quicker it is than one worker, and whether the bytes are those of the
    files done one by one."""
    manifests = [row for row in rows if row["engine"] == "manifest"]
    warm = [row for row in rows if row["engine"] == "warm"]
    rows = [row for row in rows if row["engine"] in ("pool", "dask")]
    ones = {(r["engine"], r["files"], r["seconds"]): r for r in rows if r["workers"] == 1}
    plain = {(r["files"], r["seconds"]): r["digest"] for r in rows if r["engine"] == "pool"}
    found = [Table("Many files: whole commands", [_told(row, ones, plain) for row in rows])] if rows else []
    if warm:
        found.append(Table("Dask, warm: what handing over costs", [_told_of_warm(row) for row in warm]))
    if manifests:
        found.append(Table("A manifest by itself", [_told_of_manifest(row) for row in manifests]))
    return found


def _told(row: Row, ones: dict[Any, Row], plain: dict[Any, str]) -> Row:
    one = ones.get((row["engine"], row["files"], row["seconds"]))
    alone = plain.get((row["files"], row["seconds"]))
    per_file = row["cpu_s"] / row["files"]
    return {
        "engine": row["engine"],
        "files": f"{row['files']} of {row['seconds']:g} s",
        "workers": row["workers"],
        "wall, s": row["wall_s"],
        "over one": one and round(one["wall_s"] / row["wall_s"], 2),
        "on free cores, s": row["free_s"],
        "over one there": one and round(one["free_s"] / row["free_s"], 2),
        "CPU a file, s": round(per_file, 4),
        "bytes as one by one": None if alone is None else alone == row["digest"],
    }


def _row(task_id: str) -> Row:
    """A row as an encoding makes it."""
    return {
        "source": f"s3://bucket/some/folder/{task_id[:12]}.wav",
        "target": f"s3://bucket/coded/some/folder/{task_id[:12]}.dpc",
        "command": "encode --quality=6",
        "version": dpcodec.__version__,
        **{"source_bytes": 52920044, "bytes": 2841177, "sha256": task_id, "seconds": 600.0, "kbps": 76.123},
        **{"code": 0, "took_s": 12.345, "cpu_s": 11.234, "host": "worker-0123", "tries": 1},
    }


def _told_of_manifest(row: Row) -> Row:
    per_row = {name: 1e6 * row[name] / row["files"] for name in ("write_s", "order_s", "open_s")}
    return {
        "rows": row["files"],
        "write, us a row": round(per_row["write_s"], 1),
        "put in order, us a row": round(per_row["order_s"], 1),
        "open, us a row": round(per_row["open_s"], 1),
        "bytes a row": round(row["bytes"] / row["files"]),
    }


def measure_warm(files: int, seconds: float, workers: int) -> Row:
    """Seconds of files on a cluster that is warm, and of the tasks in them: what is left is handing over."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        make_files(top / "in", files, seconds)
        names = sorted((top / "in").iterdir())
        cluster = batch.open_engine("processes", workers)
        try:
            for part in (names[: 2 * workers], names):
                pairs = [(str(name), str(top / "out" / f"{name.stem}.dpc")) for name in part]
                with batch.Manifest(top / f"rows-{len(part)}") as manifest:
                    started, cpu = time.perf_counter(), time.process_time()
                    batch.encode(pairs, manifest, cluster, force=True)
                    wall, own = time.perf_counter() - started, time.process_time() - cpu
                    rows = list(manifest.rows())
        finally:
            cluster.close()
    took, worked = (sum(row[name] for row in rows) for name in ("took_s", "cpu_s"))
    return {
        "wall_s": round(wall, 3),
        "tasks_s": round(took, 3),
        "cpu_s": round(worked, 3),
        "scheduler_cpu_s": round(own, 3),
    }


def _told_of_warm(row: Row) -> Row:
    return {
        "files": f"{row['files']} of {row['seconds']:g} s",
        "workers": row["workers"],
        "wall, s": row["wall_s"],
        "in tasks, s": row["tasks_s"],
        "between tasks, %": round(100 * (row["wall_s"] * row["workers"] / row["tasks_s"] - 1), 2),
        "scheduler's own CPU, ms a file": round(1e3 * row["scheduler_cpu_s"] / row["files"], 1),
    }
