"""Clips to measure on: read from a folder, or made by formula."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from dpcodec import Audio, open_audio
from dpcodec.audio.resample import Resampler
from dpcodec.errors import AudioError, FileAccessError

SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".ogg")


def clips_of(
    folder: Path | None,
    rate: int | None = 16000,
    seconds: float = 5.0,
    names: Sequence[str] = (),
    mono: bool = True,
    start: float = 0.0,
) -> dict[str, Audio]:
    """The folder's clips as `load_clips` reads them, or clips made by formula where there is no folder.

    names   only those of these names; empty: all
    Raises `FileAccessError` if there are none, or none of a name.
    """
    if folder is None:
        clips = formula_clips(rate or 44100, seconds)
    else:
        clips = load_clips(folder, rate, seconds, mono, start)
    for name in names:
        if name not in clips:
            raise FileAccessError(f"no clip {name!r} here: there are {', '.join(clips)}")
    return {name: clips[name] for name in names} if names else clips


def digest(audio: Audio) -> str:
    """Eight hexadecimal digits that tell clips apart: of the samples as 24-bit integers, and the rate."""
    samples = np.round(audio.samples.astype(np.float64) * 2**23).astype("<i4")
    return hashlib.sha256(samples.tobytes() + str(audio.sample_rate).encode()).hexdigest()[:8]


def load_clips(
    folder: Path, rate: int | None = 16000, seconds: float = 5.0, mono: bool = True, start: float = 0.0
) -> dict[str, Audio]:
    """The folder's audio files in order of name, each as `load_clip` reads it.

    Each by its name without suffix. Raises `FileAccessError` if the folder holds none, or two of one name.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not paths:
        raise FileAccessError(f"{folder}: no audio files here: name a folder of WAV, FLAC, AIFF or Ogg files")
    for a, b in pairwise(sorted(paths, key=lambda path: path.stem)):
        if a.stem == b.stem:
            raise FileAccessError(f"{a} and {b}: two clips of one name: rename one")
    return {path.stem: load_clip(path, rate, seconds, mono, start) for path in paths}


def load_clip(path: Path, rate: int | None, seconds: float, mono: bool = True, start: float = 0.0) -> Audio:
    """One file, mixed to mono unless told not to, at `rate` Hz (None: its own), cut to `seconds` from `start`
    on, or from as late as they allow where the file is shorter.

    Raises `AudioError` if it has no samples.
    """
    with open_audio(path) as reader:
        blocks = []
        while (block := reader.read(1 << 16)).shape[1]:
            blocks.append(block.mean(axis=0, keepdims=True) if mono else block)
        source_rate = reader.sample_rate
    if not blocks:
        raise AudioError(f"{path}: there are no samples in it: take it out of the folder")
    x = np.concatenate(blocks, axis=1)
    if rate and rate != source_rate:
        x = Resampler(source_rate, rate, x.shape[0]).process(x, last=True)
    rate = rate or source_rate
    length = round(seconds * rate)
    first = max(0, min(round(start * rate), x.shape[1] - length))
    return Audio(x[:, first : first + length], rate)


def melody(rate: int = 16000, seconds: float = 5.0, channels: int = 1) -> Audio:
    """A short musical clip by formula: plucked notes with decaying harmonics over a low drone with vibrato.

    Deterministic; peak 0.5. Channel c is delayed by c ms.
    """
    t = np.arange(round(rate * seconds)) / rate
    x = 0.15 * np.sin(2 * np.pi * 110 * t + 2.0 * np.sin(2 * np.pi * 5 * t))
    steps = (0, 4, 7, 12, 11, 7, 4, 2, 0, -5, 0, 7)
    for i in range(int(np.ceil(seconds / 0.4))):
        f0 = 220 * 2 ** (steps[i % len(steps)] / 12)
        since = t - 0.4 * i
        envelope = np.where(since >= 0, np.exp(-4 * np.maximum(since, 0)), 0) * (
            1 - np.exp(-300 * np.maximum(since, 0))
        )
        for k in range(1, 9):
            if k * f0 < rate / 2:
                x += (
                    envelope
                    * np.sin(2 * np.pi * k * f0 * since)
                    * np.exp(-0.5 * k * np.maximum(since, 0))
                    / k**1.2
                )
    x *= 0.5 / np.max(np.abs(x), initial=1e-9)
    lag = rate // 1000
    return Audio(np.stack([np.concatenate([np.zeros(c * lag), x])[: x.size] for c in range(channels)]), rate)


def formula_clips(rate: int = 16000, seconds: float = 5.0) -> dict[str, Audio]:
    """Three kinds of sound by formula: notes (`melody`), gliding tones with vibrato, and struck wood."""
    return {
        "castanets": Audio(_castanets(rate, seconds)[np.newaxis], rate),
        "glides": Audio(_glides(rate, seconds)[np.newaxis], rate),
        "melody": melody(rate, seconds),
    }


def _glides(rate: int, seconds: float) -> np.ndarray:
    """Two voices of six harmonics that glide over an octave, with vibrato of 6 Hz."""
    t = np.arange(round(rate * seconds)) / rate
    x = np.zeros(t.size)
    for start, octaves in ((196.0, 0.2), (392.0, -0.2)):
        frequency = start * 2 ** (octaves * t) * (1 + 0.01 * np.sin(2 * np.pi * 6 * t))
        phase = 2 * np.pi * np.cumsum(frequency) / rate
        for k in range(1, 7):
            x += np.where(k * frequency < 0.45 * rate, np.sin(k * phase) / k**1.5, 0)
    return np.asarray(0.5 * x / np.max(np.abs(x), initial=1e-9))


def _castanets(rate: int, seconds: float) -> np.ndarray:
    """Bursts of noise of 10 ms, struck at uneven intervals, ringing at 2.1 and 3.3 kHz."""
    noise = np.random.Generator(np.random.Philox(7)).standard_normal(round(rate * seconds))
    t = np.arange(noise.size) / rate
    x = np.zeros(noise.size)
    for strike in np.arange(0.1, seconds, 0.23) + 0.03 * np.sin(np.arange(0.1, seconds, 0.23) * 9):
        since = np.maximum(t - strike, 0)
        ring = np.sin(2 * np.pi * 2100 * since) + np.sin(2 * np.pi * 3300 * since)
        x += np.where(t >= strike, np.exp(-200 * since) * noise + 0.5 * np.exp(-80 * since) * ring, 0)
    return np.asarray(0.5 * x / np.max(np.abs(x), initial=1e-9))
