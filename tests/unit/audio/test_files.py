"""Every format in and out, from files and pipes, and in memory; against flac, sox and soundfile."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import soundfile
from audio_files import noise, read_all, suited, written
from streams import Pipe

from dpcodec.audio.audio import Audio, SampleFormat
from dpcodec.audio.files import create_audio, open_audio, writable_format
from dpcodec.audio.streams import ArrayReader, ArrayWriter

LOSSLESS = [
    (container, subtype)
    for container in ("wav", "rf64", "w64", "aiff", "flac")
    for subtype in ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
    if writable_format(SampleFormat(container, subtype), 44100).subtype == subtype
]
SQAM = Path(os.environ.get("DPCODEC_DATA", "../shared/data")) / "sqam"


@pytest.mark.parametrize("container, subtype", LOSSLESS)
def test_samples_come_back_bit_for_bit(container: str, subtype: str) -> None:
    x = suited(subtype)
    data = written(x, SampleFormat(container, subtype))
    piped = written(x, SampleFormat(container, subtype), fo=Pipe())
    if container != "aiff" or subtype not in ("FLOAT", "DOUBLE"):  # those carry the time of writing
        assert piped == data
    for source in (io.BytesIO(data), Pipe(piped, 4001)):
        with open_audio(source) as reader:
            assert (reader.sample_rate, reader.channels, reader.samples) == (44100, 2, x.shape[1])
            assert reader.sample_format == SampleFormat(container, subtype)
            y = read_all(reader)
        np.testing.assert_array_equal(y, x)
        assert reader.warnings == []
        assert not source.closed


@pytest.mark.parametrize("container, subtype", LOSSLESS)
def test_soundfile_agrees(container: str, subtype: str) -> None:
    """Our bytes mean to libsndfile what they mean to us; float64 holds every sample exactly."""
    x = suited(subtype)
    y, rate = soundfile.read(io.BytesIO(written(x, SampleFormat(container, subtype))), always_2d=True)
    assert rate == 44100
    np.testing.assert_array_equal(y.T.astype(np.float32), x)


@pytest.mark.parametrize("container, subtype", LOSSLESS)
@pytest.mark.parametrize("samples", [0, 1, 3])
def test_hardly_any_samples(container: str, subtype: str, samples: int) -> None:
    x = np.full((1, samples), 0.5, np.float32)
    with open_audio(io.BytesIO(written(x, SampleFormat(container, subtype)))) as reader:
        if (container, samples) != ("flac", 0):  # 0 stands for unknown there
            assert reader.samples == samples
        np.testing.assert_array_equal(read_all(reader), x)
    assert reader.warnings == []


@pytest.mark.skipif(not which("sox"), reason="sox is not installed")
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_sox_counts_the_samples_of_8_bit_aiff(samples: int, tmp_path: Path) -> None:
    path = tmp_path / "x.aiff"
    with create_audio(path, 8000, 1, SampleFormat("aiff", "PCM_S8"), None, (("TITLE", "odd"),)) as writer:
        writer.write(np.full((1, samples), -0.5, np.float32))
    out = subprocess.run(["sox", path, "-t", "s8", "-"], capture_output=True, check=True).stdout
    assert out == b"\xc0" * samples


@pytest.mark.skipif(not which("flac"), reason="flac is not installed")
def test_flac_decodes_our_empty_file() -> None:
    data = written(np.zeros((2, 0), np.float32), SampleFormat("flac", "PCM_24"), 655350)
    command = ["flac", "-s", "-d", "--force-raw-format", "--endian=little", "--sign=signed", "-c", "-"]
    assert subprocess.run(command, input=data, capture_output=True, check=True).stdout == b""


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_empty_ogg(subtype: str) -> None:
    with open_audio(
        io.BytesIO(written(np.zeros((2, 0), np.float32), SampleFormat("ogg", subtype), 48000))
    ) as reader:
        assert read_all(reader).shape == (2, 0)


@pytest.mark.parametrize("subtype, rate", [("VORBIS", 44100), ("OPUS", 48000)])
def test_ogg(subtype: str, rate: int) -> None:
    x = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate * 2) / rate).astype(np.float32)[None]
    for out in (None, Pipe()):
        data = written(x, SampleFormat("ogg", subtype), rate, out)
        for source in (io.BytesIO(data), Pipe(data, 4001)):
            with open_audio(source) as reader:
                assert reader.sample_format == SampleFormat("ogg", subtype)
                assert (reader.samples, reader.sample_rate) == (2 * rate, rate)
                y = read_all(reader)
            error = (y - x)[:, 2000:-2000]  # Opus fades at its ends
            assert np.mean(error**2) < 1e-3 * np.mean(x**2)


def test_a_long_block_to_vorbis() -> None:
    """libsndfile's encoder would overflow its stack on this in one call."""
    x = np.zeros((2, 1_000_000), np.float32)
    fo = io.BytesIO()
    with create_audio(fo, 44100, 2, SampleFormat("ogg", "VORBIS")) as writer:
        writer.write(x)
    fo.seek(0)
    assert open_audio(fo).samples == 1_000_000


@pytest.mark.parametrize("container", ["wav", "flac", "aiff"])
def test_paths_and_tags(container: str, tmp_path: Path) -> None:
    tags = (("TITLE", "Müll"), ("ARTIST", "I"), ("COMMENT", "\x1b[31m"))
    path = tmp_path / "not.named.so"
    x = noise(16, 1)
    with create_audio(path, 8000, 1, SampleFormat(container, "PCM_16"), None, tags) as writer:
        writer.write(x)
    assert writer.warnings == []
    for source in (path, str(path)):
        with open_audio(source) as reader:
            assert set(reader.tags) == set(tags)
            np.testing.assert_array_equal(read_all(reader), x)


@pytest.mark.parametrize("container", ["w64", "au", "raw"])
def test_tags_without_a_place_are_named(container: str) -> None:
    with create_audio(io.BytesIO(), 8000, 1, SampleFormat(container), 0, (("X_Y", "1"),)) as writer:
        pass
    assert len(writer.warnings) == 1
    assert "X_Y" in writer.warnings[0]


@pytest.mark.parametrize("container", ["wav", "flac", "aiff", "w64", "raw"])
def test_clipping_is_counted(container: str) -> None:
    for out in (io.BytesIO(), Pipe()):
        with create_audio(out, 8000, 2, SampleFormat(container), 4) as writer:
            writer.write(np.array([[0, 1, 2, -4], [1, -1, -2, 0.5]], np.float32))
        assert writer.clipped == 3


def test_writing_begins_where_the_file_object_stands() -> None:
    for container in ("wav", "flac", "aiff"):
        fo = io.BytesIO(b"before")
        fo.seek(6)
        with create_audio(fo, 8000, 1, SampleFormat(container)) as writer:
            writer.write(noise(16, 1))
        fo.seek(0)
        assert fo.read(6) == b"before"
        with open_audio(fo) as reader:
            np.testing.assert_array_equal(read_all(reader), noise(16, 1))


@pytest.mark.parametrize("rate", [1, 8000, 11025, 96000, 192000, 655350])
def test_sample_rates(rate: int) -> None:
    x = noise(16, 1, 100)
    for container in ("wav", "flac", "w64", "aiff"):
        with open_audio(io.BytesIO(written(x, SampleFormat(container), rate))) as reader:
            assert reader.sample_rate == rate
            np.testing.assert_array_equal(read_all(reader), x)


@pytest.mark.parametrize("channels", [8, 255])
def test_many_channels(channels: int) -> None:
    x = noise(16, channels, 100)
    for container in ("wav", "w64", "aiff"):
        with open_audio(io.BytesIO(written(x, SampleFormat(container)))) as reader:
            assert reader.channels == channels
            np.testing.assert_array_equal(read_all(reader), x)


def test_arrays() -> None:
    audio = Audio(noise(16), 12345, SampleFormat("flac", "PCM_24"), (("TITLE", "t"),))
    reader = ArrayReader(audio)
    assert (reader.samples, reader.channels, reader.sample_rate) == (20011, 2, 12345)
    with ArrayWriter(reader.sample_rate, 2, reader.sample_format, reader.tags) as writer:
        while (block := reader.read(1000)).shape[1]:
            writer.write(block)
    np.testing.assert_array_equal(writer.audio.samples, audio.samples)
    assert (writer.audio.sample_rate, writer.audio.sample_format) == (12345, SampleFormat("flac", "PCM_24"))
    assert writer.audio.tags == audio.tags


def test_an_unwritten_array_is_empty() -> None:
    with ArrayWriter(8000, 3, SampleFormat()) as writer:
        pass
    assert writer.audio.samples.shape == (3, 0)


@pytest.mark.skipif(not SQAM.is_dir(), reason="the SQAM excerpts are not here")
def test_real_flac_reads_as_soundfile_reads_it() -> None:
    path = sorted(SQAM.glob("*.flac"))[0]
    with open_audio(path) as reader:
        x = read_all(reader)
        assert x.shape[1] == reader.samples
    y, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == reader.sample_rate
    np.testing.assert_array_equal(x, y.T)
