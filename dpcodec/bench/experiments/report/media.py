"""What a browser plays and shows, in bytes: FLAC, PNG, and data URIs of either."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np

from dpcodec import Audio, SampleFormat, create_audio
from dpcodec.settings import MAX_REDUNDANCY
from dpcodec.transform.stft import Stft

FLOOR_DB, STEP_DB = -80, 2
COLUMNS, ROWS = 480, 128
WINDOW_S = 0.05
# Matplotlib's colour map "magma" (released as CC0) at six places.
COLOURS = ((0, 0, 4), (59, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191))


def data_uri(kind: str, content: bytes) -> str:
    """
    >>> data_uri("text/plain", b"abc")
    'data:text/plain;base64,YWJj'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def flac(audio: Audio) -> bytes:
    """The audio as FLAC of 16 bits; samples beyond full scale are clipped."""
    target = io.BytesIO()
    channels = audio.samples.shape[0]
    with create_audio(target, audio.sample_rate, channels, SampleFormat("flac", "PCM_16")) as writer:
        writer.write(audio.samples)
    return target.getvalue()


def levels(audio: Audio) -> np.ndarray:
    """Levels in dB of the first channel, [ROWS, at most COLUMNS]: 0 Hz to half the rate, along all time.

    The loudest bin stands for a row. Only differences mean something, between clips of one length and rate.
    """
    n_fft = 2 * ROWS * max(1, round(WINDOW_S * audio.sample_rate / (2 * ROWS)))
    hop = min(max(-(-n_fft // MAX_REDUNDANCY), -(-audio.samples.shape[1] // COLUMNS)), n_fft // 2)
    X = np.abs(Stft(n_fft, hop, "hann").forward(audio.samples[0].astype(np.float64)))
    rows = X[:-1].reshape(ROWS, -1, X.shape[1]).max(axis=1)
    shown = np.arange(COLUMNS) * X.shape[1] // COLUMNS if X.shape[1] > COLUMNS else slice(None)
    return np.asarray(20 * np.log10(np.maximum(rows[:, shown], 1e-10)))


def spectrogram_png(audio: Audio, top_db: float) -> bytes:
    """A picture of the levels, low frequencies at the bottom, colours from `top_db` down to 80 dB less."""
    steps = -FLOOR_DB // STEP_DB
    shades = np.clip((levels(audio) - top_db - FLOOR_DB) / STEP_DB, 0, steps).round().astype(np.uint8)
    places = np.linspace(0, len(COLOURS) - 1, steps + 1)
    palette = [np.interp(places, range(len(COLOURS)), channel) for channel in np.transpose(COLOURS)]
    return palette_png(shades[::-1], np.stack(palette, axis=1).round().astype(np.uint8))


def palette_png(pixels: np.ndarray, palette: np.ndarray) -> bytes:
    """PNG (ISO/IEC 15948) of 8-bit palette indices [H, W] and colours [n, 3]: a third of a picture in RGB."""
    height, width = pixels.shape
    lines = np.insert(pixels, 0, 0, axis=1)  # each line begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(lines.tobytes(), 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
