"""A pipe gives samples out before its end has come: where the header lied about it, the file is not whole."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from damaged_files import with_header
from signals import chord
from streams import END, Pipe, join, split

from dpcodec import Audio, DecodeSettings, EncodeSettings, StreamInfo, decode_stream, encode, profile
from dpcodec.audio.streams import ArrayWriter

SAMPLES = 1000


def told(samples: int) -> bytes:
    """A file of SAMPLES whose header tells another number, every checksum right."""
    settings = EncodeSettings(n_fft=64, hop=32, max_block_split=1, segment_frames=8)
    data = encode(Audio(chord(SAMPLES)[None], 8000), settings)
    return join([*split(with_header(data, samples=samples)), *(p for p in split(data) if p.type == END)])


@pytest.mark.parametrize(("samples", "damaged"), [(SAMPLES, False), (SAMPLES + 40, True)])
def test_an_end_that_tells_more_frames_than_the_last_segment_holds_is_damage(
    samples: int, damaged: bool
) -> None:
    """The header does not know the length, so the segment is held until the end has come."""
    settings = profile("stft", n_fft=64, hop=32, segment_frames=8)
    data = encode(Audio(chord(SAMPLES)[None], 8000), settings)
    end = next(p for p in split(data) if p.type == END)
    changed = end.body[:28] + struct.pack("<Q", samples) + end.body[36:]
    unknown = split(with_header(data, samples=2**64 - 1))
    forged = join([*unknown, replace(end, body=changed)])
    for source in (Pipe(forged, 37), io.BytesIO(forged)):
        report = decode_stream(
            source,
            lambda info: ArrayWriter(info.sample_rate, info.channels, info.sample_format),
            DecodeSettings(solver="none", device="cpu"),
        )
        assert report.damaged == damaged


@pytest.mark.parametrize("samples", [200, 990, 1010, 65566])
def test_a_header_that_tells_another_length_than_the_end_is_damage(samples: int) -> None:
    writers: list[ArrayWriter] = []

    def writer(info: StreamInfo) -> ArrayWriter:
        writers.append(ArrayWriter(info.sample_rate, info.channels, info.sample_format))
        return writers[0]

    settings = DecodeSettings(solver="none", device="cpu")
    assert not decode_stream(Pipe(told(SAMPLES), 37), writer, settings).damaged
    assert writers.pop().audio.samples.shape == (1, SAMPLES)
    report = decode_stream(Pipe(told(samples), 37), writer, settings)
    assert report.damaged
    assert report.damage
    assert np.isfinite(writers.pop().audio.samples).all()
