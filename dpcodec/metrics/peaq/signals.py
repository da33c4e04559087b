"""What both versions of PEAQ take: two signals at 48 kHz, and the part of them that counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dpcodec.audio.resample import Resampler
from dpcodec.errors import AudioError
from dpcodec.metrics.pair import as_pair
from dpcodec.metrics.peaq.bands import FRAME, HOP, RATE_HZ

_BLOCK = 256
"""Frames at once: bounds the memory, changes no result."""
_LIMIT = 1e6
"""Louder than this (212 dB SPL), powers of energies overflow."""
_EDGE = 5
_EDGE_SUM = 200 / 32768


def at_48_khz(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> np.ndarray:
    """Both as one float64 array [2, C, N]. Raises `AudioError` for what PEAQ does not hear."""
    signals = np.stack(as_pair(reference, estimate))
    if signals.shape[1] > 2:
        raise AudioError(f"PEAQ hears one or two channels, not {signals.shape[1]}: mix them down")
    peak = max(signals.max(), -signals.min())
    if peak > _LIMIT:
        raise AudioError(f"samples reach {peak:g}: PEAQ takes full scale as 1.0, scale them")
    if sample_rate == RATE_HZ:
        return signals
    return np.stack([_resampled(signal, sample_rate) for signal in signals])


def _resampled(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """[C, N] at `sample_rate` -> float64 at 48 kHz."""
    stream = Resampler(sample_rate, RATE_HZ, signal.shape[0])
    return stream.process(signal.astype(np.float32), last=True).astype(np.float64)


def sound(reference: np.ndarray) -> tuple[int, int]:
    """Where the sound of a reference [C, N] starts and ends, in samples, section 5.2.4: with the first and
    last five samples whose magnitudes sum to more than 200 steps of 16 bits in either channel.

    Raises `AudioError` if there are none.
    """
    padded = np.pad(np.abs(reference), ((0, 0), (0, _EDGE - 1)))
    sums = np.lib.stride_tricks.sliding_window_view(padded, _EDGE, axis=-1).sum(-1).max(0)
    loud = np.flatnonzero(sums > _EDGE_SUM)
    if not loud.size:
        raise AudioError("the reference is silent: PEAQ has nothing to compare with, give sound")
    return int(loud[0]), min(int(loud[-1]) + _EDGE, reference.shape[-1])


def counted_frames(start: int, end: int) -> tuple[int, int]:
    """The first and the last frame that count of a sound between two samples. Frames whose first half
    reaches past the end do not count; one frame always does."""
    first = start // HOP
    return first, max(first, (end - HOP) // HOP)


def frame_blocks(signals: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """[2, C, N] -> `count` half-overlapping frames in blocks [2, C, B, FRAME]; zeros follow the end."""
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        piece = signals[:, :, start * HOP : (start + size - 1) * HOP + FRAME]
        missing = (size - 1) * HOP + FRAME - piece.shape[-1]
        padded = np.pad(piece, ((0, 0), (0, 0), (0, missing)))
        yield np.lib.stride_tricks.sliding_window_view(padded, FRAME, axis=-1)[:, :, ::HOP]
