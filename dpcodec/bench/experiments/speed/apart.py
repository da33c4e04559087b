"""Work in fresh processes, so that peak memory and threads are the work's own."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dpcodec import DecodeSettings, EncodeSettings, decode_stream, encode_stream, open_audio
from dpcodec.audio.streams import AudioReader, AudioWriter
from dpcodec.batch.processes import pools, threads_each
from dpcodec.bench.engine.experiment import Row
from dpcodec.errors import DpcodecError


def apart(work: Callable[..., Row], *arguments: Any, copies: int = 1, cores: int | None = None) -> list[Row]:
    """`work(*arguments)` in so many processes at the same time: what each returns, and its `peak_mb`.

    work    a function of a module; the processes have loaded that module before any of them begins
    cores   how many cores they share, with as many threads in all; None: all there are

    Raises what `work` raises, and `DpcodecError` if a process was killed.
    """
    with _limited_to(cores or os.cpu_count() or 1, copies), pools(*[1] * copies) as ready:
        try:
            for future in [pool.submit(_load, work) for pool in ready]:
                future.result()
            return [future.result() for future in [pool.submit(_weigh, work, arguments) for pool in ready]]
        except BrokenProcessPool as error:
            raise DpcodecError("the process was killed, perhaps for its memory") from error


def encode_tiled(tile: Path, seconds: float, settings: EncodeSettings, out: Path | None, runs: int) -> Row:
    """Encode a file, repeated to so many seconds, in bounded memory; `times_s` of each run, and `bytes`.

    out  where the last run's file stays; None: nowhere
    """
    times, size = [], 0
    for _ in range(runs):
        start = time.perf_counter()
        with Tiled(tile, seconds) as reader, out.open("wb") if out else tempfile.TemporaryFile() as file:
            size = encode_stream(reader, file, settings).bytes
        times.append(time.perf_counter() - start)
    return {"times_s": times, "bytes": size}


def decode_away(source: Path, settings: DecodeSettings, runs: int) -> Row:
    """Decode a file and let the samples go, in bounded memory; `times_s` of each run."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        with source.open("rb") as file:
            report = decode_stream(file, lambda info: Discarded(), settings)
        times.append(time.perf_counter() - start)
    return {"times_s": times, "samples": report.samples}


def network_step(network: str, bins: int, frames: int, device: str) -> Row:
    """One optimisation step of a network."""
    from dpcodec.inpainting.deep_prior.speed import measure_step  # loads torch

    return {"times_s": [measure_step(network, bins, frames, device)]}


def nothing() -> Row:
    """What it takes to have dpcodec loaded."""
    return {}


class Tiled(AudioReader):
    """A file, from its beginning again where it ends, up to so many seconds."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._open()
        self.sample_rate, self.channels = self._reader.sample_rate, self._reader.channels
        self.sample_format, self.tags = self._reader.sample_format, ()
        self.warnings = []
        self.samples = round(seconds * self.sample_rate)
        self._left = self.samples

    def _open(self) -> None:
        self._reader = open_audio(self._path)

    def read(self, samples: int) -> np.ndarray:
        block = self._reader.read(min(samples, self._left))
        if self._left and not block.shape[1]:
            self._reader.close()
            self._open()
            block = self._reader.read(min(samples, self._left))
        self._left -= block.shape[1]
        return block

    def close(self) -> None:
        self._reader.close()


class Discarded(AudioWriter):
    """Takes samples and keeps none."""

    def __init__(self) -> None:
        self.clipped = 0
        self.warnings = []

    def write(self, block: np.ndarray) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""

    def abandon(self) -> None:
        """Nothing is held."""


def peak_memory_mb() -> float | None:
    """The most memory that this process has had resident, MB of 10^6 bytes; None where no system call tells.

    On Linux `getrusage` of a process counts its parent's, too, from before it became a program of its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        told = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)
        if told:
            return int(told[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def _load(work: Callable[..., Row]) -> None:
    """Coming here has loaded it."""


def _weigh(work: Callable[..., Row], arguments: tuple[Any, ...]) -> Row:
    result = work(*arguments)
    memory = peak_memory_mb()
    return {**result, "peak_mb": None if memory is None else round(memory, 1)}


@contextmanager
def _limited_to(cores: int, processes: int) -> Iterator[None]:
    """Processes started inside run on so many cores, if the system can tell them to."""
    with threads_each(max(1, cores // processes)):
        if not hasattr(os, "sched_setaffinity"):
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(before)[:cores])
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
