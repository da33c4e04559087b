"""A long file in runs of segments, coded apart and joined: the same bytes as in one go.

A segment depends on the samples around it and on nothing else, as long as no budget of bytes and no sequence
of random numbers goes through the file: a run is coded from its own samples and those of the segments beside
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from dpcodec.audio.streams import AudioReader
from dpcodec.codec.encoder import checked_blocks, header_for, writer_for
from dpcodec.codec.pieces import CodedPiece, Piece, code_piece
from dpcodec.codec.report import EncodeReport
from dpcodec.errors import AudioError
from dpcodec.modes import mode_of
from dpcodec.modes.base import CodedSegment
from dpcodec.settings import MASKS, EncodeSettings

SHORTER = "the source is shorter than it says: encode it in one go, without --split"
AROUND_FRAMES = 64
"""Beside a run: farther than windows, block switching and the threshold of hearing reach."""


@dataclass(frozen=True)
class Runs:
    """How a file is cut: so many segments in all, of so many samples each, `count` of them a run."""

    segments: int
    segment_samples: int
    count: int

    @property
    def firsts(self) -> range:
        """The first segment of each run."""
        return range(0, self.segments, self.count)


def cut(reader: AudioReader, settings: EncodeSettings, run_s: float) -> Runs | None:
    """How a source is cut into runs of about `run_s` seconds; None where it is to be coded in one go: it is
    too short, its length is not known, or its settings lead something through the whole file."""
    through = settings.effort or settings.rate or settings.columns
    through = through or settings.custom is not None
    if reader.samples is None or through or not MASKS[settings.mask].stored:
        return None
    header = header_for(settings, reader, 1 if settings.mono else reader.channels, reader.sample_rate)
    samples = header.segment_frames * header.hop
    if mode_of(header).coder(settings).by_groups:
        return None
    count = max(1, round(run_s * reader.sample_rate / samples))
    if header.segments is None or header.segments <= count:
        return None
    return Runs(header.segments, samples, count)


def code_run(
    reader: AudioReader, settings: EncodeSettings, runs: Runs, first: int, state: Any = None
) -> CodedPiece:
    """The segments of the run that begins with segment `first`, with the state that those before left, where
    that is known. Raises what `encode_stream` raises."""
    around = -(-AROUND_FRAMES * settings.hop // runs.segment_samples)
    begin = max(0, first - around)
    last = min(first + runs.count, runs.segments)
    end = min((last + around) * runs.segment_samples, reader.samples or 0)
    first_sample = begin * runs.segment_samples
    source = _Stretch(reader, first_sample, end)
    channels = 1 if settings.mono else reader.channels
    header = header_for(settings, source, channels, reader.sample_rate)
    blocks = checked_blocks(source, settings, EncodeReport(reader.sample_rate, channels), first_sample)
    found = list(islice(mode_of(header).runs(blocks), last - begin))
    before = found[first - begin - 1] if first > begin else None
    return code_piece(Piece(header, settings, first, found[first - begin :], before, state))


def join_runs(
    out: BinaryIO, reader: AudioReader, settings: EncodeSettings, coded: Iterable[CodedSegment]
) -> EncodeReport:
    """Write the segments of all runs, in order, as a file. `reader` is the source; nothing of it is read."""
    channels = 1 if settings.mono else reader.channels
    report = EncodeReport(reader.sample_rate, channels, samples=reader.samples or 0)
    header = header_for(settings, reader, channels, reader.sample_rate)
    writer = writer_for(out, header, reader, settings, report)
    for index, segment in enumerate(coded):
        writer.write_segment(index, segment.bodies)
        report.kept += segment.kept
        report.cells += segment.coefficients
    writer.close(report.samples)
    report.bytes = writer.bytes_written
    report.warnings[:0] = reader.warnings
    return report


class _Stretch(AudioReader):
    """Samples begin .. end - 1 of a source that has not been read yet."""

    def __init__(self, reader: AudioReader, begin: int, end: int) -> None:
        self.sample_rate, self.channels, self.samples = reader.sample_rate, reader.channels, end - begin
        self.sample_format, self.tags, self.warnings = reader.sample_format, (), []
        self._reader, self._left = reader, end - begin
        if reader.skip(begin) < begin:
            raise AudioError(SHORTER)

    def read(self, samples: int) -> np.ndarray:
        if not self._left:
            return np.zeros((self.channels, 0), np.float32)
        block = self._reader.read(min(samples, self._left))
        self._left -= block.shape[1]
        if not block.shape[1] and self._left:
            raise AudioError(SHORTER)
        return block

    def close(self) -> None:
        """Nothing is held."""
