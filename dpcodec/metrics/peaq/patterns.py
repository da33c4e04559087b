"""What changes with time: excitation patterns, adaptation of level and pattern, modulation and loudness.

ITU-R BS.1387-1, annex 2, sections 2.1.8 and 3. All filters start from zero before the first frame, as Kabal
reads it; section 2.1.8 can also mean zero after the first frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.signal

from dpcodec.metrics.peaq.bands import QUARTER_BARK, Bands

_LOUDNESS_SCALE = 1.07664
_LOUDNESS_POWER = 0.23
_COMPRESSION = 0.3
"""Energy to a rough loudness, in the modulation patterns (section 3.2)."""
_NEIGHBOURS = (3, 4)
"""Bands below and above over which the pattern correction is averaged (equation 51), of 109 bands."""


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


def average(pole: np.ndarray) -> Smoother:
    """A smoother that a constant passes unchanged."""
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
    """Follows the patterns of one recording in the basic version, block by block."""

    def __init__(self) -> None:
        self._spread = average(QUARTER_BARK.decay(0.030))
        self._adaptation = Adaptation(QUARTER_BARK, _NEIGHBOURS)
        self._modulation = Modulation(QUARTER_BARK)

    def follow(self, spread: np.ndarray) -> Patterns:
        """`spread` [2, C, B, BANDS]: energies spread over frequency, the frames that come next."""
        excitation = np.maximum(self._spread(spread), spread)
        modulation, envelope = self._modulation(spread)
        return Patterns(excitation, self._adaptation(excitation), modulation, envelope, loudness(excitation))


class Adaptation:
    """Evens out differences of level and of slow spectral change, section 3.1, equations 42 to 53: both
    signals at the lesser level, then both at the lesser of each band.

    neighbours  bands below and above over which the pattern correction is averaged
    """

    def __init__(self, scale: Bands, neighbours: tuple[int, int]) -> None:
        pole = scale.decay(0.050)
        self._level = average(pole)
        self._correlation = Smoother(pole, np.ones(scale.count))
        self._correction = average(pole)
        self._mean_of_neighbours = _neighbours(scale.count, *neighbours)

    def __call__(self, excitation: np.ndarray) -> np.ndarray:
        """[2, C, B, BANDS] -> the same shape."""
        reference, estimate = self._level(excitation)
        match = (np.sqrt(reference * estimate).sum(-1) / estimate.sum(-1)) ** 2
        match = match[..., np.newaxis]
        levelled = np.stack([excitation[0] / np.maximum(match, 1), excitation[1] * np.minimum(match, 1)])
        cross, own = self._correlation(levelled * levelled[0])[::-1]
        ratio = np.stack([np.minimum(cross / own, 1), np.minimum(own / cross, 1)])
        adapted: np.ndarray = levelled * self._correction(ratio @ self._mean_of_neighbours)
        return adapted


class Modulation:
    """Rate of change of the compressed energy over its mean, section 3.2, equations 54 to 57."""

    def __init__(self, scale: Bands) -> None:
        pole = scale.decay(0.050)
        self._change, self._mean = average(pole), average(pole)
        self._frames_per_second = scale.frames_per_second
        self._before: np.ndarray | None = None

    def __call__(self, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Energies [2, C, B, BANDS] -> modulation of both, and the mean of the reference [C, B, BANDS]."""
        envelope = spread**_COMPRESSION
        if self._before is None:
            self._before = np.zeros_like(envelope[..., :1, :])
        change = np.abs(np.diff(envelope, axis=-2, prepend=self._before)) * self._frames_per_second
        self._before = envelope[..., -1:, :]
        mean = self._mean(envelope)
        return self._change(change) / (1 + mean / 0.3), mean[0]


def _neighbours(count: int, below: int, above: int) -> np.ndarray:
    """Mean over bands nearby, over fewer of them at the ends: [BANDS, BANDS], from rows to columns."""
    source, target = np.indices((count, count))
    near = (source >= target - below) & (source <= target + above)
    weights: np.ndarray = near / near.sum(axis=0)
    return weights


def loudness(
    excitation: np.ndarray, bands: Bands = QUARTER_BARK, factor: float = _LOUDNESS_SCALE
) -> np.ndarray:
    """Total loudness in sone, section 3.3, equation 58: [..., BANDS] -> [...].

    factor  1.07664 for the FFT-based ear model, 1.26539 for the filter bank
    """
    index = bands.threshold_index
    scale = factor * (bands.threshold / (index * 1e4)) ** _LOUDNESS_POWER
    above = (1 - index + index * excitation / bands.threshold) ** _LOUDNESS_POWER - 1
    total: np.ndarray = 24 / bands.count * np.maximum(scale * above, 0).sum(-1)
    return total
