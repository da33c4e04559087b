"""What changes with time: excitation patterns, adaptation of level and pattern, modulation and loudness.

ITU-R BS.1387-1, annex 2, sections 2.1.8 and 3. All filters start from zero before the first frame, as Kabal
reads it; section 2.1.8 can also mean zero after the first frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.signal

from dpcodec.metrics.peaq import bands

_LOUDNESS_SCALE = 1.07664
_LOUDNESS_POWER = 0.23
_COMPRESSION = 0.3
"""Energy to a rough loudness, in the modulation patterns (section 3.2)."""
_NEIGHBOURS = (3, 4)
"""Bands below and above over which the pattern correction is averaged (equation 51)."""


class Smoother:
    """y[n] = pole y[n-1] + gain x[n] for each band, from block to block."""

    def __init__(self, pole: np.ndarray, gain: np.ndarray) -> None:
        self._coefficients = list(zip(pole.tolist(), gain.tolist(), strict=True))
        self._state: list[np.ndarray] = []

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """[..., B, BANDS] -> the same shape."""
        if not self._state:
            self._state = [np.zeros((*x.shape[:-2], 1)) for _ in self._coefficients]
        y = np.empty_like(x)
        for band, (pole, gain) in enumerate(self._coefficients):
            y[..., band], self._state[band] = scipy.signal.lfilter(
                [gain], [1, -pole], x[..., band], zi=self._state[band]
            )
        return y


def _average(at_100_hz: float) -> Smoother:
    pole = bands.decay(at_100_hz)
    return Smoother(pole, 1 - pole)


@dataclass(frozen=True)
class Patterns:
    """B frames of C channels; a first axis of 2 is reference and estimate.

    excitation  [2, C, B, BANDS], spread over time as well
    adapted     [2, C, B, BANDS], with differences of level and of slow spectral change evened out
    modulation  [2, C, B, BANDS]
    envelope    [C, B, BANDS], mean compressed energy of the reference
    loudness    [2, C, B], in sone
    """

    excitation: np.ndarray
    adapted: np.ndarray
    modulation: np.ndarray
    envelope: np.ndarray
    loudness: np.ndarray


class Tracker:
    """Follows the patterns of one recording, block by block."""

    def __init__(self) -> None:
        self._spread = _average(0.030)
        self._level = _average(0.050)
        pole = bands.decay(0.050)
        self._correlation = Smoother(pole, np.ones(bands.BANDS))
        self._correction = _average(0.050)
        self._change, self._mean = _average(0.050), _average(0.050)
        self._before: np.ndarray | None = None

    def follow(self, spread: np.ndarray) -> Patterns:
        """`spread` [2, C, B, BANDS]: energies spread over frequency, the frames that come next."""
        excitation = np.maximum(self._spread(spread), spread)
        modulation, envelope = self._modulation(spread)
        return Patterns(excitation, self._adapt(excitation), modulation, envelope, loudness(excitation))

    def _adapt(self, excitation: np.ndarray) -> np.ndarray:
        """Section 3.1, equations 42 to 53: both at the lesser level, then both at the lesser of each band."""
        reference, estimate = self._level(excitation)
        match = (np.sqrt(reference * estimate).sum(-1) / estimate.sum(-1)) ** 2
        match = match[..., np.newaxis]
        levelled = np.stack([excitation[0] / np.maximum(match, 1), excitation[1] * np.minimum(match, 1)])
        cross, own = self._correlation(levelled * levelled[0])[::-1]
        ratio = np.stack([np.minimum(cross / own, 1), np.minimum(own / cross, 1)])
        adapted: np.ndarray = levelled * self._correction(ratio @ _MEAN_OF_NEIGHBOURS)
        return adapted

    def _modulation(self, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Section 3.2, equations 54 to 57: rate of change of the compressed energy over its mean."""
        envelope = spread**_COMPRESSION
        if self._before is None:
            self._before = np.zeros_like(envelope[..., :1, :])
        change = np.abs(np.diff(envelope, axis=-2, prepend=self._before)) * bands.FRAMES_PER_SECOND
        self._before = envelope[..., -1:, :]
        mean = self._mean(envelope)
        return self._change(change) / (1 + mean / 0.3), mean[0]


def _neighbours() -> np.ndarray:
    """Mean over `_NEIGHBOURS`, over fewer bands at the ends: [BANDS, BANDS], from rows to columns."""
    source, target = np.indices((bands.BANDS, bands.BANDS))
    near = (source >= target - _NEIGHBOURS[0]) & (source <= target + _NEIGHBOURS[1])
    weights: np.ndarray = near / near.sum(axis=0)
    return weights


_MEAN_OF_NEIGHBOURS = _neighbours()


def loudness(excitation: np.ndarray) -> np.ndarray:
    """Total loudness in sone, section 3.3, equation 58: [..., BANDS] -> [...]."""
    index = bands.THRESHOLD_INDEX
    scale = _LOUDNESS_SCALE * (bands.THRESHOLD / (index * 1e4)) ** _LOUDNESS_POWER
    above = (1 - index + index * excitation / bands.THRESHOLD) ** _LOUDNESS_POWER - 1
    total: np.ndarray = 24 / bands.BANDS * np.maximum(scale * above, 0).sum(-1)
    return total
