"""PEMO-Q-like: how alike two sounds are once heard, and the grade that goes with it.

R. Huber and B. Kollmeier, "PEMO-Q - a new method for objective audio quality assessment using a model of
auditory perception", IEEE Trans. Audio, Speech and Language Processing 14 (2006). Rebuilt from publications;
the original program is not public, and docs/metrics.md says how close to its published grades this comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.errors import AudioError
from dpcodec.metrics.pair import as_pair, resample
from dpcodec.metrics.pemoq.adaptation import adapt, hair_cells
from dpcodec.metrics.pemoq.gammatone import band_signals
from dpcodec.metrics.pemoq.modulation import CENTRES_HZ, RATE_HZ, decimate, modulation_channels

WORKING_RATE_HZ = 48000
"""A multiple of 800 Hz, far enough above the highest band for the half-wave rectifier."""

FRAME_MS = 10
_FRAME = RATE_HZ * FRAME_MS // 1000
_ASSIMILATION = 0.25
"""How far what is missing in the estimate is drawn to the reference."""
_QUANTILE = 0.05
_ACTIVITY_FRAMES = 100
"""The moving average of the internal activity: 1 s."""
_SEGMENT = 20 * RATE_HZ
"""Longer signals are heard in segments, so that memory is bounded."""
_WARM_UP = 5 * RATE_HZ
"""What is heard before each: ten time constants of the slowest loop, twenty of its divisor's square."""
_AHEAD = 16
"""What is heard after each: decimation looks ten samples ahead."""
_STILL = 1e-9
"""A mean square in squared model units that no sound above the threshold of hearing stays under."""


@dataclass(frozen=True)
class PemoqResult:
    """odg: objective difference grade, 0 (imperceptible) to -4 (very annoying), from psmt;
    psm: perceptual similarity of the whole, at most 1; psmt: of the worst moments, at most 1."""

    odg: float
    psm: float
    psmt: float


def pemoq(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> PemoqResult:
    """PEMO-Q-like grade and similarities of an estimate, in step with its reference.

    reference, estimate  one shape, [C, N] or [N], full scale 1.0 (an amplitude of 1 is heard at 100 dB SPL)
    sample_rate          of both, Hz

    The estimate's level is brought to the reference's. Each channel is measured by itself; the result is the
    mean over channels. Two silent signals are alike (grade 0); if only one is silent, psm and psmt are 0.

    Raises `AudioError` for shapes that differ, samples that are not finite, and less than 10 ms.

    >>> t = np.arange(8000) / 16000
    >>> pemoq(np.sin(2000 * t), np.sin(2000 * t), 16000)
    PemoqResult(odg=0.0, psm=1.0, psmt=1.0)
    """
    reference, estimate = as_pair(reference, estimate)
    if 1000 * reference.shape[1] < FRAME_MS * sample_rate:
        raise AudioError(
            f"{reference.shape[1]} samples at {sample_rate} Hz are too few for PEMO-Q-like: give 10 ms"
        )
    channels = [_similarities(r, e, sample_rate) for r, e in zip(reference, estimate, strict=True)]
    psm, psmt = np.mean(channels, axis=0)
    odg = np.mean([odg_of(t) for _, t in channels])
    return PemoqResult(float(odg), float(psm), float(psmt))


def odg_of(psmt: float) -> float:
    """The objective difference grade for a similarity PSMt (Huber and Kollmeier, 2006): a hyperbola that ends
    at -4, and from 0.864 on a line that ends at 0.

    >>> odg_of(1.0), round(odg_of(0.5), 4), odg_of(-1.0)
    (0.0, -3.6717, -4.0)
    """
    return 16.4 * psmt - 16.4 if psmt >= 0.864 else max(-4.0, -0.22 / (psmt - 0.98) - 4.13)


def internal_representations(signals: np.ndarray, sample_rate: int) -> np.ndarray:
    """[S, N] at a multiple of 800 Hz -> what the nerve carries, model units, float64 [S, 33, T] at 800 Hz."""
    bands = [
        decimate(adapt(hair_cells(band, sample_rate), sample_rate), sample_rate)
        for band in band_signals(signals, sample_rate)
    ]
    return np.stack(bands, axis=1)


def _similarities(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """PSM and PSMt of one channel, [N]."""
    powers = np.sum(reference**2), np.sum(estimate**2)
    if not all(powers):
        alike = float(not any(powers))
        return alike, alike
    pair = np.stack([reference, estimate * np.sqrt(powers[0] / powers[1])])
    pair = resample(pair, sample_rate, WORKING_RATE_HZ)
    moments = np.zeros((len(CENTRES_HZ), 6))
    over_time, activity = [], []
    for channels in _segments(pair):
        frames, energies, means = [], [], []
        for k, (r, e) in enumerate(channels):
            e = np.where(np.abs(e) < np.abs(r), _ASSIMILATION * r + (1 - _ASSIMILATION) * e, e)
            moments[k] += [np.sum(x) for x in (np.ones_like(r), r, e, r * e, r**2, e**2)]
            r, e = _frames(r), _frames(e)
            frames.append(_correlation(*(np.mean(x, axis=(0, 2)) for x in (r, e, r * e, r**2, e**2))))
            energies.append(np.mean(e**2, axis=(0, 2)))
            means.append(np.mean(e, axis=(0, 2)))
        over_time.append(_weighted_mean(np.array(frames), np.array(energies)))
        activity.append(np.sum(means, axis=0))
    overall = moments[:, 1:].T / moments[:, 0]
    psm = _weighted_mean(_correlation(*overall), overall[-1])
    weights = np.maximum(_moving_average(np.concatenate(activity), _ACTIVITY_FRAMES), 0.0) + _STILL
    return float(psm), _weighted_quantile(np.concatenate(over_time), weights, _QUANTILE)


def _segments(pair: np.ndarray) -> Iterator[Iterator[tuple[np.ndarray, np.ndarray]]]:
    """[2, N] at the working rate -> for each segment, its modulation channels of both, [33, t] at 800 Hz."""
    step = WORKING_RATE_HZ // RATE_HZ
    length = -(-pair.shape[1] // step)
    for start in range(0, length, _SEGMENT):
        first, stop = max(start - _WARM_UP, 0), min(start + _SEGMENT, length)
        heard = internal_representations(pair[:, first * step : (stop + _AHEAD) * step], WORKING_RATE_HZ)
        channels = modulation_channels(heard)
        yield (
            (c[0, :, start - first : stop - first], c[1, :, start - first : stop - first]) for c in channels
        )


def _frames(channel: np.ndarray) -> np.ndarray:
    """[B, T] -> [B, frames of 10 ms, samples]; what does not fill a frame is left out."""
    count = channel.shape[1] // _FRAME
    return channel[:, : count * _FRAME].reshape(channel.shape[0], count, _FRAME)


def _correlation(r: np.ndarray, e: np.ndarray, re: np.ndarray, r2: np.ndarray, e2: np.ndarray) -> np.ndarray:
    """From the means of r, e, r e, r² and e². Where neither varies, 1; where only one does, 0."""
    varying_r, varying_e = np.maximum(r2 - r**2, 0.0), np.maximum(e2 - e**2, 0.0)
    vary = (varying_r > _STILL) & (varying_e > _STILL)
    alike = np.divide(re - r * e, np.sqrt(varying_r * varying_e), out=np.zeros_like(re), where=vary)
    return np.asarray(np.where((varying_r > _STILL) | (varying_e > _STILL), np.clip(alike, -1, 1), 1.0))


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Over the first axis; where nothing has weight all have the same."""
    weights = weights + _STILL
    return np.asarray(np.sum(values * weights, axis=0) / np.sum(weights, axis=0))


def _moving_average(x: np.ndarray, width: int) -> np.ndarray:
    """The mean of the values at most width / 2 away, fewer at the ends; [K] -> [K]."""
    sums = np.concatenate([[0.0], np.cumsum(x)])
    place = np.arange(x.size)
    first, after = np.maximum(place - width // 2, 0), np.minimum(place + width // 2 + 1, x.size)
    return np.asarray((sums[after] - sums[first]) / (after - first))


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value that, with those below it, holds this share of all weight."""
    order = np.argsort(values)
    held = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(held, share * held[-1])])
