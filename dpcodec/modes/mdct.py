"""MDCT files: as many real coefficients as samples, one quantiser step a channel and segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dpcodec.coding import mdct_quantize
from dpcodec.coding.body import SILENCE, BodyReader, ChannelBody, interleave, write_body
from dpcodec.coding.estimate import magnitudes_of, symbol_bytes
from dpcodec.coding.mdct_channel import decode_mdct_channel, encode_mdct_channel
from dpcodec.coding.mdct_contexts import ChannelContext
from dpcodec.container.header import Header
from dpcodec.errors import FormatError
from dpcodec.inpainting.problem import Problem
from dpcodec.mask.table import segment_mask
from dpcodec.modes.base import Budget, CodedSegment, Found, PartReader, Segment, mdct_problem
from dpcodec.modes.mdct_coder import MdctCoder
from dpcodec.modes.rate import Spending, place_of, search
from dpcodec.settings import RANDOM_MASK_SNR_DB, EncodeSettings
from dpcodec.transform.bands import band_of_rows
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.streaming import LEAD_FRAMES, FrameRun, MdctAnalysis, MdctSynthesis

if TYPE_CHECKING:
    from dpcodec.container.reader import SegmentData

_UNKNOWN = -5.0, 0.0
"""What the search for a bit rate begins with where nothing was found yet."""


class MdctMode:
    """See `modes.base.Mode`."""

    def __init__(self, header: Header) -> None:
        self._header, self._reader = header, PartReader(header)
        self.transform = Mdct(header.n_fft, header.window, header.max_block_split)
        self._bands = band_of_rows(header.bins, header.sample_rate)

    def runs(self, blocks: Iterator[np.ndarray]) -> Iterator[FrameRun]:
        return self._analysis().runs(blocks)

    def coder(self, settings: EncodeSettings) -> _Coder:
        return _Coder(self, settings)

    def _analysis(self) -> MdctAnalysis:
        return MdctAnalysis(self.transform, self._header.channels, self._header.segment_frames)

    def _switching_steps(self, run: FrameRun, settings: EncodeSettings, log2_step: float) -> np.ndarray:
        """The step that frames which are not cut into blocks would get: float64 [C, 1, 1]."""
        if settings.bitrate is not None:
            return np.full((len(run.samples), 1, 1), 2.0**log2_step)
        whole = np.zeros(run.span.frames, np.int64)
        X = np.stack([self.transform.forward(x, whole, run.span) for x in run.samples.astype(np.float64)])
        steps = _steps(X, segment_mask(self._header.mask)(self._header, 0, X), settings)
        return steps.astype(np.float64)[:, None, None]

    def _at_rate(
        self,
        X: np.ndarray,
        block_splits: np.ndarray,
        wanted: int,
        tolerance: float,
        found: tuple[float, float],
    ) -> tuple[CodedSegment, tuple[float, float]]:
        """The segment in so many bytes, and what was found: log2 of its step, and of how much dearer than
        estimated it was. `found` is that of the segment before."""
        everything, magnitudes = np.ones(X.shape, bool), np.abs(X, dtype=np.float32)

        def attempt(log2_step: float) -> CodedSegment:
            steps = mdct_quantize.clamp_step(np.full(len(X), 2.0**log2_step), X)
            kept = np.count_nonzero(np.abs(X) >= mdct_quantize.DEAD_ZONE * steps[:, None, None])
            return CodedSegment(self._bodies(X, everything, steps, block_splits), int(kept), X.size)

        def estimate(log2_step: float) -> float:
            steps = np.full(len(X), 2.0**log2_step)
            return symbol_bytes(magnitudes_of(magnitudes, steps, mdct_quantize.DEAD_ZONE))

        log2_step, dearer = found
        return search(attempt, estimate, wanted, log2_step, tolerance=tolerance, dearer=dearer)

    def _segment(
        self, index: int, X: np.ndarray, block_splits: np.ndarray, settings: EncodeSettings
    ) -> CodedSegment:
        kept = segment_mask(self._header.mask)(self._header, index, X)
        steps = None if settings.exact else _steps(X, kept, settings)
        bodies = self._bodies(X, kept, steps, block_splits)
        return CodedSegment(bodies, int(np.count_nonzero(kept)), X.size)

    def _bodies(
        self, X: np.ndarray, kept: np.ndarray, steps: np.ndarray | None, block_splits: np.ndarray
    ) -> list[bytes]:
        """One a part; a single one if all of the segment is digital silence, with no frame cut into
        blocks."""
        silent = [not (x.any() or s.any()) for x, s in zip(X, block_splits, strict=True)]
        parts = 1 if all(silent) else self._header.parts
        bodies = []
        for part in range(parts):
            rows = interleave(part, parts)
            channels: list[ChannelBody] = []
            paired = None
            for c in range(len(X)):
                paired = paired if c % 2 else None
                if silent[c]:
                    channels.append(SILENCE)
                    continue
                values, mask = X[c, rows], kept[c, rows]
                coded = None if self._reader.kind.stored else mask
                context = ChannelContext(self._bands[rows], parts, paired, coded)
                step = None if steps is None else float(steps[c])
                body, paired = encode_mdct_channel(values, mask, step, block_splits[c], context)
                channels.append(body)
            bodies.append(write_body(X.shape[2], channels))
        return bodies

    def read(self, packets: SegmentData, frames: int | None) -> tuple[Segment, list[str]]:
        return self._reader.read(packets, frames, lambda shape: Segment.unknown(shape, np.float32), self._lay)

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
        reader, bounds, header = BodyReader(body, C, L), self._reader.bounds(L), self._header
        grid = len(range(*rows.indices(K))), L
        channels = []
        paired = None
        for c in range(C):
            coded = None if mask is None else mask[c, rows]
            context = ChannelContext(self._bands[rows], packets.total_parts, paired if c % 2 else None, coded)
            channel = decode_mdct_channel(reader, grid, context, header.exact, header.max_block_split, bounds)
            paired = channel.log_magnitude
            channels.append(channel)
        reader.finish()
        block_splits = np.stack([channel.block_splits for channel in channels])
        if told and not np.array_equal(block_splits, segment.block_splits):
            raise FormatError("coded part: its block switching is not that of the part before")
        segment.block_splits = block_splits
        for c, channel in enumerate(channels):
            for name in ("kept", "value", "centre", "halfwidth", "bound"):
                getattr(segment, name)[c, rows] = getattr(channel, name)
        return np.array([channel.quiet for channel in channels])

    def problem(self, segment: Segment, channel: int, first_frame: int, samples: int | None) -> Problem:
        return mdct_problem(self.transform, self._header, segment, channel, first_frame, samples)

    def own_channels(self, X: np.ndarray, segment: Segment) -> np.ndarray:
        return X

    def synthesis(self, first_frame: int) -> MdctSynthesis:
        return MdctSynthesis(self.transform, self._header.channels, first_frame)


class _Coder(MdctCoder):
    """See `modes.base.SegmentCoder`. At a bit rate the search goes on from what it found in the segment
    before, or where a group begins in the last one that may be known."""

    def __init__(self, mode: MdctMode, settings: EncodeSettings) -> None:
        super().__init__(mode._analysis())
        self._mode, self._settings = mode, settings
        self._found, self._spending = _UNKNOWN, Spending()
        self.by_groups = settings.bitrate is not None

    def lead(self, run: FrameRun, found: Found | None = None) -> None:
        steps = self._mode._switching_steps(run, self._settings, (found or _UNKNOWN)[0])
        self._analysis.lead(run.ending(LEAD_FRAMES, self._mode.transform.hop), steps)

    def code(self, index: int, run: FrameRun, budget: Budget) -> CodedSegment:
        mode = self._mode
        allowance = budget(index, run) if self.by_groups else None
        if allowance is not None and not place_of(index)[1]:
            self._found = allowance.found or _UNKNOWN
        switching_steps = mode._switching_steps(run, self._settings, self._found[0])
        X, block_splits = self._analysis.coefficients(run, switching_steps)
        if allowance is None:
            return mode._segment(index, X, block_splits, self._settings)
        wanted, tolerance = self._spending.wanted(index, allowance, run.last)
        if not X.any():
            return self._spending.spend(mode._segment(index, X, block_splits, self._settings))
        coded, self._found = mode._at_rate(X, block_splits, wanted, tolerance, self._found)
        return self._spending.spend(coded._replace(found=self._found))


def _steps(X: np.ndarray, kept: np.ndarray, settings: EncodeSettings) -> np.ndarray:
    """Quantiser step of each channel, float32 [C]. Where the significance mask decides alone, its threshold
    ends the dead zone."""
    snr = settings.snr
    if snr is None and settings.mask == "significance" and settings.share > 0:
        return mdct_quantize.step_for_mask(X, kept)
    power = X.astype(np.float64) ** 2
    energy = power.sum((1, 2))
    noise = energy * 10 ** (-(RANDOM_MASK_SNR_DB if snr is None else snr) / 10)
    if snr is None and settings.mask == "energy":
        taken = np.where(kept, 0, power).sum((1, 2))
        noise = np.where(taken > 0, taken, noise)
    return mdct_quantize.step_for_noise(X, kept, noise)
