"""PEAQ, advanced version: the whole way from two signals to one grade."""

from __future__ import annotations

import numpy as np

from dpcodec.metrics.peaq.averages import mean, over_channels
from dpcodec.metrics.peaq.bands import HALF_BARK
from dpcodec.metrics.peaq.ear import hear
from dpcodec.metrics.peaq.filterbank import FRAME, FilterBank
from dpcodec.metrics.peaq.harmonic import harmonic_structure
from dpcodec.metrics.peaq.network import ADVANCED
from dpcodec.metrics.peaq.patterns import average
from dpcodec.metrics.peaq.result import PeaqResult, graded
from dpcodec.metrics.peaq.signals import at_48_khz, counted_frames, frame_blocks, sound
from dpcodec.metrics.peaq.variables import FilterTracker, filter_variables, join, noise_to_mask

_BLOCK = 128 * FRAME
"""Samples at once in the filter bank: bounds the memory, changes no result."""


def peaq_advanced(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> PeaqResult:
    """PEAQ, advanced version, of `estimate` against `reference`.

    Takes and refuses what `peaq` does. The grade rests on a bank of 40 filters for modulation, noise and
    linear distortion, and on spectra for noise beside the mask and harmonic errors.

    >>> tone = 0.5 * np.sin(np.arange(48000) * 0.3)
    >>> round(peaq_advanced(tone, tone, 48000).odg, 2)
    0.21
    """
    signals = at_48_khz(reference, estimate, sample_rate)
    start, end = sound(signals[0])
    movs = {**_of_filters(signals, start, end), **_of_spectra(signals, start, end)}
    return graded({name: movs[name] for name in ADVANCED.names}, ADVANCED)


def _of_filters(signals: np.ndarray, start: int, end: int) -> dict[str, float]:
    """The variables of the filter bank; all frames that hold a part of the sound count."""
    first, last = start // FRAME, (end - 1) // FRAME
    missing = max(0, (last + 1) * FRAME - signals.shape[-1])
    padded = np.pad(signals, ((0, 0), (0, 0), (0, missing)))[..., : (last + 1) * FRAME]
    bank, tracker = FilterBank(), FilterTracker()
    blocks = [
        tracker.follow(bank.hear(padded[..., begin : begin + _BLOCK]))
        for begin in range(0, padded.shape[-1], _BLOCK)
    ]
    return filter_variables(join(blocks, first, last), first)


def _of_spectra(signals: np.ndarray, start: int, end: int) -> dict[str, float]:
    """The variables of the FFT-based ear model; frames count as in the basic version."""
    first, last = counted_frames(start, end)
    smear = average(HALF_BARK.decay(0.030))
    ratios, harmonic = [], []
    for frames in frame_blocks(signals, last + 1):
        ear = hear(frames, HALF_BARK)
        spread = ear.excitation[0]
        ratios.append(noise_to_mask(ear, np.maximum(smear(spread), spread)))
        harmonic.append(harmonic_structure(frames, ear.power))
    return {
        "SegmentalNMRB": over_channels(mean, np.concatenate(ratios, -1)[:, first:]),
        "EHSB": 1000 * over_channels(mean, np.concatenate(harmonic, -1)[:, first:]),
    }
