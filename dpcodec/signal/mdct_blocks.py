"""The MDCT over a stream: samples in, segments of frames out, and the way back, in bounded memory.

The slope at a segment's end is that of two frames, so the analysis looks one frame ahead and settles its
split; the synthesis holds the last frame back until the next one comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dpcodec.signal.frame_runs import FrameRuns
from dpcodec.signal.mdct import Mdct
from dpcodec.signal.splits import choose_splits
from dpcodec.signal.stft import Span

_LOUDEST = float(np.finfo(np.float32).max)


class MdctAnalysis:
    """Cuts a stream of blocks float32 [C, n] into segments of `segment_frames` frames: coefficients float64
    [C, K, F] and split exponents int64 [C, F].

    steps_of  quantiser steps, [C, 1 or K, 1 or L], from samples [C, n] and the span of the frames over them;
              called once a segment, before the segment is given
    paired    channels 2 i and 2 i + 1 get the same splits

    After the iteration `samples` holds N.
    """

    def __init__(
        self,
        mdct: Mdct,
        channels: int,
        segment_frames: int,
        steps_of: Callable[[np.ndarray, Span], np.ndarray],
        paired: bool = False,
    ) -> None:
        self._mdct, self._steps_of, self._paired = mdct, steps_of, paired
        self._runs = FrameRuns(channels, mdct.n_fft, mdct.hop, segment_frames, ahead=1)
        self._before = np.zeros(channels, np.int64)
        self._first: np.ndarray | None = None

    @property
    def samples(self) -> int:
        """Samples that have come."""
        return self._runs.samples

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the segments in order; the last one may be shorter; none for an empty stream."""
        for held, frames, seen in self._runs.of(blocks):
            yield self._analyse(held, frames, seen)

    def _analyse(self, held: np.ndarray, frames: int, seen: int) -> tuple[np.ndarray, np.ndarray]:
        """The first `frames` frames of the buffer, knowing the `seen` first ones."""
        samples = held[:, : (seen + 1) * self._mdct.hop].astype(np.float64)
        span = Span(samples.shape[1], seen, 0)
        steps = self._steps_of(samples, span)
        splits = choose_splits(self._mdct, samples, span, steps, self._first, self._paired)
        own, after = splits[:, :frames], splits[:, -1]
        span = Span(samples.shape[1], frames, 0)
        spectra = [
            self._mdct.forward(samples[c], own[c], span, (int(self._before[c]), int(after[c])))
            for c in range(len(held))
        ]
        self._before, self._first = own[:, -1], after
        return np.stack(spectra), own


class MdctSynthesis:
    """The inverse MDCT fed with runs of frames, from frame `first_frame` of the signal's grid on.

    `push` returns the samples that no later frame can change: up to the centre of the last frame, so that
    none are left when the last frame of a signal has come. The first is `start`, the centre of `first_frame`.
    """

    def __init__(self, mdct: Mdct, channels: int, first_frame: int = 0) -> None:
        self._mdct, self._channels = mdct, channels
        self._X = np.zeros((channels, mdct.bins, 0), np.float32)
        self._splits = np.zeros((channels, 0), np.int64)
        self.start = first_frame * mdct.hop

    def push(self, X: np.ndarray, splits: np.ndarray) -> np.ndarray:
        """Add frames, real [C, K, L], and their splits, int [C, L]; return finished samples,
        float32 [C, n]."""
        if not X.shape[-1]:
            return np.zeros((self._channels, 0), np.float32)
        X = np.concatenate([self._X, X], axis=2)
        splits = np.concatenate([self._splits, splits], axis=1)
        self._X, self._splits = X[:, :, -1:], splits[:, -1:]
        frames, M = X.shape[2], self._mdct.hop
        span = Span((frames + 1) * M, frames, 0)
        signals = [
            self._mdct.adjoint(X[c].astype(np.float64), splits[c], span)[M : frames * M]
            for c in range(self._channels)
        ]
        samples: np.ndarray = np.clip(np.stack(signals), -_LOUDEST, _LOUDEST).astype(np.float32)
        return samples
