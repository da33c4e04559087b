"""Looking at a file without rebuilding its audio: what it says, what it weighs, whether it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, TypeVar

import numpy as np

from dpcodec.codec.decode_settings import MAX_EXPANSION, MAX_MEMORY
from dpcodec.codec.memory import check_reading
from dpcodec.container.header import Header
from dpcodec.container.stream import Reader, ReadLimits
from dpcodec.container.survival import Survival
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames
from dpcodec.settings import TRANSFORMS

INFO_SCHEMA = "dpcodec-info/1"
Item = TypeVar("Item")


@dataclass(frozen=True)
class FileInfo:
    """What a `.dpc` file says of itself, and the damage met while reading it through.

    `samples`, `duration_s` and `kbps` are None where the file was cut before its length was told. `kept` and
    `cells` count coefficients. `splits` counts an MDCT's frames that are cut into 1, 2, 4, ... blocks, over
    all channels. `damaged_s` lists (start, end) in seconds of audio that lost coefficients. `attachments` are
    (kind, bytes). `survival` tells what the file survives by its parity, None where it has none.
    """

    schema: str
    bytes: int
    sample_rate: int
    channels: int
    samples: int | None
    duration_s: float | None
    kbps: float | None
    n_fft: int
    hop: int
    window: str
    mask: str
    drop: float
    seed: int | None
    columns: tuple[tuple[int, int], ...]
    exact: bool
    parts: int
    segment_frames: int
    segments: int
    kept: int
    cells: int
    container: str
    subtype: str
    tags: tuple[tuple[str, str], ...]
    whole: bool
    damage: tuple[str, ...]
    damaged_s: tuple[tuple[float, float], ...]
    warnings: tuple[str, ...]
    transform: str
    splits: tuple[int, ...]
    attachments: tuple[tuple[str, int], ...] = ()
    survival: Survival | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON; names and meanings stay within one schema version."""
        return asdict(self)


def inspect_stream(
    source: BinaryIO,
    progress: Progress = silent,
    *,
    max_memory: int = MAX_MEMORY,
    max_expansion: int = MAX_EXPANSION,
) -> FileInfo:
    """Read a file object through: every checksum, every symbol, the end hash; no audio is rebuilt.

    The limits are those of `DecodeSettings`. Raises `FormatError`, `VersionError` or `LimitError` where
    nothing of it can be read.
    """
    counted, limits = _Counted(source), ReadLimits(max_expansion, max_memory)
    reader = Reader(counted if not source.seekable() else source, limits)  # type: ignore[arg-type]
    header = reader.header
    check_reading(header, max_memory)
    mode = mode_of_file(header)
    splits = np.zeros(header.max_block_split + 1, np.int64)
    damage: list[str] = []
    hurt: list[int] = []
    kept = cells = segments = 0
    for data, frames in _once_the_next_came(segments_and_frames(reader)):
        segment, problems = mode.read(data, frames)
        splits += np.bincount(segment.block_splits.ravel(), minlength=len(splits))
        kept += int(segment.kept.sum())
        cells += segment.kept.size
        segments += 1
        damage += problems
        hurt += [data.index] if problems or len(data.parts) < data.total_parts else []
        progress(segments * header.segment_frames * header.hop / header.sample_rate, None, "checking")
    damage += [str(d) for d in reader.damage]
    samples = reader.total_samples
    size = counted.bytes if not source.seekable() else source.seek(0, os.SEEK_END)
    seconds = None if samples is None else samples / header.sample_rate
    return FileInfo(
        schema=INFO_SCHEMA,
        bytes=size,
        sample_rate=header.sample_rate,
        channels=header.channels,
        samples=samples,
        duration_s=seconds,
        kbps=None if not seconds else 8e-3 * size / seconds,
        n_fft=header.n_fft,
        hop=header.hop,
        window=header.window,
        mask=header.mask,
        drop=header.drop_q32 / 2**32,
        seed=header.seed if header.seeded else None,
        columns=header.columns,
        exact=header.exact,
        parts=header.parts,
        segment_frames=header.segment_frames,
        segments=segments,
        kept=kept,
        cells=cells,
        container=header.container,
        subtype=header.subtype,
        tags=tuple(reader.tags),
        whole=reader.whole and not damage,
        damage=tuple(damage),
        damaged_s=_times(header, samples, hurt),
        warnings=tuple(reader.warnings),
        transform=header.transform,
        splits=tuple(splits.tolist()) if TRANSFORMS[header.transform].switches_blocks else (),
        attachments=tuple((kind, len(data)) for kind, data in reader.attachments),
        survival=reader.survival,
    )


def _once_the_next_came(segments: Iterator[Item]) -> Iterator[Item]:
    """The same, one behind: nothing here waits for audio, and what follows in a pipe may show that the file
    is forged before a segment is worked on."""
    held: list[Item] = []
    for item in segments:
        yield from held
        held = [item]
    yield from held


def _times(header: Header, samples: int | None, segments: list[int]) -> tuple[tuple[float, float], ...]:
    """Seconds of audio touched by each damaged segment, neighbours merged."""
    F, hop, half, rate = header.segment_frames, header.hop, header.n_fft // 2, header.sample_rate
    times: list[tuple[float, float]] = []
    for s in segments:
        first = max(0, s * F * hop - half)
        last = ((s + 1) * F - 1) * hop + half
        last = last if samples is None else min(last, samples)
        if last <= first:
            continue  # frames that reach no sample
        if times and first / rate <= times[-1][1]:
            times[-1] = (times[-1][0], last / rate)
        else:
            times.append((first / rate, last / rate))
    return tuple(times)


class _Counted:
    """A pipe that counts the bytes read from it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.bytes = source, 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.bytes += len(data)
        return data

    def seekable(self) -> bool:
        return False
