"""STFT files: complex coefficients, redundant, so that what a mask dropped can be inpainted (the paper's)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dpcodec.coding.body import SILENCE, BodyReader, interleave, write_body
from dpcodec.coding.quantize import step_for_noise, step_for_snr
from dpcodec.coding.stft_channel import decode_stft_channel, encode_stft_channel
from dpcodec.container.header import Header
from dpcodec.inpainting.problem import Origin, Problem, stft_problem
from dpcodec.mask.custom import own_mask
from dpcodec.mask.table import segment_mask
from dpcodec.modes.base import Budget, CodedSegment, Found, PartReader, Segment
from dpcodec.settings import RANDOM_MASK_SNR_DB, EncodeSettings
from dpcodec.transform.stft import Stft, block_span
from dpcodec.transform.streaming import FrameRun, StftAnalysis, StftSynthesis

if TYPE_CHECKING:
    from dpcodec.container.reader import SegmentData


class StftMode:
    """See `modes.base.Mode`. Raises `SettingsError` for an STFT that cannot be inverted."""

    def __init__(self, header: Header) -> None:
        self._header, self._reader = header, PartReader(header)
        self.transform = Stft(header.n_fft, header.hop, header.window)

    def runs(self, blocks: Iterator[np.ndarray]) -> Iterator[FrameRun]:
        return self._analysis().runs(blocks)

    def coder(self, settings: EncodeSettings) -> _Coder:
        return _Coder(self, settings)

    def _analysis(self) -> StftAnalysis:
        return StftAnalysis(self.transform, self._header.channels, self._header.segment_frames)

    def _steps(self, X: np.ndarray, kept: np.ndarray, settings: EncodeSettings) -> np.ndarray:
        """Quantiser step of each channel, float32 [C]."""
        weights = self.transform.weights
        if settings.snr is None and self._reader.kind.by_segment is not None:
            return step_for_noise(X, kept, weights)
        return step_for_snr(X, kept, RANDOM_MASK_SNR_DB if settings.snr is None else settings.snr, weights)

    def _bodies(self, X: np.ndarray, kept: np.ndarray, steps: np.ndarray | None) -> list[bytes]:
        """One a part; a single one if all of the segment is digital silence."""
        kind, parts = self._reader.kind, self._header.parts if X.any() else 1
        bodies = []
        for part in range(parts):
            rows = interleave(part, parts)
            channels = [
                encode_stft_channel(
                    X[c, rows],
                    kept[c, rows],
                    kind.stored,
                    None if steps is None else float(steps[c]),
                    kind.listed,
                )
                if X[c].any()
                else SILENCE
                for c in range(len(X))
            ]
            bodies.append(write_body(X.shape[2], channels))
        return bodies

    def read(self, packets: SegmentData, frames: int | None) -> tuple[Segment, list[str]]:
        return self._reader.read(packets, frames, _unknown, self._lay)

    def _lay(
        self,
        segment: Segment,
        body: bytes,
        where: tuple[slice, slice],
        packets: SegmentData,
        mask: np.ndarray | None,
        told: bool,
    ) -> np.ndarray:
        (rows, _), (C, K, L) = where, segment.kept.shape
        reader, bounds = BodyReader(body, C, L), self._reader.bounds(L)
        grid = len(range(*rows.indices(K))), L
        exact, listed = self._header.exact, self._reader.kind.listed
        known = [None if mask is None else mask[c, rows] for c in range(C)]
        channels = [decode_stft_channel(reader, grid, one, exact, bounds, listed) for one in known]
        reader.finish()
        for c, channel in enumerate(channels):
            segment.kept[c, rows], segment.value[c, rows] = channel.kept, channel.centre
            segment.halfwidth[c, rows], segment.bound[c, rows] = channel.halfwidth, channel.bound
        return np.array([channel.quiet for channel in channels])

    def problem(self, segment: Segment, channel: int, first_frame: int, samples: int | None) -> Problem:
        span = block_span(self.transform, first_frame, segment.frames, samples)
        origin = Origin(channel, first_frame, self._header.segment_frames)
        one = slice(channel, channel + 1)
        return stft_problem(
            self.transform,
            span,
            segment.kept[one],
            segment.value[one],
            segment.halfwidth[one],
            segment.bound[one],
            origin,
        )

    def own_channels(self, X: np.ndarray, segment: Segment) -> np.ndarray:
        return X

    def synthesis(self, first_frame: int) -> _Synthesis:
        return _Synthesis(self.transform, self._header.channels, first_frame)


class _Coder:
    """See `modes.base.SegmentCoder`: a segment knows nothing of those before it."""

    by_groups = False

    def __init__(self, mode: StftMode, settings: EncodeSettings) -> None:
        self._mode, self._settings, self.state = mode, settings, None
        mask = mode._header.mask
        self._mask = own_mask(settings.custom) if settings.custom else segment_mask(mask)
        self._analysis = mode._analysis()

    def lead(self, run: FrameRun, found: Found | None = None) -> None:
        """Nothing leads on."""

    def code(self, index: int, run: FrameRun, budget: Budget) -> CodedSegment:
        X = self._analysis.coefficients(run)
        kept = self._mask(self._mode._header, index, X)
        steps = None if self._settings.exact else self._mode._steps(X, kept, self._settings)
        return CodedSegment(self._mode._bodies(X, kept, steps), int(np.count_nonzero(kept)), kept.size)


class _Synthesis(StftSynthesis):
    def push(self, X: np.ndarray, block_splits: np.ndarray | None = None) -> np.ndarray:
        return super().push(X)


def _unknown(shape: tuple[int, int, int]) -> Segment:
    segment = Segment.unknown(shape, np.complex64)
    segment.centre = segment.value  # the quantiser gives back the middle of its boxes
    return segment
