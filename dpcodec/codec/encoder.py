"""Encoding, stage by stage: audio -> spectrogram -> mask -> symbols -> packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from dpcodec.codec.report import EncodeReport, Progress, silent
from dpcodec.coding import real_quantize
from dpcodec.coding.part import STORED_MASKS, encode_segment
from dpcodec.coding.quantize import step_for_noise, step_for_snr
from dpcodec.coding.real_part import encode_real_segment
from dpcodec.container.header import Header
from dpcodec.container.stream import Writer
from dpcodec.errors import AudioError
from dpcodec.mask.columns import columns_mask, merge_ranges
from dpcodec.mask.energy import energy_mask
from dpcodec.mask.seeded import random_mask
from dpcodec.mask.significance import significance_mask
from dpcodec.settings import RANDOM_MASK_SNR_DB, SEGMENT_SECONDS, EncodeSettings
from dpcodec.signal.blocks import SegmentAnalysis
from dpcodec.signal.mdct import Mdct
from dpcodec.signal.mdct_blocks import MdctAnalysis
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
    header = _header(settings, reader, channels, rate)
    report = EncodeReport(rate, channels)
    tags = (reader.tags if settings.keep_tags else ()) + settings.tags
    writer = Writer(out, header, tags)
    analysis: SegmentAnalysis | MdctAnalysis
    blocks = _blocks(reader, settings, report)
    if header.transform == "mdct":
        analysis, coded = _mdct_segments(header, settings, blocks, report)
    else:
        analysis, coded = _stft_segments(header, settings, blocks, report)
    total = reader.samples / reader.sample_rate if reader.samples is not None else None
    for index, bodies in enumerate(coded):
        writer.write_segment(index, bodies)
        progress(analysis.samples / rate, total, f"segment {index + 1}")
    writer.close(analysis.samples)
    report.samples = analysis.samples
    report.bytes = writer.bytes_written
    report.warnings[:0] = reader.warnings
    return report


def _stft_segments(
    header: Header, settings: EncodeSettings, blocks: Iterator[np.ndarray], report: EncodeReport
) -> tuple[SegmentAnalysis, Iterator[list[bytes]]]:
    """The analysis, and the bodies of the parts of each segment."""
    stft = Stft(header.n_fft, header.hop, header.window)
    analysis = SegmentAnalysis(stft, header.channels, header.segment_frames)

    def coded() -> Iterator[list[bytes]]:
        for index, X in enumerate(analysis.segments(blocks)):
            kept = mask_of(header, index, X)
            steps = None if settings.exact else _steps(X, kept, settings, stft)
            yield encode_segment(X, kept, header.mask, header.parts, steps)
            _count(report, kept)

    return analysis, coded()


def _mdct_segments(
    header: Header, settings: EncodeSettings, blocks: Iterator[np.ndarray], report: EncodeReport
) -> tuple[MdctAnalysis, Iterator[list[bytes]]]:
    """The same for the MDCT, whose splits are chosen for the step that unsplit frames would get."""

    def steps_of(X: np.ndarray) -> np.ndarray:
        return _real_steps(X, mask_of(header, 0, X), settings)

    mdct = Mdct(header.n_fft, header.window, header.max_split)
    analysis = MdctAnalysis(mdct, header.channels, header.segment_frames, steps_of)

    def coded() -> Iterator[list[bytes]]:
        for index, (X, splits) in enumerate(analysis.segments(blocks)):
            kept = mask_of(header, index, X)
            steps = None if settings.exact else _real_steps(X, kept, settings)
            stored = header.mask in STORED_MASKS
            yield encode_real_segment(X, kept, stored, header.parts, steps, splits)
            _count(report, kept)

    return analysis, coded()


def _count(report: EncodeReport, kept: np.ndarray) -> None:
    report.kept += int(np.count_nonzero(kept))
    report.cells += kept.size


def mask_of(header: Header, segment: int, X: np.ndarray) -> np.ndarray:
    """The mask M of a segment, bool [C, K, L], from its spectrogram [C, K, L] (whose values only stored masks
    look at)."""
    if header.mask == "significance":
        return significance_mask(X, header.drop_q32)
    if header.mask == "energy":
        return energy_mask(X, header.drop_q32)
    return known_mask(header, segment, X.shape[2])


def known_mask(header: Header, segment: int, frames: int) -> np.ndarray:
    """A mask that the header alone determines, bool [C, K, L]: random or columns."""
    if header.mask == "random":
        return random_mask(header.seed, header.drop_q32, segment, header.channels, header.bins, frames)
    return columns_mask(header.columns, header.channels, header.bins, segment * header.segment_frames, frames)


def segment_frames(hop: int, bins: int, channels: int, rate: int, parts: int) -> int:
    """Frames F of a segment: SEGMENT_SECONDS of audio, fewer where memory or a part would grow too large."""
    cells = min(SEGMENT_CELLS, parts * PART_CELLS)
    return max(1, min(round(SEGMENT_SECONDS * rate / hop), cells // (channels * bins)))


def _header(settings: EncodeSettings, reader: AudioReader, channels: int, rate: int) -> Header:
    samples, mdct = reader.samples, settings.transform == "mdct"
    bins = settings.n_fft // 2 + (not mdct)
    by_quantiser = settings.mask == "significance" and settings.snr is not None
    if samples is not None:
        samples = resampled_length(samples, reader.sample_rate, rate)
    return Header(
        sample_rate=rate,
        channels=channels,
        samples=samples,
        n_fft=settings.n_fft,
        hop=settings.hop,
        window=settings.window,
        mask=settings.mask,
        exact=settings.exact,
        drop_q32=0 if by_quantiser else min(round(settings.drop * 2**32), 2**32 - 1),
        seed=settings.seed,
        segment_frames=settings.segment_frames
        or segment_frames(settings.hop, bins, channels, rate, settings.parts),
        parts=settings.parts,
        container=reader.sample_format.container,
        subtype=reader.sample_format.subtype,
        columns=merge_ranges(settings.columns),
        transform=settings.transform,
        max_split=settings.max_split if mdct else 0,
    )


def _steps(X: np.ndarray, kept: np.ndarray, settings: EncodeSettings, stft: Stft) -> np.ndarray:
    """Quantiser step of each channel, float32 [C]."""
    if settings.snr is None and settings.mask in STORED_MASKS:
        return step_for_noise(X, kept, stft.weights)
    return step_for_snr(X, kept, RANDOM_MASK_SNR_DB if settings.snr is None else settings.snr, stft.weights)


def _real_steps(X: np.ndarray, kept: np.ndarray, settings: EncodeSettings) -> np.ndarray:
    """The same for real coefficients. Where the significance mask decides alone, its threshold ends the dead
    zone."""
    snr = settings.snr
    if snr is None and settings.mask == "significance" and settings.drop > 0:
        return real_quantize.step_for_mask(X, kept)
    power = X.astype(np.float64) ** 2
    energy = power.sum((1, 2))
    noise = energy * 10 ** (-(RANDOM_MASK_SNR_DB if snr is None else snr) / 10)
    if snr is None and settings.mask == "energy":
        taken = np.where(kept, 0, power).sum((1, 2))
        noise = np.where(taken > 0, taken, noise)
    return real_quantize.step_for_noise(X, kept, noise)


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
