"""WAV files put together chunk by chunk, and read."""

from __future__ import annotations

import io
import struct

import numpy as np
from streams import Pipe

from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.wav import WavReader, read_header

GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
X = (np.arange(-100, 100).reshape(2, 100) / 128).astype(np.float32)


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack("<4sI", name, len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def fmt(code: int = 1, channels: int = 2, rate: int = 8000, bits: int = 8, align: int | None = None) -> bytes:
    align = channels * -(-bits // 8) if align is None else align
    return struct.pack("<HHIIHH", code, channels, rate, min(rate * align, 2**32 - 1), align, bits)


def extensible(code: int, channels: int, bits: int, valid: int) -> bytes:
    return fmt(0xFFFE, channels, 8000, bits) + struct.pack("<HHIH", 22, valid, 0, code) + GUID_TAIL


def riff(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return struct.pack("<4sI", magic, len(body)) + body


def pcm8(x: np.ndarray = X) -> bytes:
    return (x.T * 128 + 128).astype(np.uint8).tobytes()


def opened(data: bytes, piped: bool = False) -> WavReader:
    source = ByteSource(Pipe(data, 11) if piped else io.BytesIO(data))
    return WavReader(source, read_header(source))


def read_all(reader: WavReader, block: int = 17) -> np.ndarray:
    blocks = [np.zeros((reader.channels, 0), np.float32)]
    while (part := reader.read(block)).shape[1]:
        blocks.append(part)
    return np.concatenate(blocks, axis=1)
