"""Pieces as if they had been recorded: played unsteadily, in a room, with noise.

Synthesisers repeat the same wave for ever; what long windows make of that would be believed too much
elsewhere.
"""

from __future__ import annotations

import numpy as np

from dpcodec import Audio

UNSTEADY, REVERBERANT, NOISY = 0.5, 0.65, 0.5
"""Shares of the pieces."""
_DEPTH, _PACE_HZ = (3e-5, 4e-3), (0.3, 7.0)
_DECAY_S, _WET = (0.03, 0.5), (0.02, 0.8)
_NOISE_DB, _SLOPE = (-65.0, -20.0), (0.0, 1.0)


def recorded(rng: np.random.Generator, audio: Audio) -> Audio:
    """The piece after what chance has chosen, its peak as it was."""
    x, rate = audio.samples.astype(np.float64), audio.sample_rate
    peak = float(np.abs(x).max(initial=0.0))
    if rng.random() < UNSTEADY:
        x = unsteady(rng, x, rate)
    if rng.random() < REVERBERANT:
        x = in_a_room(rng, x, rate)
    if rng.random() < NOISY:
        x = x + noise(rng, x)
    scaled = x * (peak / max(float(np.abs(x).max(initial=0.0)), 1e-9))
    return Audio(scaled.astype(np.float32), rate)


def unsteady(rng: np.random.Generator, x: np.ndarray, rate: int) -> np.ndarray:
    """Pitch that wavers, by up to half a percent: [C, N]."""
    t = np.arange(x.shape[1])
    depth, pace = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in (_DEPTH, _PACE_HZ))
    turn = 2 * np.pi * pace / rate
    at = t + depth / turn * np.sin(turn * t + rng.uniform(0, 2 * np.pi))
    return np.stack([np.interp(at, t, channel) for channel in x])


def in_a_room(rng: np.random.Generator, x: np.ndarray, rate: int) -> np.ndarray:
    """With an echo of decaying noise, another one for each channel: [C, N]."""
    decay, wet = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in (_DECAY_S, _WET))
    t = np.arange(round(6 * decay * rate)) / rate
    size = x.shape[1] + len(t)
    out = []
    for channel in x:
        echo = rng.standard_normal(len(t)) * np.exp(-t / decay)
        echo *= wet / np.sqrt(np.sum(echo**2))
        late = np.fft.irfft(np.fft.rfft(channel, size) * np.fft.rfft(echo, size), size)
        out.append(channel + late[: x.shape[1]])
    return np.stack(out)


def noise(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Noise that falls towards the treble, so far below the mean power: [C, N]."""
    spectrum = np.fft.rfft(rng.standard_normal(x.shape))
    spectrum[:, 1:] *= np.arange(1, spectrum.shape[1]) ** (-rng.uniform(*_SLOPE))
    made = np.fft.irfft(spectrum, x.shape[1])
    wanted = np.sqrt(np.mean(x**2)) * 10 ** (rng.uniform(*_NOISE_DB) / 20)
    found: np.ndarray = made * (wanted / max(float(np.sqrt(np.mean(made**2))), 1e-12))
    return found
