"""What the makers of the files and their tests share: signals by formula, packets taken apart, the L1 hash.

The packets are read and written here by their own few lines, from docs/format.md.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from dpcodec.codec.grid import read_grid
from dpcodec.codec.real_grid import read_real_grid
from dpcodec.container.stream import Reader
from dpcodec.signal.stft import frame_count

MAGIC = bytes.fromhex("894450430d0a1a0a")
SYNC = bytes.fromhex("f26470b1")
HEAD, DATA, END, TAGS, INDEX = 1, 2, 3, 0xC004, 0x8005
UNKNOWN_SAMPLES = 2**64 - 1


def _noise(n: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Integers scrambled, -1 .. 1."""
    x = ((n + 1) * 0x9E3779B1 + (c + 1) * 0x85EBCA77) & 0xFFFFFFFF
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFF
    return (x ^ (x >> 15)) / 2.0**31 - 1


def _tones(n: np.ndarray, c: np.ndarray) -> np.ndarray:
    return 0.4 * np.sin(0.05 * (c + 1) * n) + 0.2 * np.sin(0.31 * n + c) + 0.02 * _noise(n, c)


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


@dataclass(frozen=True)
class Packet:
    type: int
    flags: int
    segment: int
    part: int
    parts: int
    body: bytes

    def pack(self) -> bytes:
        """All checksums right."""
        fields = (self.type, self.flags, self.segment, self.part, self.parts, len(self.body))
        head = SYNC + struct.pack("<HHIBBI", *fields)
        tail = struct.pack("<I", zlib.crc32(head + self.body))
        return head + struct.pack("<I", zlib.crc32(head)) + self.body + tail


def split(data: bytes) -> list[Packet]:
    """The packets of a whole file."""
    packets, position = [], len(MAGIC)
    while position < len(data):
        *fields, length = struct.unpack_from("<HHIBBI", data, position + 4)
        packets.append(Packet(*fields, data[position + 22 : position + 22 + length]))
        position += 26 + length
    return packets


def join(packets: Iterable[Packet]) -> bytes:
    """A file of these packets."""
    return MAGIC + b"".join(packet.pack() for packet in packets)


def packet_hash(packet: Packet) -> int:
    """What a DATA packet adds to the end hash."""
    place = struct.pack("<IBBH", packet.segment, packet.part, packet.parts, packet.flags)
    return int.from_bytes(hashlib.blake2b(place + packet.body, digest_size=16).digest(), "little")


def close(packets: list[Packet]) -> list[Packet]:
    """The packets with the end hash in END made right."""
    total = sum(packet_hash(p) for p in packets if p.type == DATA) % 2**128
    end = packets[-1]
    body = total.to_bytes(16, "little") + end.body[16:]
    return [*packets[:-1], Packet(END, end.flags, 0, 0, 0, body)]


class Pipe(io.BytesIO):
    """Bytes that cannot be sought."""

    def seekable(self) -> bool:
        return False


def l1_hash(source: BinaryIO) -> str:
    """BLAKE2b-128 of all that decoding yields before a solver; README.md has the definition."""
    reader = Reader(source)
    header = reader.header
    total = hashlib.blake2b(struct.pack("<IB", header.sample_rate, header.channels), digest_size=16)
    for data in reader.segments():
        frames = None
        if reader.total_samples is not None:
            before = data.index * header.segment_frames
            frames = min(header.segment_frames, frame_count(reader.total_samples, header.hop) - before)
        if header.transform == "mdct":
            real, _ = read_real_grid(header, data, frames)
            total.update(struct.pack("<II", data.index, real.splits.shape[1]))
            total.update(np.packbits(real.kept).tobytes())
            total.update(real.values[real.kept].astype("<f4").tobytes())
            total.update(real.splits.astype("u1").tobytes())
            if header.shaped:
                total.update(real.noise.astype("<f4").tobytes())
                total.update(real.angles.astype("u1").tobytes())
            continue
        grid, _ = read_grid(header, data, frames)
        total.update(struct.pack("<II", data.index, grid.frames))
        total.update(np.packbits(grid.kept).tobytes())
        total.update(grid.centre[grid.kept].astype("<c8").tobytes())
        total.update(grid.halfwidth[grid.kept].astype("<f4").tobytes())
    samples = UNKNOWN_SAMPLES if reader.total_samples is None else reader.total_samples
    total.update(struct.pack("<Q", samples))
    return total.hexdigest()
