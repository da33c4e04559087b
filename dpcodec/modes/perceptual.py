"""Perceptual files: an MDCT whose noise follows what the ear lets pass; the default."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dpcodec.coding import mdct_quantize
from dpcodec.coding.body import part_cells, write_body
from dpcodec.coding.coders import AnyEncoder
from dpcodec.coding.estimate import magnitudes_of, noise_bytes, symbol_bytes
from dpcodec.coding.perceptual_channel import (
    AS_IN_1_2,
    AS_IN_1_3,
    CURRENT,
    PerceptualSymbols,
    decode_perceptual_part,
)
from dpcodec.coding.side_information import step_factors
from dpcodec.container.header import Header
from dpcodec.errors import FormatError
from dpcodec.hearing.attacks import allowances
from dpcodec.hearing.bandwidth import rows_coded
from dpcodec.hearing.energy import USUAL, match_energy
from dpcodec.hearing.noise import noise_levels
from dpcodec.hearing.stereo import rotate_back, rotate_pairs
from dpcodec.hearing.threshold import MaskingThreshold, hold_scale_factors, masking_threshold
from dpcodec.modes.base import Allowance, Budget, CodedSegment, Found, PartReader, Segment, mdct_problem
from dpcodec.modes.mdct_coder import MdctCoder
from dpcodec.modes.rate import Spending, place_of, search
from dpcodec.modes.scale import (
    FINEST,
    FINEST_LOG2_SCALE,
    fineness,
    log2_for_snr,
    log2_of_quality,
    usual_log2_scale,
)
from dpcodec.settings import DEFAULT_QUALITY, EncodeSettings
from dpcodec.transform.bands import band_edges, band_of_rows
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Stft
from dpcodec.transform.streaming import LEAD_FRAMES, FrameRun, MdctAnalysis, MdctSynthesis

if TYPE_CHECKING:
    from dpcodec.container.reader import SegmentData
    from dpcodec.inpainting.problem import Problem

DEAD_ZONE = USUAL
"""Threshold of zero, in steps, at a quality or bit rate. Nearer to half than that of `coding.mdct_quantize`:
what becomes zero is missing from its band's energy, and noise makes up for a part of it only
(docs/experiments/perceptual.md)."""
LOUDER = 1 / 16
"""Steps by which values of magnitude 1 are decoded louder than they were on average. What is lost of a band's
energy is made up for with less error so than with noise (docs/experiments/perceptual.md)."""
_DEARER = -0.05
"""Log2 of what a byte of an estimate costs: energies are matched afterwards, and paired channels help."""
_FILLED = 1 / 80
"""Mean magnitude, in steps, above which a band that is not coded has a noise level other than 0."""


class PerceptualMode:
    """See `modes.base.Mode`."""

    def __init__(self, header: Header) -> None:
        self._header, self._reader = header, PartReader(header)
        self.transform = Mdct(header.n_fft, header.window, header.max_block_split)
        self._bands = band_of_rows(header.bins, header.sample_rate)
        self._edges = band_edges(header.bins, header.sample_rate)[:-1]
        self._coding = CURRENT if header.frame_parts else AS_IN_1_3 if header.revised else AS_IN_1_2

    def runs(self, blocks: Iterator[np.ndarray]) -> Iterator[FrameRun]:
        return self._analysis().runs(blocks)

    def coder(self, settings: EncodeSettings) -> _Coder:
        return _Coder(self, settings)

    def _analysis(self) -> MdctAnalysis:
        header = self._header
        return MdctAnalysis(self.transform, header.channels, header.segment_frames, paired=True)

    def read(self, packets: SegmentData, frames: int | None) -> tuple[Segment, list[str]]:
        def unknown(shape: tuple[int, int, int]) -> Segment:
            segment = Segment.unknown(shape, np.float32, len(self._edges))
            segment.noise = np.zeros(shape, np.float32)
            return segment

        return self._reader.read(packets, frames, unknown, self._lay)

    def _lay(
        self,
        segment: Segment,
        body: bytes,
        where: tuple[slice, slice],
        packets: SegmentData,
        mask: np.ndarray | None,
        told: bool,
    ) -> np.ndarray:
        C, K, L = segment.kept.shape
        part = decode_perceptual_part(
            body,
            (C, K, L),
            where,
            self._bands,
            packets.total_parts,
            self._header.max_block_split,
            self._coding,
        )
        angles = np.repeat(part.angles[:, :, None], L, axis=2)
        if told and not (
            np.array_equal(part.block_splits, segment.block_splits) and np.array_equal(angles, segment.angles)
        ):
            raise FormatError("coded part: its block switching or angles are not those of the part before")
        segment.block_splits, segment.angles = part.block_splits, angles
        for name in ("kept", "value", "centre", "halfwidth", "bound", "noise"):
            getattr(segment, name)[(slice(None), *where)] = getattr(part, name)
        return np.zeros(C)

    def problem(self, segment: Segment, channel: int, first_frame: int, samples: int | None) -> Problem:
        return mdct_problem(self.transform, self._header, segment, channel, first_frame, samples)

    def own_channels(self, X: np.ndarray, segment: Segment) -> np.ndarray:
        return rotate_back(X, segment.angles, self._bands) if segment.angles.any() else X

    def synthesis(self, first_frame: int) -> MdctSynthesis:
        return MdctSynthesis(self.transform, self._header.channels, first_frame)


class _Coder(MdctCoder):
    """See `modes.base.SegmentCoder`."""

    def __init__(self, mode: PerceptualMode, settings: EncodeSettings) -> None:
        header = mode._header
        super().__init__(mode._analysis())
        self._mode, self._settings = mode, settings
        self._stft = Stft(header.n_fft, header.hop, "sine")
        quality = DEFAULT_QUALITY if settings.quality is None else settings.quality
        self._log2_scale = log2_of_quality(quality)
        if settings.bitrate is not None:
            self._log2_scale = usual_log2_scale(settings.bitrate / header.channels)
        self._spending = Spending()
        # Of the segment before: log2 of the scale, and of what a byte of its estimate cost.
        self._found: Found | None = None
        self.by_groups = settings.rate_control != "quality"

    def lead(self, run: FrameRun, found: Found | None = None) -> None:
        ending = run.ending(LEAD_FRAMES, self._mode.transform.hop)
        _, steps, finer = self._heard(ending, found[0] if found else self._log2_scale)
        self._analysis.lead(ending, steps, finer)

    def code(self, index: int, run: FrameRun, budget: Budget) -> CodedSegment:
        if not self.by_groups:
            return self._trial(run, self._log2_scale).coded(self._log2_scale)
        allowance = budget(index, run)
        if not place_of(index)[1]:
            self._found = allowance.found  # by the last group that may be known
        if self._settings.rate_control == "bitrate":
            return self._spending.spend(self._at_rate(index, run, allowance))
        log2_scale = self._found[0] if self._found else self._log2_scale
        trial = self._trial(run, log2_scale)
        if trial.silent:
            return trial.coded(log2_scale)  # silence says nothing about the segments after it
        log2_scale = trial.log2_scale_for()
        self._found = log2_scale, 0.0
        return trial.coded(log2_scale)._replace(found=self._found)

    def _at_rate(self, index: int, run: FrameRun, allowance: Allowance) -> CodedSegment:
        """The segment in the bytes that it may take. The search begins with what was found in the segment
        before, or before its group."""
        log2_scale, dearer = self._found or (self._log2_scale, _DEARER)
        trial = self._trial(run, log2_scale)
        wanted, tolerance = self._spending.wanted(index, allowance, run.last)
        if trial.silent:
            return trial.coded(log2_scale)
        coded, self._found = search(
            trial.coded, trial.estimate, wanted, log2_scale, FINEST_LOG2_SCALE, tolerance, dearer
        )
        return coded._replace(found=self._found)

    def _heard(self, run: FrameRun, log2_scale: float) -> tuple[MaskingThreshold, np.ndarray, np.ndarray]:
        """The masking threshold of a run's frames, the steps that it allows, and what shorter blocks may do:
        the last two as `MdctAnalysis.coefficients` takes them."""
        header, fine = self._mode._header, fineness(log2_scale)
        x = run.samples.astype(np.float64)
        power = np.stack([_power(self._stft.forward(samples, run.span)) for samples in x])
        threshold = masking_threshold(power, header.sample_rate, fine)
        steps = threshold.level * 2.0**log2_scale * np.exp2(threshold.log2_squares / 2)[:, self._mode._bands]
        return threshold, steps, allowances(x, header.hop, steps.shape[2], header.max_block_split, fine)

    def _trial(self, run: FrameRun, log2_scale: float) -> _Trial:
        """A segment, ready to be coded."""
        threshold, steps, finer = self._heard(run, log2_scale)
        X, block_splits = self._analysis.coefficients(run, steps, finer)
        own = np.take_along_axis(finer[:, :, : run.frames], block_splits[:, None], axis=1)
        allowed = MaskingThreshold(threshold.log2_squares[:, :, : run.frames] + own, threshold.level)
        return _Trial(self._mode, X, block_splits, allowed, log2_scale, self._settings)


def _power(spectrum: np.ndarray) -> np.ndarray:
    """Energy of bins up to below half the rate, twice, for there are twice as many numbers as samples:
    float64 [K, L] of complex [K + 1, L]. A channel at a time, in little memory, for new pages take time."""
    power: np.ndarray = np.square(spectrum[:-1].real)
    power += np.square(spectrum[:-1].imag)
    power *= 2
    return power


class _Trial:
    """A segment to be coded at scales of the threshold: what does not depend on the scale is found once."""

    def __init__(
        self,
        mode: PerceptualMode,
        X: np.ndarray,
        block_splits: np.ndarray,
        threshold: MaskingThreshold,
        log2_scale: float,
        settings: EncodeSettings,
    ) -> None:
        header = mode._header
        self._settings = settings
        self._heard = settings.rate_control in ("quality", "bitrate")  # else a share or an SNR is asked for
        self._dead_zone = DEAD_ZONE if self._heard else mdct_quantize.DEAD_ZONE
        self._mode, self._level, self._block_splits = mode, threshold.level, block_splits
        scale = threshold.level * 2.0**log2_scale
        self._X, allowed, self._angles = rotate_pairs(X, threshold.log2_squares, scale, header.sample_rate)
        self._scale_factors, self._lowest = hold_scale_factors(allowed)
        self._scaled = self._X / step_factors(self._scale_factors)[:, mode._bands]
        self._begun: dict[tuple[int, ...], AnyEncoder] = {}
        self._side: float | None = None
        self.silent = not X.any()

    def estimate(self, log2_scale: float) -> float:
        """Bytes of the segment at one scale, about; its side information is taken to stay what it is at the
        first one asked for."""
        coded, heard = self._rows_coded(2.0**log2_scale)
        steps = self._level * np.exp2(log2_scale + self._lowest / 2)
        q = magnitudes_of(self._magnitudes[:, :coded], steps, self._dead_zone)
        if self._side is None:
            self._side = self._side_bytes(q, steps, heard)
        return symbol_bytes(q) + self._side

    def _side_bytes(self, q: np.ndarray, steps: np.ndarray, heard: int) -> float:
        mean, L = self._band_means() / steps[:, None], q.shape[2]
        mean[:, self._mode._edges >= heard] = 0
        noise = (mean > _FILLED)[:, :, None].astype(np.int64)
        told = q.any((1, 2)) | noise.any((1, 2))
        parts = [(self._part(q, steps, heard, frames, noise, told), rows) for rows, frames in self._cells(L)]
        scale_factors = sum(symbols.side_bytes(rows) for symbols, rows in parts)
        return scale_factors + noise_bytes(int(np.count_nonzero(noise)), L)

    @cached_property
    def _magnitudes(self) -> np.ndarray:
        magnitudes: np.ndarray = np.abs(self._scaled, dtype=np.float32)
        return magnitudes

    def _band_means(self) -> np.ndarray:
        """Mean magnitude of each channel's bands, [C, B]."""
        rows = self._magnitudes.mean(axis=2)
        means: np.ndarray = np.add.reduceat(rows, self._mode._edges, axis=1)
        return means / np.diff([*self._mode._edges, rows.shape[1]])

    def coded(self, log2_scale: float) -> CodedSegment:
        """The segment at one scale."""
        steps = self._level * np.exp2(log2_scale + self._lowest / 2)
        steps = mdct_quantize.clamp_step(steps, self._scaled)
        coded, heard = self._rows_coded(2.0**log2_scale)
        q = np.stack(
            [
                self._symbols(scaled, step, coded)
                for scaled, step in zip(self._scaled, steps.tolist(), strict=True)
            ]
        )
        return CodedSegment(self._bodies(q, steps, heard), int(np.count_nonzero(q)), q.size)

    def _bodies(self, q: np.ndarray, steps: np.ndarray, heard: int) -> list[bytes]:
        """One a part, a single one if nothing is left of the segment."""
        L, by_frames = q.shape[2], self._mode._coding.frame_parts
        cells = self._cells(L)
        noise = [self._noise(q, steps, heard, frames) for _, frames in cells[: None if by_frames else 1]]
        told = q.any((1, 2)) | np.any([levels.any((1, 2)) for levels in noise], axis=0)
        if not told.any():
            cells = cells[:1]
        bodies = []
        for part, (rows, frames) in enumerate(cells):
            symbols = self._part(q, steps, heard, frames, noise[part if by_frames else 0], told)
            bodies.append(write_body(L, symbols.channels(rows, len(cells))))
        return bodies

    def _cells(self, frames: int) -> list[tuple[slice, slice]]:
        """Rows and frames of each part."""
        parts, by_frames = self._mode._header.parts, self._mode._coding.frame_parts
        return [part_cells(p, parts, by_frames) for p in range(min(parts, frames) if by_frames else parts)]

    def _part(
        self,
        q: np.ndarray,
        steps: np.ndarray,
        heard: int,
        frames: slice,
        noise: np.ndarray,
        told: np.ndarray,
    ) -> PerceptualSymbols:
        """What a part of these frames is coded from."""
        return PerceptualSymbols(
            scaled=self._scaled[..., frames],
            q=q[..., frames],
            steps=steps,
            scale_factors=self._scale_factors[..., frames],
            noise=noise,
            told=told,
            angles=self._angles,
            block_splits=self._block_splits,
            bands=self._mode._bands,
            coding=self._mode._coding,
            frames=frames,
            rows=heard,
            louder=LOUDER if self._heard else 0.0,
            begun=self._begun,
        )

    def _noise(self, q: np.ndarray, steps: np.ndarray, heard: int, frames: slice) -> np.ndarray:
        """Levels of these frames, int64 [C, B, groups]."""
        mode = self._mode
        by_block = self._block_splits if mode._coding.noise_by_block else np.zeros_like(self._block_splits)
        noise = np.stack(
            [
                noise_levels(
                    scaled[:, frames] / step,
                    symbols[:, frames],
                    mode._bands,
                    splits[frames],
                    mode._coding.frame_parts,
                )
                for scaled, symbols, step, splits in zip(
                    self._scaled, q, steps.tolist(), by_block, strict=True
                )
            ]
        )
        noise[:, mode._edges >= heard] = 0
        return noise

    def _symbols(self, scaled: np.ndarray, step: float, coded: int) -> np.ndarray:
        """Of a channel, zero from row `coded` on."""
        q = np.zeros(scaled.shape, np.int32)
        q[:coded] = mdct_quantize.quantize_mdct(scaled[:coded], step, self._dead_zone)
        if self._heard:
            q[:coded] = match_energy(scaled[:coded] / step, q[:coded], self._mode._edges)
        return q

    def _rows_coded(self, scale: float) -> tuple[int, int]:
        """See `hearing.bandwidth`."""
        rows = self._X.shape[1]
        if not self._heard:
            return rows, rows
        gradual = self._settings.rate_control == "bitrate"
        return rows_coded(scale, rows, self._mode._header.sample_rate, gradual)

    def log2_scale_for(self) -> float:
        """Log2 of the scale at which noise `snr` below the signal is made, or the share `drop` of the
        coefficients becomes zero."""
        settings = self._settings
        factors = step_factors(self._scale_factors + self._lowest[:, None, None])[:, self._mode._bands]
        magnitude = np.abs(self._X)
        scaled = magnitude / factors / self._level  # in steps of scale 1
        if settings.snr is not None:
            return log2_for_snr(scaled, magnitude, settings.snr)
        threshold = float(np.quantile(scaled, settings.share))
        return math.log2(max(threshold, FINEST) / self._dead_zone)
