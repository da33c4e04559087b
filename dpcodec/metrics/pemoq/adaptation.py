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

_REACH = 200.0
"""Time constants in a block: exp(200) is far from the largest float64."""


def hair_cells(bands: np.ndarray, sample_rate: int) -> np.ndarray:
    """Half-wave rectification, then a lowpass of first order at 1 kHz; [..., N] -> float64 [..., N]."""
    keep = math.exp(-2 * math.pi * HAIR_CELL_HZ / sample_rate)
    return np.asarray(signal.lfilter([1 - keep], [1, -keep], np.maximum(bands, 0.0)))


def adapt(envelopes: np.ndarray, sample_rate: int) -> np.ndarray:
    """Five adaptation loops in a row, at rest before the first sample; [..., N] -> model units, float64
    [..., N].

    What is below the floor is raised to it. A steady x tends to x^(1/32), nearly a logarithm, scaled so
    that the floor is 0 and 1 is 100; an onset overshoots, an offset undershoots. No divisor falls below
    the one that a steady floor has.
    """
    rest = FLOOR
    v = np.maximum(envelopes, FLOOR)
    for tau in LOOP_TIMES_S:
        v /= np.sqrt(_held_lowpass(v, math.exp(-2 / (tau * sample_rate)), rest))
        rest /= math.sqrt(rest)
    v -= rest
    v *= MODEL_UNITS / (1 - rest)
    return np.asarray(v)


def _held_lowpass(x: np.ndarray, keep: float, floor: float) -> np.ndarray:
    """u[0] = floor, u[n+1] = max(keep u[n] + (1 - keep) x[n], floor) along the last axis."""
    # With d = u - floor and e = x - floor this is d[n+1] = max(keep d[n] + (1 - keep) e[n], 0). Let f be that
    # without the maximum. Then d[n] = f[n] + keep^n max(0, max over m <= n of -f[m] / keep^m): where the
    # state is held at 0 it is given what it lacked, and that decays. keep^-m would overflow: go by blocks.
    above = x - floor
    result = np.full_like(above, floor)
    state = np.zeros((*x.shape[:-1], 1))
    size = math.ceil(-_REACH / math.log(keep))
    for start in range(0, x.shape[-1], size):
        block = above[..., start : start + size]
        held, _ = signal.lfilter([1 - keep], [1, -keep], block, zi=keep * state)
        if held.min() < 0:
            fall = keep ** np.arange(held.shape[-1])
            held += fall * np.maximum.accumulate(np.maximum(-held / fall, 0.0), axis=-1)
            np.maximum(held, 0.0, out=held)
        state = held[..., -1:]
        result[..., start + 1 : start + 1 + size] += held[..., : x.shape[-1] - start - 1]
    return result
