"""PEMO-Q-like: how alike two sounds are once heard, and the grade that goes with it.

R. Huber and B. Kollmeier, "PEMO-Q - a new method for objective audio quality assessment using a model of
auditory perception", IEEE Trans. Audio, Speech and Language Processing 14 (2006). Rebuilt from publications;
the original program is not public, and docs/metrics.md says how close to its published grades this comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.errors import AudioError
from dpcodec.metrics.pair import as_pair, resample
from dpcodec.metrics.pemoq.adaptation import adapt, hair_cells
from dpcodec.metrics.pemoq.gammatone import band_signals
from dpcodec.metrics.pemoq.modulation import RATE_HZ, decimate, modulation_channels

WORKING_RATE_HZ = 48000
"""A multiple of 800 Hz, far enough above the highest band for the half-wave rectifier."""

FRAME_MS = 10
_FRAME = RATE_HZ * FRAME_MS // 1000
_ASSIMILATION = 0.25
"""How far what is missing in the estimate is drawn to the reference."""
_QUANTILE = 0.05
_ACTIVITY_FRAMES = 100
"""The moving average of the internal activity: 1 s."""
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
    heard, degraded = internal_representations(
        resample(pair, sample_rate, WORKING_RATE_HZ).astype(np.float64), WORKING_RATE_HZ
    )
    over_all, energies = [], []
    over_frames, frame_energies, activity = [], [], []
    for r, e in zip(modulation_channels(heard), modulation_channels(degraded), strict=True):
        e = np.where(np.abs(e) < np.abs(r), _ASSIMILATION * r + (1 - _ASSIMILATION) * e, e)
        over_all.append(_correlation(r[:, np.newaxis], e[:, np.newaxis])[0])
        energies.append(np.mean(e**2))
        r, e = _frames(r), _frames(e)
        over_frames.append(_correlation(r, e))
        frame_energies.append(np.mean(e**2, axis=(0, 2)))
        activity.append(np.mean(e, axis=(0, 2)))
    psm = _weighted_mean(np.array(over_all), np.array(energies))
    psm_over_time = _weighted_mean(np.array(over_frames), np.array(frame_energies))
    weights = np.maximum(_moving_average(np.sum(activity, axis=0), _ACTIVITY_FRAMES), 0.0)
    return float(psm), _weighted_quantile(psm_over_time, weights + _STILL, _QUANTILE)


def _frames(channel: np.ndarray) -> np.ndarray:
    """[B, T] -> [B, frames of 10 ms, samples]; what does not fill a frame is left out."""
    count = channel.shape[1] // _FRAME
    return channel[:, : count * _FRAME].reshape(channel.shape[0], count, _FRAME)


def _correlation(r: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Over bands and samples, [B, K, n] -> [K]. Where neither varies, 1; where only one does, 0."""
    r, e = (x - x.mean(axis=(0, 2), keepdims=True) for x in (r, e))
    product, r2, e2 = (np.mean(a * b, axis=(0, 2)) for a, b in ((r, e), (r, r), (e, e)))
    varies = (r2 > _STILL) & (e2 > _STILL)
    alike = np.divide(product, np.sqrt(r2 * e2), out=np.zeros_like(product), where=varies)
    return np.asarray(np.where((r2 > _STILL) | (e2 > _STILL), alike, 1.0))


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
