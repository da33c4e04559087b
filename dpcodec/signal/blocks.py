"""The STFT over a stream: samples in, segments of frames out, and the way back, in bounded memory.

Frames sit on the grid of the whole signal (`Stft.span`); only how many are held at a time differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dpcodec.signal.frame_runs import FrameRuns
from dpcodec.signal.stft import Span, Stft


class SegmentAnalysis:
    """Cuts a stream of blocks float32 [C, n] into segments of `segment_frames` frames, complex128 [C, K, F].

    After the iteration `samples` holds N.
    """

    def __init__(self, stft: Stft, channels: int, segment_frames: int) -> None:
        self._stft = stft
        self._runs = FrameRuns(channels, stft.n_fft, stft.hop, segment_frames)

    @property
    def samples(self) -> int:
        """Samples that have come."""
        return self._runs.samples

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the segments in order; the last one may be shorter; none for an empty stream."""
        for held, frames, _ in self._runs.of(blocks):
            support = (frames - 1) * self._stft.hop + self._stft.n_fft
            samples = held[:, :support].astype(np.float64)
            yield self._stft.forward(samples, Span(samples.shape[1], frames, 0))


class StreamingInverse:
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
        return (total / np.where(squares > 0, squares, 1.0)).astype(np.float32)
