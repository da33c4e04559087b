"""Measures frame by frame: log-spectral distance and segmental SNR."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dpcodec.metrics.pair import as_pair
from dpcodec.transform.stft import Span, Stft

N_FFT, HOP = 2048, 512
FLOOR_DB = -80.0
FRAME_S = 0.02
LOWEST_DB, HIGHEST_DB = -10.0, 35.0
SILENCE_DB = -60.0
_FRAMES = 512
"""Frames in memory at a time."""


def log_spectral_distance(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Mean over frames and channels of the rms difference over bins of the log power spectra, in dB (Gray and
    Markel, "Distance measures for speech processing", IEEE TASSP 24(5), 1976; the L2 norm).

    Arrays of one shape, [C, N] or [N]. Hann window of 2048 samples, hop 512, samples outside the signal zero.
    Powers are floored 80 dB below the reference's strongest bin: what is weaker does not count, and a gain on
    both changes nothing. 0 for equal signals (of either polarity), inf where only the reference is silent.
    Raises `AudioError` if the shapes differ, and for no samples or ones not finite.

    >>> x = np.random.default_rng(0).standard_normal(9000)
    >>> round(log_spectral_distance(x, 10 * x), 1)
    20.0
    """
    return float(log_spectral_distances(reference, estimate).mean())


def log_spectral_distances(reference: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """What `log_spectral_distance` is the mean of: of each frame, float64 [C, L], in dB.

    Frame l has its middle at sample 512 l. Arguments and errors are those of `log_spectral_distance`.

    >>> x = np.random.default_rng(0).standard_normal(9000)
    >>> log_spectral_distances(x, x).shape
    (1, 19)
    """
    reference, estimate = as_pair(reference, estimate)
    floor = 10 ** (FLOOR_DB / 10) * max(float(power.max()) for power in _powers(reference))
    frames = Stft(N_FFT, HOP, "hann").span(reference.shape[1]).frames
    if floor == 0:
        return np.full((len(reference), frames), np.inf if estimate.any() else 0.0)
    found = []
    for r, e in zip(_powers(reference), _powers(estimate), strict=True):
        difference = 10 * np.log10(np.maximum(r, floor) / np.maximum(e, floor))
        found.append(np.sqrt(np.mean(difference**2, axis=0)))
    return np.concatenate(found).reshape(len(reference), frames)


def segmental_snr(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> float:
    """Mean SNR of frames, each limited to -10 .. 35 dB (Hansen and Pellom, "An effective quality evaluation
    protocol for speech enhancement algorithms", ICSLP 1998).

    Arrays of one shape, [C, N] or [N], at `sample_rate` Hz. Frames of 20 ms, one behind the other, of each
    channel; those whose reference is 60 dB or more below its loudest frame of any channel are left out. 35
    for equal signals, also where both are silent; -10 where only the reference is. Raises `AudioError` if the
    shapes differ, and for no samples or ones not finite.

    >>> x = np.sin(np.arange(16000.0))
    >>> round(segmental_snr(x, 0.9 * x, 16000), 6)
    20.0
    """
    reference, estimate = as_pair(reference, estimate)
    length = max(round(FRAME_S * sample_rate), 1)
    signal = _frame_energies(reference, length)
    noise = _frame_energies(reference - estimate, length)
    if not signal.any():
        return LOWEST_DB if noise.any() else HIGHEST_DB
    heard = signal > 10 ** (SILENCE_DB / 10) * signal.max()
    with np.errstate(divide="ignore"):  # no noise: inf, which the limit catches
        levels = 10 * np.log10(signal[heard] / noise[heard])
    return float(np.clip(levels, LOWEST_DB, HIGHEST_DB).mean())


def _powers(x: np.ndarray) -> Iterator[np.ndarray]:
    """The power spectrogram of float64 [C, N], in blocks [K, l] of one channel's frames."""
    transform = Stft(N_FFT, HOP, "hann")
    samples = x.shape[1]
    frames = transform.span(samples).frames
    for channel in x:
        for first in range(0, frames, _FRAMES):
            count = min(_FRAMES, frames - first)
            start = first * HOP - N_FFT // 2  # of the first frame's support
            stretch = channel[max(start, 0) : start + (count - 1) * HOP + N_FFT]
            span = Span(stretch.size, count, max(-start, 0))
            yield np.abs(transform.forward(stretch, span)) ** 2


def _frame_energies(x: np.ndarray, length: int) -> np.ndarray:
    """Energies of the frames of [C, N], the last filled with zeros: [C, ceil(N / length)]."""
    padded = np.pad(x, ((0, 0), (0, -x.shape[1] % length)))
    energies: np.ndarray = np.square(padded).reshape(x.shape[0], -1, length).sum(axis=-1)
    return energies
