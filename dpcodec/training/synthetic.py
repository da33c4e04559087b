"""Sounds by formula (noise, bursts, gliding tones) and by sox (plucked strings, sweeps)."""

from __future__ import annotations

import numpy as np

from dpcodec.training.programs import made_by

RATE = 44100


def noise(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Noise whose power falls by 0 to 9 dB an octave, slowly growing and fading: float64 [samples]."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-rng.uniform(0, 1.5))
    t = np.arange(samples) / RATE
    swell = 1.2 + np.sin(2 * np.pi * (rng.uniform(0.1, 2) * t + rng.random()))
    made: np.ndarray = np.fft.irfft(spectrum, samples) * swell
    return made


def bursts(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Struck things: noise that dies within 2 to 60 ms over a few decaying partials, at uneven intervals."""
    t = np.arange(samples) / RATE
    x = np.zeros(samples)
    now = float(rng.uniform(0.02, 0.3))
    while now < samples / RATE:
        since = t[round(now * RATE) :] - now
        hit = rng.standard_normal(len(since)) * np.exp(-since / rng.uniform(0.002, 0.06))
        for frequency in rng.uniform(300, 6000, 3):
            hit += (
                rng.random() * np.sin(2 * np.pi * frequency * since) * np.exp(-since / rng.uniform(0.01, 0.3))
            )
        x[-len(since) :] += rng.uniform(0.2, 1) * hit
        now += float(rng.uniform(0.05, 0.6))
    return x


def glides(rng: np.random.Generator, samples: int) -> np.ndarray:
    """One to four voices of harmonics that glide, with vibrato."""
    t = np.arange(samples) / RATE
    x = np.zeros(samples)
    for _ in range(int(rng.integers(1, 5))):
        vibrato = rng.uniform(0, 0.02) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
        frequency = rng.uniform(80, 900) * 2 ** (rng.uniform(-0.3, 0.3) * t) * (1 + vibrato)
        phase, fall = 2 * np.pi * np.cumsum(frequency) / RATE, rng.uniform(0.7, 2)
        for k in range(1, int(rng.integers(2, 30))):
            x += np.where(k * frequency < 0.45 * RATE, np.sin(k * phase) / k**fall, 0)
    return x


def plucked(rng: np.random.Generator, samples: int) -> np.ndarray:
    """A broken chord of plucked strings, by sox."""
    seconds = f"{samples / RATE}"
    tones = [f"{frequency:.2f}" for frequency in rng.uniform(60, 900, int(rng.integers(1, 5)))]
    delays = [f"{delay:.3f}" for delay in np.sort(rng.uniform(0, 1.5, len(tones)))]
    strings = [word for tone in tones for word in ("pluck", tone)]
    effects = ["synth", seconds, *strings, "delay", *delays, "trim", "0", seconds, "remix", "-"]
    return _by_sox(len(tones), effects)


def sweeps(rng: np.random.Generator, samples: int) -> np.ndarray:
    """A sweep of a sine, triangle, square or sawtooth, with tremolo, by sox."""
    shape = str(rng.choice(["sine", "triangle", "square", "sawtooth"]))
    first, last = rng.uniform(60, 3000, 2)
    speed, depth = rng.uniform(0.5, 8), rng.uniform(1, 90)
    sweep = ["synth", f"{samples / RATE}", shape, f"{first:.1f}/{last:.1f}", "gain", "-6"]
    return _by_sox(1, [*sweep, "tremolo", f"{speed:.2f}", f"{depth:.1f}"])


def _by_sox(channels: int, effects: list[str]) -> np.ndarray:
    """Float64 [samples]. Option -R: the same random numbers every time."""
    start = ["sox", "-R", "-n", "-r", f"{RATE}", "-c", f"{channels}", "out.wav"]
    x: np.ndarray = made_by([*start, *effects]).samples[0].astype(np.float64)
    return x


KINDS = (noise, bursts, glides, plucked, sweeps)
