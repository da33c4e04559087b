"""What becomes of the adapted signal in the brain: the modulation filterbank.

T. Dau, B. Kollmeier and A. Kohlrausch, "Modeling auditory processing of amplitude modulation", J. Acoust.
Soc. Am. 102 (1997), section I; eight filters, as in Huber and Kollmeier (2006).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import signal

RATE_HZ = 800
CENTRES_HZ = (0.0, 5.0, *(10 * (5 / 3) ** n for n in range(6)))
"""0, 5, 10, 16.7, 27.8, 46.3, 77.2 and 128.6 Hz."""


def bandwidth(centre: float) -> float:
    """5 Hz up to 10 Hz, half the centre above: a quality factor of 2."""
    return max(5.0, centre / 2)


def decimate(adapted: np.ndarray, sample_rate: int) -> np.ndarray:
    """[..., N] at a multiple of 800 Hz -> float64 [..., ceil(N 800 / sample_rate)] at 800 Hz, lowpassed."""
    return np.asarray(signal.resample_poly(adapted, 1, sample_rate // RATE_HZ, axis=-1))


def modulation_channels(internal: np.ndarray) -> Iterator[np.ndarray]:
    """Each modulation channel of a signal at 800 Hz, [..., T] -> float64 [..., T], lowest first.

    A filter is one complex pole. Up to 10 Hz the real part passes on, with the modulation's phase; above, the
    magnitude.
    """
    for centre in CENTRES_HZ:
        keep = math.exp(-math.pi * bandwidth(centre) / RATE_HZ)
        turn = complex(np.exp(2j * math.pi * centre / RATE_HZ))
        channel = signal.lfilter([1 - keep], [1, -keep * turn], internal, axis=-1)
        yield np.asarray(channel.real if centre <= 10 else np.abs(channel))
