"""PEAQ, basic version (ITU-R BS.1387-1): how much worse an estimate sounds than its reference.

`bands` (fixed tables), `ear` (spectra to excitation), `patterns` (what changes with time), `precursors` (per
frame; `harmonic` is one of them), `averages` (over time), `network` (one grade).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.audio.resample import Resampler
from dpcodec.errors import AudioError
from dpcodec.metrics.pair import as_pair
from dpcodec.metrics.peaq.averages import output_variables
from dpcodec.metrics.peaq.bands import FRAME, HOP, RATE_HZ
from dpcodec.metrics.peaq.ear import hear
from dpcodec.metrics.peaq.network import difference_grade, distortion_index
from dpcodec.metrics.peaq.patterns import Tracker
from dpcodec.metrics.peaq.precursors import frame_precursors, join

__all__ = ["PeaqResult", "peaq"]

_BLOCK = 256
"""Frames at once: bounds the memory, changes no result."""
_LIMIT = 1e6
"""Louder than this (212 dB SPL), powers of energies overflow."""
_EDGE = 5
_EDGE_SUM = 200 / 32768


@dataclass(frozen=True)
class PeaqResult:
    """What PEAQ says of one estimate.

    odg   objective difference grade, from 0 (imperceptible) to -4 (very annoying); at most 0.22, not clipped
    di    distortion index, from which the grade follows
    movs  the eleven model output variables by name
    """

    odg: float
    di: float
    movs: dict[str, float]


def peaq(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> PeaqResult:
    """PEAQ, basic version, of `estimate` against `reference`.

    reference, estimate  one shape, [C, N] or [N], C 1 or 2, in step; full scale 1.0 is heard at 92 dB SPL
    sample_rate          of both, Hz; other rates than 48 kHz are resampled

    What lies before the first and after the last sound of the reference does not count. All results are
    finite. Below about half a second of sound the variables of modulation and noise loudness are 0, and the
    grade is worth little. A silent estimate is graded; a silent reference is not.

    Raises `AudioError` (a `ValueError`) if the shapes differ, there are no samples or more than two channels,
    samples are not finite or beyond a million times full scale, or if the reference is silent: no five
    samples in a row whose magnitudes sum to more than 200 steps of 16 bits.

    >>> tone = 0.5 * np.sin(np.arange(48000) * 0.3)
    >>> round(peaq(tone, tone, 48000).odg, 2)
    0.2
    """
    signals = _checked(reference, estimate)
    if sample_rate != RATE_HZ:
        signals = np.stack([_resampled(signal, sample_rate) for signal in signals])
    first, last = _counted_frames(signals[0])
    tracker, blocks = Tracker(), []
    for frames in _frames(signals, last + 1):
        ear = hear(frames)
        blocks.append(frame_precursors(frames, ear, tracker.follow(ear.excitation)))
    movs = output_variables(join(blocks, first), first)
    di = distortion_index(movs)
    return PeaqResult(difference_grade(di), di, movs)


def _checked(reference: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Both as one float64 array [2, C, N]."""
    signals = np.stack(as_pair(reference, estimate))
    if signals.shape[1] > 2:
        raise AudioError(f"PEAQ hears one or two channels, not {signals.shape[1]}: mix them down")
    peak = max(signals.max(), -signals.min())
    if peak > _LIMIT:
        raise AudioError(f"samples reach {peak:g}: PEAQ takes full scale as 1.0, scale them")
    return signals


def _resampled(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """[C, N] at `sample_rate` -> float64 at 48 kHz."""
    stream = Resampler(sample_rate, RATE_HZ, signal.shape[0])
    return stream.process(signal.astype(np.float32), last=True).astype(np.float64)


def _counted_frames(reference: np.ndarray) -> tuple[int, int]:
    """The first and the last frame that count, section 5.2.4: the sound starts and ends with the first and
    last five samples whose magnitudes sum to more than 200 steps of 16 bits in either channel. Frames whose
    first half reaches past the end do not count; one frame always does."""
    padded = np.pad(np.abs(reference), ((0, 0), (0, _EDGE - 1)))
    sums = np.lib.stride_tricks.sliding_window_view(padded, _EDGE, axis=-1).sum(-1).max(0)
    loud = np.flatnonzero(sums > _EDGE_SUM)
    if not loud.size:
        raise AudioError("the reference is silent: PEAQ has nothing to compare with, give sound")
    end = min(int(loud[-1]) + _EDGE, reference.shape[-1])
    first = int(loud[0]) // HOP
    return first, max(first, (end - HOP) // HOP)


def _frames(signals: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """[2, C, N] -> `count` half-overlapping frames in blocks [2, C, B, FRAME]; zeros follow the end."""
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        piece = signals[:, :, start * HOP : (start + size - 1) * HOP + FRAME]
        missing = (size - 1) * HOP + FRAME - piece.shape[-1]
        padded = np.pad(piece, ((0, 0), (0, 0), (0, missing)))
        yield np.lib.stride_tricks.sliding_window_view(padded, FRAME, axis=-1)[:, :, ::HOP]
