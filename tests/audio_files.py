"""Audio of many formats, written to bytes and read."""

from __future__ import annotations

import io

import numpy as np

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.files import create_audio
from dpcodec.audio.streams import AudioReader

CONTAINERS = ("wav", "rf64", "w64", "aiff", "flac", "ogg", "raw")


def noise(bits: int, channels: int = 2, samples: int = 20011) -> np.ndarray:
    """Integers of `bits` bits, all values likely and both ends present, as float32 [C, N]."""
    top = 1 << (bits - 1)
    x = np.random.default_rng(bits).integers(-top, top, (channels, samples))
    x[:, 0], x[:, 1] = -top, top - 1
    return (x / top).astype(np.float32)


def suited(subtype: str) -> np.ndarray:
    bits = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}.get(subtype)
    if bits:
        return noise(bits)
    return noise(24) * np.float32(0.5 if subtype == "PCM_32" else 3)


def written(
    x: np.ndarray, sample_format: SampleFormat, rate: int = 44100, fo: io.BytesIO | None = None
) -> bytes:
    out = io.BytesIO() if fo is None else fo
    with create_audio(out, rate, x.shape[0], sample_format, x.shape[1]) as writer:
        for start in range(0, x.shape[1], 7000):
            writer.write(x[:, start : start + 7000])
    assert writer.clipped == 0
    return out.getvalue()


def read_all(reader: AudioReader) -> np.ndarray:
    blocks = [np.zeros((reader.channels, 0), np.float32)]
    while (block := reader.read(3000)).shape[1]:
        blocks.append(block)
    return np.concatenate(blocks, axis=1)
