"""Wiener filters in longer windows.

    z_j = S_j* G S_j x,   G = |S_j x|^2 / (|S_j x|^2 + a V)

S_j are Hann STFTs of 1, 2, 4 and 8 times the MDCT's window, and V what the quantiser's error has of power
there: the mean of the cells' variances over half a window (J. S. Lim and A. V. Oppenheim, Proc. IEEE 67
(1979), p. 1586, with the power of the noisy signal for that of the clean one).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dpcodec.inpainting.refine.boxes import ChannelBoxes
from dpcodec.settings import N_FFT_RANGE
from dpcodec.transform.compiled_stft import CompiledStft, compiled_stft
from dpcodec.transform.stft import Span, Stft

LONGER = (1, 2, 4, 8)
"""Lengths of the windows, in windows of the MDCT."""
OVER_ESTIMATE = np.float32(2.0)
"""The factor a: of 0.5, 1, 2 and 4 it leaves the least error."""
_TINY = np.float32(1e-30)
_BLOCK = 32
"""Rows multiplied at a time: BLAS starts no threads for so few."""


@lru_cache(maxsize=8)
def windows(n_fft: int) -> tuple[Stft, ...]:
    """The transforms S_j; one that would be too long is as long as can be."""
    lengths = [min(factor * n_fft, N_FFT_RANGE[1]) for factor in LONGER]
    return tuple(Stft(length, length // 4, "hann") for length in lengths)


class Filters(NamedTuple):
    """The windows over one channel: each transform with its frames, its V, times a, and what does all in one
    where there is such a thing."""

    boxes: ChannelBoxes
    each: tuple[tuple[Stft, Span, np.ndarray, CompiledStft | None], ...]

    @staticmethod
    def over(boxes: ChannelBoxes) -> Filters:
        """Those of a channel."""
        found = {}
        for S in windows(boxes.operator.n_fft):
            if S.n_fft not in found:
                span = span_over(S, boxes.start, boxes.operator.span.samples)
                error = OVER_ESTIMATE * error_power(boxes, S, span) + _TINY
                found[S.n_fft] = S, span, error, compiled_stft(S, span)
        return Filters(boxes, tuple(found.values()))

    def filtered(self, estimate: np.ndarray) -> list[np.ndarray]:
        """What each window makes of an estimate: float32 [L, K] each."""
        x = self.boxes.samples(estimate)
        heard = np.empty((len(self.each), len(x)), np.float32)
        for into, (S, span, error, compiled) in zip(heard, self.each, strict=True):
            if compiled:
                into[:] = compiled.wiener(x, error.T)
                continue
            X = S.forward(x, span).T
            power = X.real**2
            power += X.imag**2
            X *= power / (power + error)
            into[:] = S.adjoint(X.T, span)
        found = self.boxes.coefficients(heard)
        return [found[min(j, len(found) - 1)] for j in range(len(LONGER))]


def span_over(S: Stft, start: int, samples: int) -> Span:
    """All frames that touch samples `start` .. of the file, so that S_j* S_j is one up to the ends; they are
    centred on multiples of the hop, whatever the stretch."""
    before = start % S.hop
    return Span(samples, -(-(samples + before) // S.hop) + 3, S.n_fft // 2 + S.hop + before)


def error_power(boxes: ChannelBoxes, S: Stft, span: Span) -> np.ndarray:
    """V: float32 [L_j, K_j]."""
    hop, longer = boxes.operator.hop, S.n_fft // boxes.operator.n_fft
    own = boxes.operator.span
    at = (
        np.arange(span.frames) * S.hop + S.n_fft / 2 - span.left + own.left - boxes.operator.n_fft / 2
    ) / hop
    near = frame_means(boxes.variance, at, S.n_fft / 4 / hop)
    spread = np.zeros((span.frames, S.bins), np.float32)
    wide = np.repeat(near * np.float32(S.hop / S.n_fft), longer, axis=1)[:, : S.bins]
    spread[:, : wide.shape[1]] = wide
    return spread


def frame_means(values: np.ndarray, at: np.ndarray, half: float) -> np.ndarray:
    """Means over frames at - half .. at + half of values that hold for half a frame on either side, at least
    a frame wide: float32 [L, K] -> [len(at), K]. What lies beyond the ends does not count."""
    L, K = values.shape
    half = max(half, 0.5)
    first = np.clip(at - half + 0.5, 0, L - 1)
    last = np.clip(at + half + 0.5, first + 1, L)
    frame = np.arange(L)
    shared = np.minimum(last[:, None], frame + 1) - np.maximum(first[:, None], frame)
    shares = np.maximum(shared, 0) / (last - first)[:, None]
    blocks = np.zeros((-(-K // _BLOCK), L, _BLOCK), np.float32)
    for block, k in zip(blocks, range(0, K, _BLOCK), strict=True):
        block[:, : K - k] = values[:, k : k + _BLOCK]
    found = shares.astype(np.float32) @ blocks
    means: np.ndarray = np.moveaxis(found, 1, 0).reshape(len(at), -1)[:, :K]
    return means
