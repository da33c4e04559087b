"""A small file to damage, and what decoding says of the result."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
from streams import DATA, END, SYNC, join, split

import dpcodec
from dpcodec.audio.streams import AudioWriter
from dpcodec.cli import exits

FRAMES, HOP, RATE = 4, 128, 8000
SAMPLES = 2500


def small_file() -> bytes:
    """Five segments of two parts, about 2 KB."""
    t = np.arange(SAMPLES) / RATE
    samples = 0.4 * np.sin(2000 * t) + 0.2 * np.sin(5000 * t + 1)
    settings = dpcodec.profile(
        "stft",
        n_fft=256,
        hop=HOP,
        parts=2,
        segment_frames=FRAMES,
        drop=0.8,
        tags=(("TITLE", "Five segments"),),
    )
    data = dpcodec.encode(dpcodec.Audio(samples, RATE), settings)
    assert len([p for p in split(data) if p.type == DATA]) >= 10
    return data


def outcome(source: io.BytesIO | bytes) -> tuple[int, np.ndarray]:
    """Exit code and samples float32 [N] of a decoding with solver none."""
    source = io.BytesIO(source) if isinstance(source, bytes) else source
    out = io.BytesIO()
    raw = dpcodec.RawFormat("f32le", RATE, 1)

    def open_writer(info: dpcodec.StreamInfo) -> AudioWriter:
        return dpcodec.create_audio(out, info.sample_rate, info.channels, info.sample_format, raw=raw)

    try:
        settings = dpcodec.DecodeSettings(solver="none", device="cpu")
        report = dpcodec.decode_stream(source, open_writer, settings)
    except dpcodec.DpcodecError as error:
        return exits.code_of(error), np.zeros(0)
    samples = np.frombuffer(out.getvalue(), "<f4")
    assert np.isfinite(samples).all()
    return (exits.DAMAGED if report.damaged else exits.OK), samples


def away_from(segment: int) -> np.ndarray:
    """Which samples no frame of this segment reaches, and no bound either."""
    first, last = (segment * FRAMES - 1) * HOP, ((segment + 1) * FRAMES) * HOP
    position = np.arange(SAMPLES)
    return (position < first) | (position >= last)


HEADER = struct.Struct("<BBBBIQQIIIIBBBBB")
FIELDS = (
    *("major", "minor", "flags", "channels", "rate", "samples", "seed", "n_fft", "hop", "drop", "frames"),
    *("parts", "window", "mask", "container", "subtype"),
)


def with_header(data: bytes, **changes: int) -> bytes:
    """The file with fields of its first header changed, its end taken off, every checksum right."""
    packets = [p for p in split(data) if p.type != END]
    body = packets[0].body
    fields = dict(zip(FIELDS, HEADER.unpack_from(body), strict=True)) | changes
    packets[0] = replace(packets[0], body=HEADER.pack(*fields.values()) + body[HEADER.size :])
    return join(packets)


def too_long_a_packet(data: bytes) -> bytes:
    head = SYNC + struct.pack("<HHIBBI", DATA, 0, 0, 0, 2, 2**32 - 1)
    return join(split(data)[:1]) + head + struct.pack("<I", zlib.crc32(head)) + bytes(100)
