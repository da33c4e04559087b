"""The masking threshold: what noise the ear lets pass, by band and frame, and the steps that follow it.

Energy of half critical bands (`transform/bands.py`) spreads to the bands around it, falling SLOPE_DB a Bark
either way; contributions add as their POWER-th powers do (spreading: M. R. Schroeder, B. S. Atal and J. L.
Hall, J. Acoust. Soc. Am. 66 (1979), p. 1647). It is no quieter than the threshold in quiet (E. Terhardt,
Hearing Research 1 (1979), p. 155). The decoder never repeats this: scale factors are in the file, so floats
may take part.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.transform.bands import band_edges

SLOPE_DB = 15.0
POWER = 0.6
FOLLOW, FOLLOW_TIME = (0.75, 0.85), 0.65
"""The noise follows its threshold to these powers: the mean over a segment of a band's threshold in dB, with
coarse and with fine steps, and what a frame's differs from it. At 1 every band is as bad as every other, at 0
the noise is white."""
TILT_DB, TILT_HZ = (10.5, 12.0), (1500, 14000)
"""So much more noise is allowed at and above the second frequency than up to the first, with coarse and with
fine steps; between them it rises with the logarithm of frequency. High bands are wide and many, and their
fine structure is heard least."""
NOISE_MASKS_DB = 6.0
"""Noise masks better than a tone does, by so much (R. P. Hellman, Perception & Psychophysics 11 (1972), p.
241, and others say up to 15)."""
NOISE_FLATNESS_DB, TONE_FLATNESS_DB = -4.0, -10.0
"""Geometric over arithmetic mean of the power of a band's bins from which on it counts as noise (whose own is
-2.5), and up to which as tones."""
FRAMES_AROUND = 9
"""That ratio is averaged over so many frames."""
LOUDEST_QUIET_DB = 20.0
"""The threshold in quiet is taken to rise no higher, as beyond 13 kHz it would: ears and players differ."""
FULL_SCALE_DB = 96.0
"""Sound pressure level that a full-scale sine is taken to be heard at."""
LARGEST_SCALE_FACTOR = 63
HOLD = 1.0
"""Scale factors, of 3 dB each, that a band's threshold may move by before its scale factor follows."""


class MaskingThreshold(NamedTuple):
    """What the ear lets pass in a segment.

    log2_squares  float64 [C, B, L], log2 of the square of the step that it allows, 0 where the segment's mean
                  threshold is
    level         root of that mean, which a coefficient's noise may have
    """

    log2_squares: np.ndarray
    level: float


def masking_threshold(power: np.ndarray, sample_rate: int, fine: float) -> MaskingThreshold:
    """From the energy of coefficients of an orthonormal transform, from 0 Hz to half the rate: float64
    [C, K, L]; for steps that are coarse, 0, to fine, 1."""
    rows = power.shape[1]
    edges = band_edges(rows, sample_rate)
    energy = np.add.reduceat(power, edges[:-1], axis=1)
    energy *= 10 ** (NOISE_MASKS_DB / 10 * _noisiness(power, energy, edges))
    matrix, quiet = _spreading(rows, sample_rate)
    spread = np.einsum("ab,cbl->cal", matrix, energy**POWER) ** (1 / POWER)
    width = np.diff(edges)[:, None]
    threshold = np.maximum(spread, quiet[:, None]) / width
    mean = max(float((spread / width).mean()), float(threshold.min()))
    log2_squares = np.log2(threshold / mean)
    steady = log2_squares.mean(axis=2, keepdims=True)
    log2_squares = between(FOLLOW, fine) * steady + FOLLOW_TIME * (log2_squares - steady)
    return MaskingThreshold(log2_squares + _tilt(edges, rows, sample_rate, fine)[:, None], mean**0.5)


def between(coarse_and_fine: tuple[float, float], fine: float) -> float:
    """What lies so far, 0 to 1, from the first to the second."""
    coarse, finest = coarse_and_fine
    return coarse + (finest - coarse) * fine


def _noisiness(power: np.ndarray, energy: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """1 where the bins of a band are as even as noise's, 0 where few hold all: [C, B, L], of bins [C, K, L]
    and bands' energy [C, B, L]."""
    width, silent = np.diff(edges)[:, None], np.finfo(np.float64).tiny
    logs = np.add.reduceat(np.log(power + silent), edges[:-1], axis=1) / width
    flatness = 10 / np.log(10) * (logs - np.log(energy / width + silent))
    around = FRAMES_AROUND // 2
    padded = np.pad(flatness, ((0, 0), (0, 0), (around, around)), mode="edge")
    even = np.lib.stride_tricks.sliding_window_view(padded, FRAMES_AROUND, axis=2).mean(axis=-1)
    share = (even - TONE_FLATNESS_DB) / (NOISE_FLATNESS_DB - TONE_FLATNESS_DB)
    within: np.ndarray = np.clip(share, 0.0, 1.0)
    return within


def _tilt(edges: np.ndarray, rows: int, sample_rate: int, fine: float) -> np.ndarray:
    """What is added to log2 of the square of each band's step, [B]."""
    centre_hz = np.maximum((edges[:-1] + edges[1:]) * sample_rate / (4 * rows), 1.0)
    low, high = np.log(TILT_HZ)
    share = np.clip((np.log(centre_hz) - low) / (high - low), 0.0, 1.0)
    more: np.ndarray = between(TILT_DB, fine) / 10 * np.log2(10) * share
    return more


def hold_scale_factors(log2_squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale factors 0 .. LARGEST_SCALE_FACTOR that stay until their band's threshold [C, B, L] has moved by
    more than HOLD: int64 [C, B, L], and what to add to each channel's to have thresholds again, int64 [C]."""
    held = np.empty(log2_squares.shape, np.int64)
    if compiled := library():
        squares, frames = np.ascontiguousarray(log2_squares), log2_squares.shape[2]
        compiled.dpc_hold(address(squares), held.size // max(frames, 1), frames, HOLD, address(held))
    else:
        here = np.rint(log2_squares[..., 0])
        for frame in range(log2_squares.shape[2]):
            now = log2_squares[..., frame]
            here = np.where(np.abs(now - here) > HOLD, np.rint(now), here)
            held[..., frame] = here
    lowest = held.min(axis=(1, 2))
    return np.minimum(held - lowest[:, None, None], LARGEST_SCALE_FACTOR), lowest


@lru_cache(maxsize=16)
def _spreading(rows: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """What the POWER-th power of each band's energy adds to every other's, [B, B], and the energy of bands at
    the threshold in quiet, [B]."""
    edges = band_edges(rows, sample_rate)
    centre_hz = (edges[:-1] + edges[1:]) * sample_rate / (4 * rows)
    bark = 13 * np.arctan(0.00076 * centre_hz) + 3.5 * np.arctan((centre_hz / 7500) ** 2)
    apart = np.abs(bark[:, None] - bark)
    khz = np.maximum(centre_hz, 20.0) / 1000
    quiet_db = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    quiet_db = np.minimum(quiet_db, LOUDEST_QUIET_DB)
    sine = 0.5 * rows  # energy a frame of a full-scale one
    return 10 ** (-SLOPE_DB / 10 * POWER * apart), sine * 10 ** ((quiet_db - FULL_SCALE_DB) / 10)
