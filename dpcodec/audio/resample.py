"""Another sample rate, block by block (soxr, very high quality), and the mix down to one channel."""

from __future__ import annotations

import numpy as np

from dpcodec.errors import AudioError

_RATIO_LIMIT = 1 << 16
"""Beyond this soxr's filters take minutes to build."""


def resampled_length(samples: int, rate_in: int, rate_out: int) -> int:
    """Samples after resampling: ceil(samples * rate_out / rate_in), in integers.

    >>> resampled_length(44101, 44100, 16000)
    16001
    """
    return -(-samples * rate_out // rate_in)


def downmix(block: np.ndarray) -> np.ndarray:
    """The mean of all channels: float32 [C, n] -> [1, n]."""
    return block if block.shape[0] == 1 else block.mean(axis=0, keepdims=True, dtype=np.float32)


class Resampler:
    """Resamples a stream. However it is cut into blocks, N samples become exactly `resampled_length(N, ...)`,
    and output sample m lies at the time m / rate_out. Outside the stream the signal counts as zero.

    Equal rates pass everything through untouched. Raises `AudioError` where the rates are too far apart.

    >>> r = Resampler(44100, 16000, 1)
    >>> a = r.process(np.zeros((1, 4410), np.float32))
    >>> a.shape[1] + r.process(np.zeros((1, 0), np.float32), last=True).shape[1]
    1600
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        self._rates = (rate_in, rate_out)
        self._channels = channels
        self._taken = 0
        self._given = 0
        if max(rate_in, rate_out) > _RATIO_LIMIT * min(rate_in, rate_out):
            raise AudioError(f"{rate_in} Hz to {rate_out} Hz is too far for one resampling: go in two steps")
        import soxr  # lazy: few files are resampled

        self._stream = soxr.ResampleStream(rate_in, rate_out, channels, "float32", "VHQ")

    def process(self, block: np.ndarray, last: bool = False) -> np.ndarray:
        """Take float32 [C, n], give what is ready, float32 [C, m]; with `last`, all the rest."""
        if self._rates[0] == self._rates[1]:
            return block
        self._taken += block.shape[1]
        out = self._chunk(block.T)
        if last:
            # soxr rounds the length; a few zeros more make it long enough to cut where we say.
            few = np.zeros((4 * self._rates[0] // self._rates[1] + 8, self._channels), np.float32)
            out = np.concatenate([out, self._chunk(few), self._chunk(few[:0], last=True)])
            out = out[: resampled_length(self._taken, *self._rates) - self._given]
        self._given += out.shape[0]
        return np.ascontiguousarray(out.T)

    def _chunk(self, frames: np.ndarray, last: bool = False) -> np.ndarray:
        """One call of soxr: float32 [n, C] -> [m, C]."""
        out: np.ndarray = self._stream.resample_chunk(np.ascontiguousarray(frames, np.float32), last)
        return out
