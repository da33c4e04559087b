"""What the makers of the files and their tests share: signals by formula and the L1 hash."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from dpcodec.container.stream import Reader
from dpcodec.modes import mode_of_file
from dpcodec.modes.frames import segments_and_frames

UNKNOWN_SAMPLES = 2**64 - 1


def _noise(n: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Integers scrambled, -1 .. 1."""
    x = ((n + 1) * 0x9E3779B1 + (c + 1) * 0x85EBCA77) & 0xFFFFFFFF
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFF
    return np.asarray((x ^ (x >> 15)) / 2.0**31 - 1)


def _tones(n: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.asarray(0.4 * np.sin(0.05 * (c + 1) * n) + 0.2 * np.sin(0.31 * n + c) + 0.02 * _noise(n, c))


SIGNALS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "tones": _tones,
    "noise": lambda n, c: 0.5 * _noise(n, c),
    "silence": lambda n, c: 0.0 * n * c,
    "tones in all channels": lambda n, c: _tones(n, 0 * c),
    "tones and their opposite": lambda n, c: _tones(n, 0 * c) * (1 - 2 * (c % 2)),
    "tones, louder and softer": lambda n, c: _tones(n, 0 * c) * (1 - 0.7 * (c % 2)),
    "tones but a silent channel 0": lambda n, c: _tones(n, c) * (c != 0),
    "tones but a silent channel 1": lambda n, c: _tones(n, c) * (c != 1),
    "tones with a silent middle": lambda n, c: _tones(n, c) * ((n < 400) | (n >= 1600)),
    "constant": lambda n, c: 0.5 + 0.0 * n * c,
    "impulses": lambda n, c: 1.0 * (n % 251 == 100) * (c >= 0),
    "bursts": lambda n, c: _noise(n, c) * (0.005 + 0.5 * (n % 400 >= 170)),
    "loud impulses": lambda n, c: 1e20 * (n % 251 == 100) * (c >= 0),
    "alternating": lambda n, c: 1.0 - 2.0 * ((n + c) % 2),
    "square": lambda n, c: 1.0 - 2.0 * ((n // 37 + c) % 2),
    "loud": lambda n, c: 1e20 * _tones(n, c),
    "faint": lambda n, c: 1e-38 * _tones(n, c),
}


def signal(kind: str, channels: int, samples: int) -> np.ndarray:
    """Float32 [C, N]."""
    n, c = np.arange(samples, dtype=np.int64), np.arange(channels, dtype=np.int64)[:, None]
    return SIGNALS[kind](n, c).astype(np.float32)


def l1_hash(source: BinaryIO) -> str:
    """BLAKE2b-128 of all that decoding yields before a solver; README.md has the definition."""
    reader = Reader(source)
    header = reader.header
    mode = mode_of_file(header)
    total = hashlib.blake2b(struct.pack("<IB", header.sample_rate, header.channels), digest_size=16)
    for data, frames in segments_and_frames(reader):
        segment, _ = mode.read(data, frames)
        total.update(struct.pack("<II", data.index, segment.frames))
        total.update(np.packbits(segment.kept).tobytes())
        if header.transform == "stft":
            total.update(segment.value[segment.kept].astype("<c8").tobytes())
            total.update(segment.halfwidth[segment.kept].astype("<f4").tobytes())
            continue
        total.update(segment.value[segment.kept].astype("<f4").tobytes())
        total.update(segment.block_splits.astype("u1").tobytes())
        if header.perceptual:
            total.update(segment.noise.astype("<f4").tobytes())
            total.update(segment.angles[:, :, 0].astype("u1").tobytes())
    samples = UNKNOWN_SAMPLES if reader.total_samples is None else reader.total_samples
    total.update(struct.pack("<Q", samples))
    return total.hexdigest()
