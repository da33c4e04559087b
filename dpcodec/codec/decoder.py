"""Decoding: a file object in, a writer of audio out; the loop over segments is `codec.rebuild`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.metadata.model import without_positions
from dpcodec.audio.streams import AudioWriter
from dpcodec.audio.suffixes import way_out
from dpcodec.codec.blocks import Sharing
from dpcodec.codec.decode_report import DecodeReport
from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.memory import check_rebuilding
from dpcodec.codec.rebuild import Rebuild, time_range_of
from dpcodec.container.stream import Reader, ReadLimits
from dpcodec.errors import DpcodecError, LimitError, SettingsError
from dpcodec.inpainting.device import require_torch, resolve_device
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import AUTO, SOLVERS, cell_bytes, check_solver
from dpcodec.transform.streaming import LOUDEST


@dataclass(frozen=True)
class StreamInfo:
    """What a sink must know before the first sample; `samples` None where the file cannot tell yet."""

    sample_rate: int
    channels: int
    samples: int | None
    sample_format: SampleFormat
    tags: tuple[tuple[str, str], ...]
    attachments: tuple[tuple[str, bytes], ...] = ()


def decode_stream(
    source: BinaryIO,
    open_writer: Callable[[StreamInfo], AudioWriter],
    settings: DecodeSettings,
    progress: Progress = silent,
    share: Callable[[StreamInfo], Sharing | None] = lambda info: None,
) -> DecodeReport:
    """Decode a file object, seekable or not, into the writer that `open_writer` makes for it.

    Lost packets become missing coefficients; the report says so. `share` may have workers solve what was
    dropped (`batch.share_decoding`). Memory is bounded by a few segments, every sample that is written is
    finite. Raises `FormatError`, `VersionError` or `LimitError` before any output where nothing can be
    decoded (a pipe may show only later that it holds too much, or the time limit be over: `LimitError` then
    too), `DeviceError` before anything is read where the device is not there, `SettingsError` for a solver
    that there is not, or a start behind the end.
    """
    solver = solver_of(settings)
    reader = Reader(source, ReadLimits(settings.max_expansion, settings.max_memory))
    header = reader.header
    report = DecodeReport(header.sample_rate, header.channels)
    wanted = time_range_of(header, settings)
    _check_start(wanted.first, reader.total_samples, header.sample_rate)
    _check_duration(wanted.samples(reader.total_samples) or 0, header.sample_rate, settings)
    attachments = reader.attachments
    if wanted.partial:
        attachments, warning = without_positions(attachments)
        report.warnings += [warning] if warning else []
    info = StreamInfo(
        header.sample_rate,
        header.channels,
        wanted.samples(reader.total_samples),
        SampleFormat(way_out(header.container), header.subtype),
        reader.tags,
        attachments,
    )
    rebuild = rebuild_of(reader, settings, solver, report, progress, share(info))
    with open_writer(info) as writer:
        for block in rebuild.samples(wanted):
            report.samples += block.shape[1]
            _check_duration(report.samples, header.sample_rate, settings)
            if not (np.abs(block) <= LOUDEST).all():
                raise DpcodecError("samples are not finite: this is a fault in dpcodec")
            writer.write(block)
    if not report.samples:
        _check_start(wanted.first, reader.total_samples, header.sample_rate)
    report.clipped = writer.clipped
    for text in writer.warnings:
        report.warn(text)
    report.damage += [str(d) for d in reader.damage]
    report.damaged = bool(report.damage) or not (reader.whole or wanted.partial)
    report.warnings[:0] = reader.warnings
    return report


def solver_of(settings: DecodeSettings) -> SolverSettings:
    """What the solver needs of the settings; its time begins now. Raises `SettingsError` for a solver that
    there is not, `DeviceError` where the device or torch is not there."""
    check_solver(settings.solver)
    if settings.solver != AUTO and SOLVERS[settings.solver].torch:
        require_torch(f"solver {settings.solver}")
    return SolverSettings(
        device=settings.device if settings.device == "auto" else resolve_device(settings.device),
        iterations=settings.iterations,
        deadline=None if settings.time_limit is None else time.monotonic() + settings.time_limit,
        seed=settings.seed,
        network=settings.network,
        fit=settings.fit,
        loss=settings.loss,
    )


def rebuild_of(
    reader: Reader,
    settings: DecodeSettings,
    solver: SolverSettings,
    report: DecodeReport,
    progress: Progress = silent,
    sharing: Sharing | None = None,
) -> Rebuild:
    """What walks over the file. Raises `LimitError` where that takes more memory than the settings allow."""
    rebuild = Rebuild(reader, settings, solver, report, progress, sharing)
    solver_bytes = cell_bytes(rebuild.transform, settings.solver, settings.network, rebuild.device)
    sizes = rebuild.batch, rebuild.halo, solver_bytes, rebuild.waiting
    check_rebuilding(reader.header, *sizes, settings.max_memory, rebuild.together)
    return rebuild


def _check_start(first: int, samples: int | None, rate: int) -> None:
    """Refuse a time range that begins where there is nothing any more."""
    if samples is not None and first >= max(samples, 1):
        raise SettingsError(
            f"start is {first / rate:g} s, the audio ends at {samples / rate:g} s: give an earlier one"
        )


def _check_duration(samples: int, rate: int, settings: DecodeSettings) -> None:
    """Refuse more audio than the settings allow."""
    if samples / rate > settings.max_duration:
        raise LimitError(
            f"{samples / rate:.0f} s of audio pass the limit of {settings.max_duration:g} s: "
            "raise --max-duration"
        )
