"""Perceptual files: an MDCT whose noise follows what the ear lets pass; the default."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dpcodec.coding import mdct_quantize
from dpcodec.coding.body import part_cells, write_body
from dpcodec.coding.coders import AnyEncoder
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
from dpcodec.modes.base import Allowance, Budget, CodedSegment, PartReader, Segment, mdct_problem
from dpcodec.modes.mdct_coder import MdctCoder
from dpcodec.modes.rate import GROUP, Forecast, Spending, search, tolerance_of
from dpcodec.settings import DEFAULT_QUALITY, QUALITY_RANGE, EncodeSettings
from dpcodec.transform.bands import band_edges, band_of_rows
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Stft
from dpcodec.transform.streaming import LEAD_FRAMES, FrameRun, MdctAnalysis, MdctSynthesis

if TYPE_CHECKING:
    from dpcodec.container.reader import SegmentData
    from dpcodec.inpainting.problem import Problem

ZERO_QUALITY_DB, QUALITY_DB = 16.0, 1.65
"""Decibels that the step lies below the root of the mean threshold at quality 0, and that each quality adds:
about 45 kbit/s for mono music at 44.1 kHz at 5, 110 at 10."""
COARSE_DB, FINE_DB = 22.0, 32.0
"""From the first to the second, steps so far below the threshold go from coarse to fine: what is allowed then
follows the sound of the moment more closely."""
DEAD_ZONE = USUAL
"""Threshold of zero, in steps, at a quality or bit rate. Nearer to half than that of `coding.mdct_quantize`:
what becomes zero is missing from its band's energy, and noise makes up for a part of it only
(docs/experiments/perceptual.md)."""
HIGHEST_QUALITY = QUALITY_RANGE[1]
LOUDER = 1 / 16
"""Steps by which values of magnitude 1 are decoded louder than they were on average. What is lost of a band's
energy is made up for with less error so than with noise (docs/experiments/perceptual.md)."""
USUAL_KBPS, USUAL_OCTAVES = 8.0, 1.3
"""Of a channel at scale 1, and by how much the scale falls with each octave of the bit rate."""
_FINEST = 2.0**-40
_HALVINGS = 24


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
        self._log2_scale = math.log2(_scale_of(quality))
        if settings.bitrate is not None:
            self._log2_scale = _usual_log2_scale(settings.bitrate / header.channels)
        self._spending = Spending()
        # At a bit rate: log2 of the scale, and of a byte of its forecast, of the segment before.
        self._found: tuple[float, float] | None = None
        self.apart = settings.rate_control in ("quality", "bitrate")

    def lead(self, run: FrameRun) -> None:
        ending = run.ending(LEAD_FRAMES, self._mode.transform.hop)
        _, steps, finer = self._heard(ending, self._log2_scale)
        self._analysis.lead(ending, steps, finer)

    def code(self, index: int, run: FrameRun, budget: Budget) -> CodedSegment:
        if self._settings.rate_control == "bitrate":
            return self._spending.spend(self._at_rate(index, run, budget(index, run)))
        trial = self._trial(run, self._log2_scale)
        if trial.silent:
            return trial.coded(self._log2_scale)  # silence says nothing about the segments after it
        self._log2_scale = trial.log2_scale_for(self._log2_scale)
        return trial.coded(self._log2_scale)

    def _at_rate(self, index: int, run: FrameRun, allowance: Allowance) -> CodedSegment:
        """The segment in the bytes that it may take. The search begins with what it found in the segment
        before, or where a group begins in the last one that may be known."""
        if index % GROUP == 0:
            self._found = allowance.found
        log2_scale, dearer = self._found or (self._log2_scale, None)
        trial = self._trial(run, log2_scale)
        wanted, tolerance = self._spending.wanted(index, allowance), tolerance_of(index)
        if trial.silent:
            return trial.coded(log2_scale)
        finest, forecast = math.log2(_scale_of(HIGHEST_QUALITY)), trial.forecast()
        if dearer is not None:
            log2_scale = forecast.log2_step(math.log2(wanted * (1 - tolerance)) - dearer)
        coded, log2_scale = search(trial.coded, wanted, log2_scale, finest, forecast, tolerance)
        self._found = log2_scale, math.log2(coded.size) - forecast.log2_cost(log2_scale)
        return coded._replace(found=self._found)

    def _heard(self, run: FrameRun, log2_scale: float) -> tuple[MaskingThreshold, np.ndarray, np.ndarray]:
        """The masking threshold of a run's frames, the steps that it allows, and what shorter blocks may do:
        the last two as `MdctAnalysis.coefficients` takes them."""
        header, fine = self._mode._header, _fineness(log2_scale)
        x = run.samples.astype(np.float64)
        spectrum = np.stack([self._stft.forward(samples, run.span) for samples in x])[:, :-1]
        power = 2 * (spectrum.real**2 + spectrum.imag**2)  # twice as many numbers as samples
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
        self.silent = not X.any()

    def forecast(self) -> Forecast:
        """What the segment costs at each scale."""
        rows, _ = rows_coded(1.0, self._X.shape[1], self._mode._header.sample_rate)
        units = self._level * np.exp2(self._lowest / 2)[:, None, None]
        return Forecast(np.abs(self._scaled[:, :rows]) / units)

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
        L = q.shape[2]
        parts, coding = self._mode._header.parts, self._mode._coding
        by_frames = coding.frame_parts
        cells = [part_cells(p, parts, by_frames) for p in range(min(parts, L) if by_frames else parts)]
        noise = [self._noise(q, steps, heard, frames) for _, frames in cells[: None if by_frames else 1]]
        told = q.any((1, 2)) | np.any([levels.any((1, 2)) for levels in noise], axis=0)
        if not told.any():
            cells = cells[:1]
        bodies = []
        for part, (rows, frames) in enumerate(cells):
            symbols = PerceptualSymbols(
                scaled=self._scaled[..., frames],
                q=q[..., frames],
                steps=steps,
                scale_factors=self._scale_factors[..., frames],
                noise=noise[part if by_frames else 0],
                told=told,
                angles=self._angles,
                block_splits=self._block_splits,
                bands=self._mode._bands,
                coding=coding,
                frames=frames,
                rows=heard,
                louder=LOUDER if self._heard else 0.0,
                begun=self._begun,
            )
            bodies.append(write_body(L, symbols.channels(rows, len(cells))))
        return bodies

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
        return rows_coded(scale, rows, self._mode._header.sample_rate) if self._heard else (rows, rows)

    def log2_scale_for(self, log2_scale: float) -> float:
        """Log2 of the scale of a quality, or at which noise `snr` below the signal is made, or the share
        `drop` of the coefficients becomes zero."""
        settings = self._settings
        if settings.rate_control == "quality":
            return log2_scale
        factors = step_factors(self._scale_factors + self._lowest[:, None, None])[:, self._mode._bands]
        magnitude = np.abs(self._X)
        scaled = magnitude / factors / self._level  # in steps of scale 1
        if settings.snr is not None:
            return _log2_for_snr(scaled, magnitude, settings.snr)
        threshold = float(np.quantile(scaled, settings.share))
        return math.log2(max(threshold, _FINEST) / self._dead_zone)


def _log2_for_snr(scaled: np.ndarray, magnitude: np.ndarray, snr: float) -> float:
    """By bisection; magnitudes [C, K, L] in steps of scale 1, and as they are."""
    energy = float(np.sum(magnitude**2)) * 10 ** (-snr / 10)
    unit = np.divide(magnitude, scaled, out=np.zeros_like(magnitude), where=scaled > 0) ** 2
    low, high = math.log2(_FINEST), 40.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        off = mdct_quantize.errors(scaled, 2.0**middle)
        low, high = (low, middle) if float(np.sum(off**2 * unit)) > energy else (middle, high)
    return low


def _usual_log2_scale(kbps: float) -> float:
    """Of music at so many kbit/s a channel, within a third of an octave or so."""
    usual = -USUAL_OCTAVES * (math.log2(kbps) - math.log2(USUAL_KBPS))
    return max(min(usual, 0.0), math.log2(_scale_of(HIGHEST_QUALITY)))


def _fineness(log2_scale: float) -> float:
    """0 for coarse steps, 1 for fine ones."""
    below_db = -20 * math.log10(2) * log2_scale
    return min(max((below_db - COARSE_DB) / (FINE_DB - COARSE_DB), 0.0), 1.0)


def _scale_of(quality: float) -> float:
    """The step at threshold 0, in units of the level, for a noise-to-mask ratio that falls with quality."""
    return float(10 ** (-(ZERO_QUALITY_DB + QUALITY_DB * quality) / 20))
