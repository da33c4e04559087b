"""Segments of an MDCT whose noise follows what the ear lets pass: samples -> weights -> bodies."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dpcodec.bands import band_of_rows
from dpcodec.codec.rate import Bodies, search
from dpcodec.codec.real_segments import Budget
from dpcodec.codec.report import EncodeReport
from dpcodec.codec.stereo import turn_pairs
from dpcodec.coding import real_quantize
from dpcodec.coding.shaped_part import ShapedSegment, encode_shaped_segment, factors
from dpcodec.container.header import Header
from dpcodec.mask.hearing import held_weights, shape_of
from dpcodec.settings import EncodeSettings
from dpcodec.signal.mdct import Mdct
from dpcodec.signal.mdct_blocks import MdctAnalysis
from dpcodec.signal.stft import Span, Stft

ZERO_QUALITY_DB, QUALITY_DB = 6.0, 2.5
"""Decibels that the step lies below the root of the mean threshold at quality 0, and that each quality adds:
about 16 kbit/s for mono music at 44.1 kHz at 0, 50 at 5, 115 at 10."""


class ShapedSegments:
    """The bodies of the parts of each segment; `analysis.samples` counts what has come."""

    def __init__(
        self, header: Header, settings: EncodeSettings, report: EncodeReport, budget: Budget
    ) -> None:
        self._header, self._settings, self._report, self._budget = header, settings, report, budget
        self._bands = band_of_rows(header.bins, header.sample_rate)
        self._scale = math.log2(_scale_of(5.0 if settings.quality is None else settings.quality))
        self._shape = np.zeros((header.channels, 0, 0))
        self._level = 0.0
        mdct = Mdct(header.n_fft, header.window, header.max_split)
        self._stft = Stft(header.n_fft, header.hop, "sine")
        self.analysis = MdctAnalysis(
            mdct, header.channels, header.segment_frames, self._split_steps, paired=True
        )

    def coded(self, blocks: Iterator[np.ndarray]) -> Iterator[list[bytes]]:
        """Lists of bodies, one a part, segment by segment."""
        for index, (X, splits) in enumerate(self.analysis.segments(blocks)):
            bodies, kept = self._segment(index, X, splits)
            self._report.kept += kept
            self._report.cells += X.size
            yield bodies

    def _split_steps(self, samples: np.ndarray, span: Span) -> np.ndarray:
        """The steps for which splits are chosen, [C, K, L]; what hearing allows is kept for the segment."""
        spectrum = np.stack([self._stft.forward(channel, span) for channel in samples])[:, :-1]
        power = 2 * (spectrum.real**2 + spectrum.imag**2)  # twice as many numbers as samples
        self._shape, self._level = shape_of(power, self._header.sample_rate)
        steps: np.ndarray = self._level * 2.0**self._scale * np.exp2(self._shape / 2)[:, self._bands]
        return steps

    def _segment(self, index: int, X: np.ndarray, splits: np.ndarray) -> Bodies:
        header, frames = self._header, X.shape[2]
        scale = self._level * 2.0**self._scale
        X, shape, angles = turn_pairs(X, self._shape[:, :, :frames], scale, header.sample_rate)
        weights, lowest = held_weights(shape)
        segment = ShapedSegment(X, weights, angles, splits)

        def attempt(log2_scale: float) -> Bodies:
            steps = self._level * np.exp2(log2_scale + lowest / 2)
            steps = real_quantize.limited(steps, X / factors(weights)[:, self._bands])
            return encode_shaped_segment(segment, steps, header.parts, header.sample_rate)

        if not X.any():
            return attempt(self._scale)  # silence says nothing about the segments after it
        if self._settings.bitrate is not None:
            wanted = self._budget(index, self.analysis.samples)
            found, self._scale = search(attempt, wanted, self._scale)
            return found
        if self._settings.quality is None:
            scaled = np.abs(X) / factors(weights + lowest[:, None, None])[:, self._bands] / self._level
            self._scale = self._asked(scaled, np.abs(X))
        return attempt(self._scale)

    def _asked(self, scaled: np.ndarray, magnitude: np.ndarray) -> float:
        """Log2 of the scale at which noise `snr` below the signal is made, or else the share `drop` of the
        coefficients becomes zero; from magnitudes in steps of scale 1, and as they are: [C, K, L]."""
        if self._settings.snr is not None:
            return _log2_for_snr(scaled, magnitude, self._settings.snr)
        threshold = float(np.quantile(scaled, self._settings.drop))
        return math.log2(max(threshold, _FINEST) / real_quantize.DEAD_ZONE)


_FINEST = 2.0**-40
_HALVINGS = 24


def _log2_for_snr(scaled: np.ndarray, magnitude: np.ndarray, snr: float) -> float:
    """By bisection."""
    energy = float(np.sum(magnitude**2)) * 10 ** (-snr / 10)
    unit = np.divide(magnitude, scaled, out=np.zeros_like(magnitude), where=scaled > 0) ** 2
    low, high = math.log2(_FINEST), 40.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        off = real_quantize.errors(scaled, 2.0**middle)
        low, high = (low, middle) if float(np.sum(off**2 * unit)) > energy else (middle, high)
    return low


def _scale_of(quality: float) -> float:
    """The step at shape 0, in units of the level, for a noise-to-mask ratio that falls with quality."""
    return float(10 ** (-(ZERO_QUALITY_DB + QUALITY_DB * quality) / 20))
