"""Encoding: a reader of audio in, a file object out; what a segment becomes is its mode's."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import BinaryIO

import numpy as np

from dpcodec.audio.audio import Audio
from dpcodec.audio.metadata.model import SPEAKERS, without_positions
from dpcodec.audio.resample import Resampler, downmix, resampled_length
from dpcodec.audio.streams import ArrayReader, Attachments, AudioReader
from dpcodec.codec.bit_rate import BitRate
from dpcodec.codec.report import EncodeReport
from dpcodec.container.header import Header
from dpcodec.container.writer import Writer
from dpcodec.errors import AudioError
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.modes import mode_of
from dpcodec.modes.base import Allowance, Budget, CodedSegment
from dpcodec.settings import MASKS, TRANSFORMS, EncodeSettings
from dpcodec.transform.streaming import FrameRun

SEGMENT_CELLS = 1 << 22
CHANNEL_CELLS = 1 << 21
"""Of a segment: what a solver can be given in the memory that a decoder allows by default."""
PART_CELLS = 1 << 20
LOUDEST_SAMPLE = 1e30
HOPS_AT_ONCE = 16
"""Read where segments wait for others anyway, or all samples are there."""
WELL_USED = 0.95
"""Share of a bit rate from which on nothing is said of the rest."""


Coder = Callable[[Header, Iterator[np.ndarray], EncodeSettings, Budget], Iterator[CodedSegment]]
"""Codes blocks of samples float32 [C, n] into the segments of a file with this header, in order."""


def one_by_one(
    header: Header, blocks: Iterator[np.ndarray], settings: EncodeSettings, budget: Budget
) -> Iterator[CodedSegment]:
    """Each segment as soon as its samples have come."""
    mode = mode_of(header)
    coder = mode.coder(settings)
    for index, run in enumerate(mode.runs(blocks)):
        yield coder.code(index, run, budget)


def encode_stream(
    reader: AudioReader,
    out: BinaryIO,
    settings: EncodeSettings,
    progress: Progress = silent,
    coder: Coder = one_by_one,
) -> EncodeReport:
    """Encode audio from a reader into a file object, which need not be seekable.

    Memory is bounded by the segment. `coder` may share segments out (`batch.share_encoding`). Raises
    `AudioError` for samples that are not finite (see `EncodeSettings.sanitize`), `LimitError` past a limit of
    the format.
    """
    channels = 1 if settings.mono else reader.channels
    rate = settings.rate or reader.sample_rate
    report = EncodeReport(rate, channels)
    waits = coder is one_by_one and not getattr(reader, "at_hand", False)  # a caller's may not tell
    blocks = checked_blocks(reader, settings, report, hops=1 if waits else HOPS_AT_ONCE)
    if settings.effort:
        from dpcodec.codec.effort import with_window_chosen  # lazy: rare

        settings, blocks = with_window_chosen(settings, blocks, rate, partial(_size, rate))
    header = header_for(settings, reader, channels, rate)
    writer = writer_for(out, header, reader, settings, report)
    come = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal come
        for block in blocks:
            come += block.shape[1]
            yield block

    nominal = (settings.bitrate or 0.0) * 125 / rate
    control = BitRate(header, nominal, lambda: writer.bytes_if_closed() - writer.beside)

    def budget(segment: int, run: FrameRun) -> Allowance:
        return control.allow(segment, run, come)

    enough = False
    total = reader.samples / reader.sample_rate if reader.samples is not None else None
    for index, coded in enumerate(coder(header, counted(), settings, budget)):
        writer.write_segment(index, coded.bodies)
        control.told(index, coded)
        report.kept += coded.kept
        enough = enough or coded.finest
        report.cells += coded.coefficients
        done = min(come, (index + 1) * header.segment_frames * header.hop)
        progress(done / rate, total, f"segment {index + 1}")
    writer.close(come)
    report.samples = come
    report.bytes = writer.bytes_written
    if enough:
        report.warnings += _beyond_use(settings, report, writer.beside)
    report.warnings[:0] = reader.warnings
    return report


def _beyond_use(settings: EncodeSettings, report: EncodeReport, beside: int) -> list[str]:
    """What is said where the bit rate is more than the highest quality takes."""
    kbps = report.kbps * (1 - beside / report.bytes)
    if kbps > WELL_USED * (settings.bitrate or 0.0):
        return []
    return [f"the highest quality takes {kbps:.0f} kbit/s here: bit rate {settings.bitrate:g} is not used up"]


def _attachments(reader: AudioReader, settings: EncodeSettings, report: EncodeReport) -> Attachments:
    """Those of the source that are still true of what is coded."""
    attachments = reader.attachments
    if not settings.keep_tags:
        attachments = tuple(item for item in attachments if item[0] == SPEAKERS)
    if settings.mono:
        attachments = tuple(item for item in attachments if item[0] != SPEAKERS)
    if settings.rate and settings.rate != reader.sample_rate:
        attachments, warning = without_positions(attachments)
        report.warnings += [warning] if warning else []
    return attachments


def writer_for(
    out: BinaryIO, header: Header, reader: AudioReader, settings: EncodeSettings, report: EncodeReport
) -> Writer:
    """The file, begun: its header, and what of the source goes along with the audio. The report hears of what
    does not."""
    tags = (reader.tags if settings.keep_tags else ()) + settings.tags
    return Writer(out, header, tags, _attachments(reader, settings, report), settings.parity)


def segment_frames(settings: EncodeSettings, bins: int, channels: int, rate: int) -> int:
    """Frames F of a segment: no more than `latency` lasts, fewer where memory or a part would grow too
    large."""
    cells = min(SEGMENT_CELLS, settings.parts * PART_CELLS)
    most = min(cells // channels, CHANNEL_CELLS) // bins
    return max(1, min(math.floor(settings.latency * rate / settings.hop + 1e-6), most))


def header_for(settings: EncodeSettings, reader: AudioReader, channels: int, rate: int) -> Header:
    """The header of a source at the channels and rate that are coded."""
    samples = reader.samples
    bins = settings.n_fft // 2 + TRANSFORMS[settings.transform].extra_bins
    if samples is not None and rate != reader.sample_rate:
        samples = resampled_length(samples, reader.sample_rate, rate)
    columns: tuple[tuple[int, int], ...] = ()
    if settings.columns:
        from dpcodec.mask.columns import merge_ranges

        columns = merge_ranges(settings.columns)
    return Header(
        sample_rate=rate,
        channels=channels,
        samples=samples,
        n_fft=settings.n_fft,
        hop=settings.hop,
        window=settings.window,
        mask=settings.mask,
        exact=settings.exact,
        drop_q32=min(round(settings.share * 2**32), 2**32 - 1),
        seed=settings.seed,
        segment_frames=settings.segment_frames or segment_frames(settings, bins, channels, rate),
        parts=settings.parts,
        container=reader.sample_format.container,
        subtype=reader.sample_format.subtype,
        columns=columns,
        transform=settings.transform,
        max_block_split=settings.block_split,
        revised=MASKS[settings.mask].revised,
        frame_parts=MASKS[settings.mask].revised,
    )


def _size(rate: int, samples: np.ndarray, settings: EncodeSettings) -> int:
    """Bytes of a file of samples [C, n] that are at the rate and channel count that is coded."""
    settings = replace(settings, rate=None, mono=False, parity=0.0)
    return encode_stream(ArrayReader(Audio(samples, rate)), io.BytesIO(), settings).bytes


def checked_blocks(
    reader: AudioReader, settings: EncodeSettings, report: EncodeReport, first: int = 0, hops: int = 1
) -> Iterator[np.ndarray]:
    """Checked blocks float32 [C, n] at the rate and channel count that is coded, of a hop or so: a segment is
    not to wait for what comes after it. `first` is the reader's first sample, as errors count them; `hops`
    are read at once where that changes nothing else."""
    resampler = None
    if settings.rate and settings.rate != reader.sample_rate:
        resampler = Resampler(reader.sample_rate, settings.rate, 1 if settings.mono else reader.channels)
    done, replaced = first, 0
    at_once = max(1, settings.hop * reader.sample_rate // (settings.rate or reader.sample_rate))
    at_once *= 1 if resampler else hops
    while (block := reader.read(at_once)).shape[1]:
        block, count = _checked(block, done, settings.sanitize)
        replaced += count
        done += block.shape[1]
        if settings.mono:
            block = downmix(block)
        yield resampler.process(block) if resampler else block
    if resampler:
        yield resampler.process(np.zeros((1 if settings.mono else reader.channels, 0), np.float32), last=True)
    if replaced:
        report.warnings.append(f"{replaced} samples were not finite numbers and are now 0")


def _checked(block: np.ndarray, offset: int, sanitize: bool) -> tuple[np.ndarray, int]:
    """The block with unusable samples replaced by 0, and their count; `AudioError` unless `sanitize`."""
    bad = ~(np.abs(block) <= LOUDEST_SAMPLE)
    count = int(np.count_nonzero(bad))
    if not count:
        return block, 0
    if not sanitize:
        first = int(np.argmax(bad.any(axis=0)))
        channel = int(np.argmax(bad[:, first]))
        raise AudioError(
            f"sample {offset + first} of channel {channel} is {block[channel, first]}: "
            "repair the audio, or give --sanitize to set such samples to 0"
        )
    return np.where(bad, np.float32(0), block), count
