"""From the basilar membrane to the nerve: hair cells and adaptation loops.

T. Dau, D. Püschel and A. Kohlrausch, "A quantitative model of the effective signal processing in the auditory
system", J. Acoust. Soc. Am. 99 (1996), section I; the loops are D. Püschel's (thesis, Göttingen, 1988).

A loop divides its input x by its own output through a lowpass of time constant tau:

    v = x / s,    tau ds/dt = v - s.

Multiplied by 2 s this is tau d(s²)/dt = 2 x - 2 s²: **the square of the divisor is the input through a
lowpass of half the time constant**. So a loop costs a linear filter, a square root and a division of whole
signals, exact for an input held between its samples. The usual recursion with a = exp(-1 / (tau rate)),

    s[n+1] = a s[n] + (1 - a) x[n] / s[n],

goes sample by sample, and tends to the same as the rate grows.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import signal

HAIR_CELL_HZ = 1000.0
LOOP_TIMES_S = (0.005, 0.050, 0.129, 0.253, 0.500)
FLOOR = 1e-5
"""The threshold of hearing: 0 dB SPL where an amplitude of 1 is 100 dB SPL."""
MODEL_UNITS = 100.0
"""What a steady input of 1 tends to; the threshold is at 0."""


def hair_cells(bands: np.ndarray, sample_rate: int) -> np.ndarray:
    """Half-wave rectification, then a lowpass of first order at 1 kHz; [..., N] -> float64 [..., N]."""
    keep = math.exp(-2 * math.pi * HAIR_CELL_HZ / sample_rate)
    return np.asarray(signal.lfilter([1 - keep], [1, -keep], np.maximum(bands, 0.0)))


def adapt(envelopes: np.ndarray, sample_rate: int) -> np.ndarray:
    """Five adaptation loops in a row, at rest before the first sample; [..., N] -> model units, float64
    [..., N].

    What is below the floor is raised to it. A steady x tends to x^(1/32), nearly a logarithm, scaled so that
    the floor is 0 and 1 is 100. An onset overshoots, an offset undershoots.
    """
    rest = FLOOR
    v = np.maximum(envelopes, FLOOR)
    for tau in LOOP_TIMES_S:
        keep = math.exp(-2 / (tau * sample_rate))
        # The divisor for a sample is made of those before it. At rest its square is what a loop is given.
        square = signal.lfilter([0, 1 - keep], [1, -keep], v - rest) + rest
        v /= np.sqrt(square)
        rest /= math.sqrt(rest)
    v -= rest
    v *= MODEL_UNITS / (1 - rest)
    return np.asarray(v)
