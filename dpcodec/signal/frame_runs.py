"""A stream of samples as runs of frames: what both transforms' analyses hold back, and when they let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dpcodec.signal.stft import frame_count


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
