"""WAV and RF64, written: what the wave module, libsndfile and ffmpeg read of it, and byte by byte."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import wave
from pathlib import Path
from shutil import which
from typing import Any, BinaryIO

import numpy as np
import pytest
import soundfile
from streams import Pipe
from waves import X, opened, read_all

from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.samples import ENCODINGS, SUBTYPE_ENCODINGS, WAV_SUBTYPES, decode_pcm
from dpcodec.audio.wav import WavReader, read_header
from dpcodec.audio.wav_writer import WavLayout, WavWriter, build_header
from dpcodec.errors import FileAccessError


def written(fo: BinaryIO, subtype: str, samples: int | None, x: np.ndarray = X, **more: Any) -> WavWriter:
    with WavWriter(fo, 44100, x.shape[0], subtype, samples, **more) as writer:
        for start in range(0, x.shape[1], 31):
            writer.write(x[:, start : start + 31])
    return writer


@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("rf64", [True, False])
def test_libsndfile_reads_what_is_written(subtype: str, channels: int, known: bool, rf64: bool) -> None:
    x = np.resize(X, (channels, 33))
    fo = io.BytesIO()
    written(fo, subtype, 33 if known else None, x, rf64=rf64, tags=(("TITLE", "grün"),))
    fo.seek(0)
    with soundfile.SoundFile(fo) as file:
        assert file.format == ("RF64" if rf64 else "WAVEX" if _extensible(subtype, channels) else "WAV")
        assert (file.samplerate, file.channels, file.frames, file.subtype) == (44100, channels, 33, subtype)
        assert file.title == "grün"
        np.testing.assert_array_equal(file.read(dtype="float32", always_2d=True).T, x)


def _extensible(subtype: str, channels: int) -> bool:
    return channels > 2 or subtype in ("PCM_24", "PCM_32")


@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
@pytest.mark.parametrize("samples", [0, 1, 99, 100])
def test_a_pipe_gets_the_same_bytes_as_a_file(subtype: str, samples: int) -> None:
    file, pipe = io.BytesIO(), Pipe()
    written(file, subtype, samples, X[:, :samples])
    written(pipe, subtype, samples, X[:, :samples])
    assert pipe.getvalue() == file.getvalue()
    size = struct.unpack_from("<I", pipe.getvalue(), 4)[0]
    assert size == len(pipe.getvalue()) - 8
    reader = opened(file.getvalue())
    assert (reader.samples, reader.warnings) == (samples, [])
    np.testing.assert_array_equal(read_all(reader), X[:, :samples])


@pytest.mark.parametrize("width, subtype", [(1, "PCM_U8"), (2, "PCM_16")])
def test_the_wave_module_reads_what_is_written(width: int, subtype: str) -> None:
    fo = io.BytesIO()
    written(fo, subtype, None)
    fo.seek(0)
    with wave.open(fo) as file:
        assert (file.getnframes(), file.getnchannels(), file.getframerate()) == (100, 2, 44100)
        assert file.getsampwidth() == width
        data = file.readframes(100)
    np.testing.assert_array_equal(decode_pcm(data, ENCODINGS[SUBTYPE_ENCODINGS[subtype]], 2), X)


def test_a_pipe_of_unknown_length_gets_placeholders() -> None:
    pipe = Pipe()
    written(pipe, "PCM_16", None)
    assert pipe.getvalue()[4:8] == b"\xff" * 4
    reader = opened(pipe.getvalue())
    np.testing.assert_array_equal(read_all(reader), X)
    assert len(reader.warnings) == 1


def test_another_number_of_samples_than_promised() -> None:
    for promised in (50, 200):
        fo = io.BytesIO(b"before")
        fo.seek(6)
        written(fo, "PCM_16", promised)
        reader = opened(fo.getvalue()[6:])
        assert (reader.samples, reader.warnings) == (100, [])
        with pytest.raises(FileAccessError, match=f"100 samples .* says {promised}"):
            written(Pipe(), "PCM_16", promised)


def test_clipping_is_counted_over_blocks() -> None:
    assert written(io.BytesIO(), "PCM_16", 100, X * 4).clipped == int((np.abs(X * 4) > 1).sum())
    assert written(io.BytesIO(), "FLOAT", 100, X * 4).clipped == 0


def test_tags_without_a_place_in_the_list_go_into_an_id3_chunk() -> None:
    tags = (("TITLE", "a\0b"), ("ITCH", "c"), ("REPLAYGAIN", "1"))
    fo = io.BytesIO()
    writer = written(fo, "PCM_16", 100, tags=tags)
    assert writer.warnings == []
    assert set(opened(fo.getvalue()).tags) == {("TITLE", "a b"), ("ITCH", "c"), ("REPLAYGAIN", "1")}


def test_four_gib_turn_wav_into_rf64() -> None:
    """The last length that RIFF can hold, and the next; with the ds64 of EBU Tech 3306 worked out by hand."""
    most = (0xFFFFFFFF - 4 - 36 - 24 - 8) // 4
    assert build_header(WavLayout(48000, 2, "PCM_16", most))[:4] == b"RIFF"
    header = build_header(WavLayout(48000, 2, "PCM_16", most + 1))
    data_bytes = (most + 1) * 4
    assert header[:4] == b"RF64"
    assert header[4:8] == b"\xff" * 4
    assert header[12:16] == b"ds64"
    lengths = struct.unpack_from("<IQQQI", header, 16)
    assert lengths == (28, len(header) - 8 + data_bytes, data_bytes, most + 1, 0)
    assert header[-8:] == b"data" + b"\xff" * 4


@pytest.mark.skipif(not hasattr(os, "ftruncate"), reason="sparse files are needed")
def test_a_file_beyond_4_gib_is_read_by_both(tmp_path: Path) -> None:
    samples = 1_200_000_000
    header = build_header(WavLayout(48000, 2, "PCM_16", samples))
    path = tmp_path / "big.wav"
    with path.open("wb") as fo:
        fo.write(header)
        fo.truncate(len(header) + 4 * samples)  # sparse: takes no room
    assert soundfile.info(path).frames == samples
    with path.open("rb") as fo:
        source = ByteSource(fo)
        reader = WavReader(source, read_header(source))
        assert (reader.samples, reader.warnings) == (samples, [])
        source.seek(len(header) + 4 * (samples - 3))
        assert reader.read(10).shape == (2, 3)
    path.unlink()


@pytest.mark.skipif(not which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
@pytest.mark.parametrize("channels, rf64", [(2, True), (6, False)])
def test_ffmpeg_reads_what_is_written(subtype: str, channels: int, rf64: bool) -> None:
    x = np.resize(X, (channels, 50))
    pipe = Pipe()
    written(pipe, subtype, 50, x, rf64=rf64)
    command = ["ffmpeg", "-v", "error", "-f", "wav", "-i", "-", "-f", "f32le", "-c:a", "pcm_f32le", "-"]
    done = subprocess.run(command, input=pipe.getvalue(), capture_output=True, check=True)
    assert done.stderr == b""
    np.testing.assert_array_equal(np.frombuffer(done.stdout, "<f4").reshape(-1, channels).T, x)
