"""Encoding, stage by stage: audio -> spectrogram -> mask -> symbols -> packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from dpcodec.codec.report import EncodeReport, Progress, silent
from dpcodec.coding.part import encode_segment
from dpcodec.coding.quantize import step_for_noise, step_for_snr
from dpcodec.container.header import Header
from dpcodec.container.stream import Writer
from dpcodec.errors import AudioError
from dpcodec.mask.columns import columns_mask, merge_ranges
from dpcodec.mask.energy import energy_mask
from dpcodec.mask.seeded import random_mask
from dpcodec.settings import RANDOM_MASK_SNR_DB, SEGMENT_SECONDS, EncodeSettings
from dpcodec.signal.blocks import SegmentAnalysis
from dpcodec.signal.resample import Resampler, downmix, resampled_length
from dpcodec.signal.stft import Stft
from dpcodec.signal.streams import AudioReader

READ_SAMPLES = 1 << 16
SEGMENT_CELLS = 1 << 22
PART_CELLS = 1 << 20
LOUDEST_SAMPLE = 1e30


def encode_stream(
    reader: AudioReader, out: BinaryIO, settings: EncodeSettings, progress: Progress = silent
) -> EncodeReport:
    """Encode audio from a reader into a file object, which need not be seekable.

    Memory is bounded by the segment. Raises `AudioError` for samples that are not finite (see
    `EncodeSettings.sanitize`), `LimitError` past a limit of the format.
    """
    channels = 1 if settings.mono else reader.channels
    rate = settings.rate or reader.sample_rate
    stft = Stft(settings.n_fft, settings.hop, settings.window)
    header = _header(settings, reader, stft, channels, rate)
    report = EncodeReport(rate, channels)
    tags = (reader.tags if settings.keep_tags else ()) + settings.tags
    writer = Writer(out, header, tags)
    analysis = SegmentAnalysis(stft, channels, header.segment_frames)
    total = reader.samples / reader.sample_rate if reader.samples is not None else None
    blocks = _blocks(reader, settings, report)
    for index, X in enumerate(analysis.segments(blocks)):
        kept = mask_of(header, index, X)
        steps = None if settings.exact else _steps(X, kept, settings, stft)
        writer.write_segment(index, encode_segment(X, kept, header.mask, header.parts, steps))
        report.kept += int(np.count_nonzero(kept))
        report.cells += kept.size
        progress(analysis.samples / rate, total, f"segment {index + 1}")
    writer.close(analysis.samples)
    report.samples = analysis.samples
    report.bytes = writer.bytes_written
    report.warnings[:0] = reader.warnings
    return report


def mask_of(header: Header, segment: int, X: np.ndarray) -> np.ndarray:
    """The mask M of a segment, bool [C, K, L], from its spectrogram [C, K, L] (whose values only the energy
    mask looks at)."""
    if header.mask == "energy":
        return energy_mask(X, header.drop_q32)
    return known_mask(header, segment, X.shape[2])


def known_mask(header: Header, segment: int, frames: int) -> np.ndarray:
    """A mask that the header alone determines, bool [C, K, L]: random or columns."""
    bins = header.n_fft // 2 + 1
    if header.mask == "random":
        return random_mask(header.seed, header.drop_q32, segment, header.channels, bins, frames)
    return columns_mask(header.columns, header.channels, bins, segment * header.segment_frames, frames)


def segment_frames(stft: Stft, channels: int, rate: int, parts: int) -> int:
    """Frames F of a segment: SEGMENT_SECONDS of audio, fewer where memory or a part would grow too large."""
    cells = min(SEGMENT_CELLS, parts * PART_CELLS)
    return max(1, min(round(SEGMENT_SECONDS * rate / stft.hop), cells // (channels * stft.bins)))


def _header(settings: EncodeSettings, reader: AudioReader, stft: Stft, channels: int, rate: int) -> Header:
    samples = reader.samples
    if samples is not None:
        samples = resampled_length(samples, reader.sample_rate, rate)
    return Header(
        sample_rate=rate,
        channels=channels,
        samples=samples,
        n_fft=stft.n_fft,
        hop=stft.hop,
        window=settings.window,
        mask=settings.mask,
        exact=settings.exact,
        drop_q32=min(round(settings.drop * 2**32), 2**32 - 1),
        seed=settings.seed,
        segment_frames=settings.segment_frames or segment_frames(stft, channels, rate, settings.parts),
        parts=settings.parts,
        container=reader.sample_format.container,
        subtype=reader.sample_format.subtype,
        columns=merge_ranges(settings.columns),
    )


def _steps(X: np.ndarray, kept: np.ndarray, settings: EncodeSettings, stft: Stft) -> np.ndarray:
    """Quantiser step of each channel, float32 [C]."""
    if settings.snr is None and settings.mask == "energy":
        return step_for_noise(X, kept, stft.weights)
    return step_for_snr(X, kept, RANDOM_MASK_SNR_DB if settings.snr is None else settings.snr, stft.weights)


def _blocks(reader: AudioReader, settings: EncodeSettings, report: EncodeReport) -> Iterator[np.ndarray]:
    """Checked blocks float32 [C, n] at the rate and channel count that is coded."""
    resampler = None
    if settings.rate and settings.rate != reader.sample_rate:
        resampler = Resampler(reader.sample_rate, settings.rate, 1 if settings.mono else reader.channels)
    done = replaced = 0
    while (block := reader.read(READ_SAMPLES)).shape[1]:
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
