"""Segments of an MDCT with one step a channel: samples -> coefficients and splits -> bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from dpcodec.codec.masks import mask_of
from dpcodec.codec.rate import Bodies, search
from dpcodec.codec.report import EncodeReport
from dpcodec.coding import real_quantize
from dpcodec.coding.part import STORED_MASKS
from dpcodec.coding.real_part import encode_real_segment
from dpcodec.container.header import Header
from dpcodec.settings import RANDOM_MASK_SNR_DB, EncodeSettings
from dpcodec.signal.mdct import Mdct
from dpcodec.signal.mdct_blocks import MdctAnalysis
from dpcodec.signal.stft import Span


class Budget(Protocol):
    """What may be spent on a segment, given its index and the samples that have come: bytes."""

    def __call__(self, segment: int, samples: int) -> int: ...


class RealSegments:
    """The bodies of the parts of each segment; `analysis.samples` counts what has come."""

    def __init__(
        self, header: Header, settings: EncodeSettings, report: EncodeReport, budget: Budget
    ) -> None:
        self._header, self._settings, self._report, self._budget = header, settings, report, budget
        self._mdct = Mdct(header.n_fft, header.window, header.max_split)
        self._log2_step = START_LOG2
        self.analysis = MdctAnalysis(self._mdct, header.channels, header.segment_frames, self._split_steps)

    def coded(self, blocks: Iterator[np.ndarray]) -> Iterator[list[bytes]]:
        """Lists of bodies, one a part, segment by segment."""
        for index, (X, splits) in enumerate(self.analysis.segments(blocks)):
            bodies, kept = self._segment(index, X, splits)
            self._report.kept += kept
            self._report.cells += X.size
            yield bodies

    def _segment(self, index: int, X: np.ndarray, splits: np.ndarray) -> Bodies:
        header = self._header
        if self._settings.bitrate is not None and X.any():
            wanted = self._budget(index, self.analysis.samples)
            everything = np.ones(X.shape, bool)

            def attempt(log2_step: float) -> Bodies:
                steps = real_quantize.limited(np.full(len(X), 2.0**log2_step), X)
                bodies = encode_real_segment(
                    X, everything, True, header.parts, steps, splits, header.sample_rate
                )
                return bodies, int(
                    np.count_nonzero(np.abs(X) >= real_quantize.DEAD_ZONE * steps[:, None, None])
                )

            found, self._log2_step = search(attempt, wanted, self._log2_step)
            return found
        kept = mask_of(header, index, X)
        steps = None if self._settings.exact else _steps(X, kept, self._settings)
        stored = header.mask in STORED_MASKS
        return encode_real_segment(X, kept, stored, header.parts, steps, splits, header.sample_rate), int(
            np.count_nonzero(kept)
        )

    def _split_steps(self, samples: np.ndarray, span: Span) -> np.ndarray:
        """The step that unsplit frames would get: float64 [C, 1, 1]."""
        if self._settings.bitrate is not None:
            return np.full((len(samples), 1, 1), 2.0**self._log2_step)
        unsplit = np.zeros(span.frames, np.int64)
        X = np.stack([self._mdct.forward(channel, unsplit, span) for channel in samples])
        steps = _steps(X, mask_of(self._header, 0, X), self._settings)
        return steps.astype(np.float64)[:, None, None]


START_LOG2 = -5.0
"""Log2 of the step that the search for a bit rate begins at."""


def _steps(X: np.ndarray, kept: np.ndarray, settings: EncodeSettings) -> np.ndarray:
    """Quantiser step of each channel, float32 [C]. Where the significance mask decides alone, its threshold
    ends the dead zone."""
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
