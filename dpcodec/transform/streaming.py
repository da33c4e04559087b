"""Transforms over a stream: samples in, segments of frames out, and the way back, in bounded memory.

Frames sit on the grid of the whole signal; only how many are held at a time differs. The MDCT's slope at a
segment's end is that of two frames, so its analysis looks one frame ahead and settles its block switching;
its synthesis holds the last frame back until the next one comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from dpcodec.transform.block_switching import choose_block_splits
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Span, Stft, frame_count

LOUDEST = float(np.finfo(np.float32).max)
"""Largest sample that comes out."""


def to_samples(x: np.ndarray) -> np.ndarray:
    """Samples of any size as finite float32."""
    samples: np.ndarray = np.clip(x, -LOUDEST, LOUDEST).astype(np.float32)
    return samples


class FrameRuns:
    """Cuts blocks float32 [C, n] into buffers for runs of `segment_frames` frames of `n_fft` samples.

    A run is given once `ahead` frames after it have come too, or the signal's end. `samples` counts what has
    come; N in the end.
    """

    def __init__(self, channels: int, n_fft: int, hop: int, segment_frames: int, ahead: int = 0) -> None:
        self._hop, self._frames, self._ahead = hop, segment_frames, ahead
        self._need = (segment_frames + ahead - 1) * hop + n_fft
        # Half a window of zeros stands before sample 0, so a segment's first frame always starts the buffer.
        self._held = np.zeros((channels, n_fft // 2), np.float32)
        self.samples = 0

    def of(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, int, int]]:
        """Yield (buffer [C, n], frames of the run, frames that may be looked at); none for an empty stream.

        The last run may be shorter; what its frames reach beyond the buffer is silence.
        """
        F, hop = self._frames, self._hop
        pending, length, done = [self._held], self._held.shape[1], 0
        for block in blocks:
            pending.append(block)
            length += block.shape[1]
            self.samples += block.shape[1]
            if length <= self._need:
                continue
            held = np.concatenate(pending, axis=1)
            while held.shape[1] > self._need:
                yield held, F, F + self._ahead
                done += F
                held = held[:, F * hop :]
            pending, length = [held], held.shape[1]
        held = np.concatenate(pending, axis=1)
        left = frame_count(self.samples, hop) - done
        while left > 0:
            frames = min(left, F)
            yield held, frames, min(left, F + self._ahead)
            held = held[:, frames * hop :]
            left -= frames


class FrameRun(NamedTuple):
    """All that a segment is coded from: the samples under its frames and one more of an MDCT, float32 [C, n],
    how they lie under all these frames, and how many are the segment's own."""

    samples: np.ndarray
    span: Span
    frames: int

    @property
    def last(self) -> bool:
        """Whether no frame of an MDCT comes after it."""
        return self.frames == self.span.frames

    def ending(self, frames: int, hop: int) -> FrameRun:
        """Its last so many frames, or all of fewer."""
        left = min(frames, self.span.frames)
        samples = self.samples[:, (self.span.frames - left) * hop :]
        return FrameRun(
            samples, Span(samples.shape[1], left, 0), max(0, left - self.span.frames + self.frames)
        )


class StftAnalysis:
    """Cuts a stream of blocks float32 [C, n] into segments of `segment_frames` frames: `runs` gives their
    samples, `coefficients` transforms them."""

    def __init__(self, stft: Stft, channels: int, segment_frames: int) -> None:
        self._stft = stft
        self._runs = FrameRuns(channels, stft.n_fft, stft.hop, segment_frames)

    def runs(self, blocks: Iterable[np.ndarray]) -> Iterator[FrameRun]:
        """Yield the segments in order; the last one may be shorter; none for an empty stream."""
        for held, frames, _ in self._runs.of(blocks):
            samples = held[:, : (frames - 1) * self._stft.hop + self._stft.n_fft]
            yield FrameRun(samples, Span(samples.shape[1], frames, 0), frames)

    def coefficients(self, run: FrameRun) -> np.ndarray:
        """Those of a segment, complex128 [C, K, F]."""
        X: np.ndarray = self._stft.forward(run.samples.astype(np.float64), run.span)
        return X


class StftSynthesis:
    """The inverse STFT fed with runs of frames, from frame `first_frame` of the signal's grid on.

    `push` returns the samples that no later frame can change; `finish` the rest. Together they are the
    samples from `start` on: 0, or the first one that the frames from `first_frame` on determine.
    """

    def __init__(self, stft: Stft, channels: int, first_frame: int = 0) -> None:
        self._stft = stft
        self._overlap = np.zeros((channels, max(stft.n_fft - stft.hop, 0)), np.float64)
        self._squares = np.zeros(self._overlap.shape[1])
        half = stft.n_fft // 2
        self._position = first_frame * stft.hop - half  # of the first sample held back
        self.start = 0 if first_frame == 0 else first_frame * stft.hop + half
        self._skip = self.start - self._position

    def push(self, X: np.ndarray) -> np.ndarray:
        """Add frames, complex [C, K, L]; return finished samples, float32 [C, n]."""
        frames = X.shape[-1]
        if not frames:
            return np.zeros((self._overlap.shape[0], 0), np.float32)
        total = self._stft.overlap_add(X.astype(np.complex128))
        span = Span(total.shape[-1], frames, 0)
        squares = self._stft.gram_diagonal(span, total)
        held = self._overlap.shape[1]
        total[:, :held] += self._overlap
        squares[:held] += self._squares
        ready = frames * self._stft.hop
        self._overlap, self._squares = total[:, ready:], squares[ready:]
        return self._emit(total[:, :ready], squares[:ready])

    def finish(self, samples: int) -> np.ndarray:
        """Return what is left of a signal of `samples` samples, float32 [C, n]."""
        rest = self._emit(self._overlap, self._squares)
        return rest[:, : max(0, rest.shape[1] - max(0, self._position - samples))]

    def _emit(self, total: np.ndarray, squares: np.ndarray) -> np.ndarray:
        skip = min(self._skip, squares.shape[0])
        self._skip -= skip
        self._position += squares.shape[0]
        total, squares = total[:, skip:], squares[skip:]
        # Samples past the signal's end may lie under the window's zero; they are cut off by `finish`.
        return to_samples(total / np.where(squares > 0, squares, 1.0))


BlockSplitState = tuple[tuple[int, ...], tuple[int, ...] | None]
"""Of each channel, the block split exponents of the last frame and of the one after it, where it is
settled."""
LEAD_FRAMES = 16
"""Frames whose block switching shows, but for silence and one time in a hundred, what it ends with."""


class MdctAnalysis:
    """Cuts a stream of blocks float32 [C, n] into segments of `segment_frames` frames: `runs` gives their
    samples, `coefficients` transforms them, in order.

    paired  channels 2 i and 2 i + 1 are cut into the same blocks
    """

    def __init__(self, mdct: Mdct, channels: int, segment_frames: int, paired: bool = False) -> None:
        self._mdct, self._paired = mdct, paired
        self._runs = FrameRuns(channels, mdct.n_fft, mdct.hop, segment_frames, ahead=1)
        self.state: BlockSplitState = (0,) * channels, None

    def runs(self, blocks: Iterable[np.ndarray]) -> Iterator[FrameRun]:
        """Yield the segments in order; the last one may be shorter; none for an empty stream."""
        for held, frames, seen in self._runs.of(blocks):
            samples = held[:, : (seen + 1) * self._mdct.hop]
            yield FrameRun(samples, Span(samples.shape[1], seen, 0), frames)

    def lead(self, run: FrameRun, steps: np.ndarray, finer: np.ndarray | None = None) -> None:
        """Pass over the LEAD_FRAMES that end a segment, which is not the last, with the arguments of
        `coefficients`: `state` becomes what they alone would leave."""
        x = run.samples.astype(np.float64)
        chosen = choose_block_splits(self._mdct, x, run.span, steps, None, self._paired, finer)
        self.state = tuple(chosen[:, -2].tolist()), tuple(chosen[:, -1].tolist())

    def coefficients(
        self, run: FrameRun, steps: np.ndarray, finer: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients float64 [C, K, F] of a segment and the block split exponents chosen for them, int64
        [C, F], with quantiser steps [C, 1 or K, 1 or L] of all frames that the run shows, and log2 of what
        each split multiplies their squares by, [C, block_splits, L]."""
        x = run.samples.astype(np.float64)
        before, settled = self.state
        first = None if settled is None else np.array(settled)
        chosen = choose_block_splits(self._mdct, x, run.span, steps, first, self._paired, finer)
        own, after = chosen[:, : run.frames], chosen[:, -1]
        span = Span(run.span.samples, run.frames, 0)
        spectra = [
            self._mdct.forward(samples, own[c], span, (before[c], int(after[c])))
            for c, samples in enumerate(x)
        ]
        self.state = tuple(own[:, -1].tolist()), tuple(after.tolist())
        return np.stack(spectra), own


class MdctSynthesis:
    """The inverse MDCT fed with runs of frames, from frame `first_frame` of the signal's grid on.

    `push` returns the samples that no later frame can change: up to the centre of the last frame, so that
    none are left when the last frame of a signal has come. The first is `start`, the centre of `first_frame`.
    """

    def __init__(self, mdct: Mdct, channels: int, first_frame: int = 0) -> None:
        self._mdct, self._channels = mdct, channels
        self._X = np.zeros((channels, mdct.bins, 0), np.float32)
        self._block_splits = np.zeros((channels, 0), np.int64)
        self.start = first_frame * mdct.hop

    def push(self, X: np.ndarray, block_splits: np.ndarray) -> np.ndarray:
        """Add frames, real [C, K, L], and their block split exponents, int [C, L]; return finished samples,
        float32 [C, n]."""
        if not X.shape[-1]:
            return np.zeros((self._channels, 0), np.float32)
        X = np.concatenate([self._X, X], axis=2)
        block_splits = np.concatenate([self._block_splits, block_splits], axis=1)
        self._X, self._block_splits = X[:, :, -1:], block_splits[:, -1:]
        frames, M = X.shape[2], self._mdct.hop
        span = Span((frames + 1) * M, frames, 0)
        signals = [
            self._mdct.adjoint(X[c].astype(np.float64), block_splits[c], span)[M : frames * M]
            for c in range(self._channels)
        ]
        return to_samples(np.stack(signals))

    def finish(self, samples: int) -> np.ndarray:
        """Nothing is left of a signal whose last frame has come: float32 [C, 0]."""
        return np.zeros((self._channels, 0), np.float32)
