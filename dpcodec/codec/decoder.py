"""Decoding: a file object in, a writer of audio out; the loop over segments is `codec.rebuild`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.streams import AudioWriter
from dpcodec.codec.rebuild import Rebuild, TimeRange, time_range_of
from dpcodec.codec.report import DecodeReport
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader
from dpcodec.errors import LimitError
from dpcodec.inpaint.device import require_torch, resolve_device
from dpcodec.inpaint.problem import Progress, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.inpaint.solvers import AUTO, SOLVERS, check_solver
from dpcodec.settings import DecodeSettings
from dpcodec.transform.stft import frame_count

SOLVER_BYTES_A_CELL = 160
"""Memory a solver needs for each cell of a block: its arrays, the problem's and the FFT's scratch space."""


@dataclass(frozen=True)
class StreamInfo:
    """What a sink must know before the first sample; `samples` None where the file cannot tell yet."""

    sample_rate: int
    channels: int
    samples: int | None
    sample_format: SampleFormat
    tags: tuple[tuple[str, str], ...]


def decode_stream(
    source: BinaryIO,
    open_writer: Callable[[StreamInfo], AudioWriter],
    settings: DecodeSettings,
    progress: Progress = silent,
) -> DecodeReport:
    """Decode a file object, seekable or not, into the writer that `open_writer` makes for it.

    Lost packets become missing coefficients; the report says so. Memory is bounded by a few segments. Raises
    `FormatError`, `VersionError` or `LimitError` before any output where nothing can be decoded,
    `DeviceError` before anything is read where the device is not there, `SettingsError` for a solver that
    there is not.
    """
    check_solver(settings.solver)
    if settings.solver != AUTO and SOLVERS[settings.solver].torch:
        require_torch(f"solver {settings.solver}")
    device = settings.device if settings.device == "auto" else resolve_device(settings.device)
    deadline = None if settings.time_limit is None else time.monotonic() + settings.time_limit
    reader = Reader(source)
    header = reader.header
    report = DecodeReport(header.sample_rate, header.channels)
    wanted = time_range_of(header, settings)
    _check_limits(header, reader.total_samples, settings, wanted)
    info = StreamInfo(
        header.sample_rate,
        header.channels,
        wanted.samples(reader.total_samples),
        SampleFormat(header.container, header.subtype),
        reader.tags,
    )
    solver = SolverSettings(
        device=device,
        iterations=settings.iterations,
        deadline=deadline,
        seed=settings.seed,
        network=settings.network,
        fit=settings.fit,
        loss=settings.loss,
    )
    rebuild = Rebuild(reader, settings, solver, report, progress)
    with open_writer(info) as writer:
        for block in rebuild.samples(wanted):
            writer.write(block)
            report.samples += block.shape[1]
    report.clipped = writer.clipped
    for text in writer.warnings:
        report.warn(text)
    report.damage += [str(d) for d in reader.damage]
    report.damaged = bool(report.damage) or not (reader.whole or wanted.partial)
    report.warnings[:0] = reader.warnings
    return report


def _check_limits(header: Header, total: int | None, settings: DecodeSettings, wanted: TimeRange) -> None:
    """Refuse before anything large is allocated."""
    seconds = (wanted.samples(total) or 0) / header.sample_rate
    if settings.max_duration is not None and seconds > settings.max_duration:
        raise LimitError(
            f"{seconds:.0f} s of audio pass the limit of {settings.max_duration:g} s: raise --max-duration"
        )
    frames = header.segment_frames * settings.batch_segments
    if total is not None:
        frames = min(frames, frame_count(total, header.hop))
    cells = frames * header.bins
    needed = cells * (SOLVER_BYTES_A_CELL + 3 * 17 * header.channels)
    if needed > settings.max_memory:
        raise LimitError(
            f"a segment needs about {needed >> 20} MiB of memory, "
            f"the limit is {settings.max_memory >> 20} MiB: raise --max-memory"
        )
