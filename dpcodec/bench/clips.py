"""Clips to measure on: read from a folder, or made by formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dpcodec import Audio, open_audio
from dpcodec.errors import FileAccessError
from dpcodec.signal.resample import Resampler

SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".ogg")


def load_clips(folder: Path, rate: int | None = 16000, seconds: float = 5.0) -> dict[str, Audio]:
    """The folder's audio files in order of name: mixed to mono, resampled to `rate` Hz, cut to `seconds`.

    Raises `FileAccessError` if the folder holds none.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not paths:
        raise FileAccessError(f"{folder}: no audio files here: name a folder of WAV, FLAC, AIFF or Ogg files")
    return {path.stem: load_clip(path, rate, seconds) for path in paths}


def load_clip(path: Path, rate: int | None, seconds: float) -> Audio:
    """One file, mono, at `rate` Hz (None: its own), its first `seconds`."""
    with open_audio(path) as reader:
        blocks = []
        while (block := reader.read(1 << 16)).shape[1]:
            blocks.append(block.mean(axis=0, keepdims=True))
        source_rate = reader.sample_rate
    x = np.concatenate(blocks, axis=1)
    if rate and rate != source_rate:
        x = Resampler(source_rate, rate, 1).process(x, last=True)
    rate = rate or source_rate
    return Audio(x[:, : round(seconds * rate)], rate)


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
