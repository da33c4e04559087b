"""The MDCT over a stream: samples in, segments of frames out, and the way back, in bounded memory.

The slope at a segment's end is that of two frames, so the analysis looks one frame ahead and settles its
split; the synthesis holds the last frame back until the next one comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from dpcodec.signal.mdct import Mdct
from dpcodec.signal.splits import choose_splits
from dpcodec.signal.stft import Span, frame_count

_LOUDEST = float(np.finfo(np.float32).max)


@dataclass
class MdctAnalysis:
    """Cuts a stream of blocks float32 [C, n] into segments of `segment_frames` frames: coefficients float64
    [C, K, F] and split exponents int64 [C, F].

    `steps_of` is that of `choose_splits`. After the iteration `samples` holds N.
    """

    mdct: Mdct
    channels: int
    segment_frames: int
    steps_of: Callable[[np.ndarray], np.ndarray]
    samples: int = 0
    _held: np.ndarray = field(init=False)
    _before: np.ndarray = field(init=False)
    _first: np.ndarray | None = None

    def __post_init__(self) -> None:
        # Half a window of zeros stands before sample 0, so a segment's first frame always starts the buffer.
        self._held = np.zeros((self.channels, self.mdct.hop), np.float32)
        self._before = np.zeros(self.channels, np.int64)

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the segments in order; the last one may be shorter; none for an empty stream."""
        M, F = self.mdct.hop, self.segment_frames
        need = (F + 2) * M  # under the segment's frames and the one after
        pending = [self._held]
        length = self._held.shape[1]
        frames_done = 0
        for block in blocks:
            pending.append(block)
            length += block.shape[1]
            self.samples += block.shape[1]
            if length <= need:
                continue
            held = np.concatenate(pending, axis=1)
            while held.shape[1] > need:
                yield self._analyse(held, F, F + 1)
                frames_done += F
                held = held[:, F * M :]
            pending, length = [held], held.shape[1]
        held = np.concatenate(pending, axis=1)
        left = frame_count(self.samples, M) - frames_done
        while left > 0:
            frames = min(left, F)
            yield self._analyse(held, frames, min(left, F + 1))
            held = held[:, frames * M :]
            left -= frames

    def _analyse(self, held: np.ndarray, frames: int, seen: int) -> tuple[np.ndarray, np.ndarray]:
        """The first `frames` frames of the buffer, knowing the `seen` first ones."""
        samples = held[:, : (seen + 1) * self.mdct.hop].astype(np.float64)
        span = Span(samples.shape[1], seen, 0)
        splits = choose_splits(self.mdct, samples, span, self.steps_of, self._first)
        own, after = splits[:, :frames], splits[:, -1]
        span = Span(samples.shape[1], frames, 0)
        spectra = [
            self.mdct.forward(samples[c], own[c], span, (int(self._before[c]), int(after[c])))
            for c in range(self.channels)
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
