"""PEAQ, basic version: the whole way from two signals to one grade."""

from __future__ import annotations

import numpy as np

from dpcodec.metrics.peaq.averages import output_variables
from dpcodec.metrics.peaq.ear import hear
from dpcodec.metrics.peaq.network import BASIC
from dpcodec.metrics.peaq.patterns import Tracker
from dpcodec.metrics.peaq.precursors import frame_precursors, join
from dpcodec.metrics.peaq.result import PeaqResult, graded
from dpcodec.metrics.peaq.signals import at_48_khz, counted_frames, frame_blocks, sound


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
    signals = at_48_khz(reference, estimate, sample_rate)
    first, last = counted_frames(*sound(signals[0]))
    tracker, blocks = Tracker(), []
    for frames in frame_blocks(signals, last + 1):
        ear = hear(frames)
        blocks.append(frame_precursors(frames, ear, tracker.follow(ear.excitation)))
    return graded(output_variables(join(blocks, first), first), BASIC)
