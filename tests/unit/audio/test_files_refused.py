"""The nearest format that is written, what is recognised by content or refused, and trouble with the file
objects; against flac and ffmpeg."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import threading
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import numpy as np
import pytest
from audio_files import CONTAINERS, noise, read_all, written
from streams import Pipe

from dpcodec.audio import spool
from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.files import create_audio, format_for_name, open_audio, writable_format
from dpcodec.errors import AudioError, FileAccessError, LimitError, SettingsError

if TYPE_CHECKING:
    from typing_extensions import Buffer


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_S8", "PCM_24", "PCM_32", "DOUBLE", "VORBIS", "OPUS", "ULAW"]
)
def test_the_nearest_format_can_be_written(container: str, subtype: str) -> None:
    nearest = writable_format(SampleFormat(container, subtype), 44100)
    assert nearest.container == container
    assert writable_format(nearest, 44100) == nearest
    written(noise(8), nearest)


@pytest.mark.parametrize(
    "container, subtype, rate, nearest",
    [
        ("flac", "PCM_32", 44100, "PCM_24"),
        ("flac", "PCM_U8", 44100, "PCM_S8"),
        ("wav", "PCM_S8", 44100, "PCM_U8"),
        ("wav", "ALAW", 44100, "PCM_16"),
        ("ogg", "OPUS", 44100, "VORBIS"),
        ("ogg", "OPUS", 48000, "OPUS"),
        ("ogg", "PCM_16", 48000, "VORBIS"),
    ],
)
def test_nearest_formats(container: str, subtype: str, rate: int, nearest: str) -> None:
    assert writable_format(SampleFormat(container, subtype), rate) == SampleFormat(container, nearest)


def test_formats_by_name() -> None:
    source = SampleFormat("aiff", "PCM_24")
    for name, container in (
        ("a.WAV", "wav"),
        ("b.oga", "ogg"),
        ("c.pcm", "raw"),
        ("d", "aiff"),
        ("e.x", "aiff"),
    ):
        assert format_for_name(name, source) == SampleFormat(container, "PCM_24")


@pytest.mark.parametrize(
    "container, rate, channels, what",
    [
        ("flac", 655351, 1, "FLAC takes up to 655350 Hz"),
        ("flac", 44100, 9, "8 channels"),
        ("ogg", 1048575, 1, "Vorbis takes up to 200000 Hz"),
        ("wav", 0, 1, "rate is 0"),
        ("wav", 44100, 256, "256 channels"),
    ],
)
def test_what_a_container_does_not_take(container: str, rate: int, channels: int, what: str) -> None:
    for out in (io.BytesIO(), Pipe()):
        with pytest.raises(AudioError, match=what):
            create_audio(out, rate, channels, SampleFormat(container))


def test_other_refusals(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="container 'mp3' is not written"):
        create_audio(io.BytesIO(), 44100, 1, SampleFormat("mp3"))
    with pytest.raises(AudioError, match="2 GiB"):
        create_audio(io.BytesIO(), 44100, 2, SampleFormat("aiff"), 1 << 30)
    with pytest.raises(FileAccessError, match="cannot be created"):
        create_audio(tmp_path / "none" / "x.wav", 44100, 1, SampleFormat())
    with pytest.raises(AudioError, match="no such file"):
        open_audio(tmp_path / "x.wav")
    with pytest.raises(SettingsError, match="directory"):
        open_audio(tmp_path)


DPC = bytes.fromhex("894450430d0a1a0a") + bytes(100)


@pytest.mark.parametrize(
    "data, what",
    [
        (b"", "empty"),
        (b"\xff", "no WAV"),
        (b"To be, or not to be\n", "no WAV"),
        (bytes(1000), "no WAV"),
        ("Text".encode("utf-16"), "no WAV"),
        (DPC, "already a .dpc"),
        (b"ID3\x04" + bytes(100), "MP3"),
        (b"\xff\xfb\x90\x64" + bytes(400), "MP3"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "ffmpeg"),
        (b"fLaC" + bytes(100), "cannot be read"),
        (b"OggS" + bytes(100), "cannot be read"),
        (b"FORM\0\0\0\0AIFF", "cannot be read"),
    ],
)
def test_what_is_no_audio_is_refused_by_content(data: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    for source in (path, io.BytesIO(data), Pipe(data, 4001)):
        with pytest.raises(AudioError, match=what) as caught:
            open_audio(source)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(not which("ffmpeg"), reason="ffmpeg is not installed")
def test_a_real_mp3_is_known_by_its_content(tmp_path: Path) -> None:
    wav = written(noise(8), SampleFormat())
    for extra in ([], ["-write_id3v2", "0", "-write_xing", "0"]):
        path = tmp_path / "x.wav"
        path.write_bytes(_ffmpeg(wav, *extra, "-f", "mp3"))
        with open_audio(path) as reader:
            assert reader.sample_format == SampleFormat("mp3", "MPEG_LAYER_III")
            assert read_all(reader).shape[1] == reader.samples


@pytest.mark.skipif(not which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    "codec, subtype", [("pcm_alaw", "ALAW"), ("pcm_mulaw", "ULAW"), ("adpcm_ms", "MS_ADPCM")]
)
def test_other_codes_in_wav_files(codec: str, subtype: str, tmp_path: Path) -> None:
    x = 0.5 * np.sin(np.arange(8000) / 9).astype(np.float32)[None]
    path = tmp_path / "x"
    path.write_bytes(written(x, SampleFormat()))
    out = tmp_path / "y.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-c:a", codec, out], check=True)
    with open_audio(out) as reader:
        assert reader.sample_format == SampleFormat("wav", subtype)
        y = read_all(reader)[:, :8000]
    assert np.mean((y - x) ** 2) < 1e-2 * np.mean(x**2)
    with pytest.raises(AudioError, match="0x000"):
        open_audio(Pipe(out.read_bytes(), 4001))


def _ffmpeg(data: bytes, *options: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "wav", "-i", "-", *options, "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


@pytest.mark.skipif(not which("flac"), reason="flac is not installed")
@pytest.mark.parametrize("bits", [8, 16, 24])
def test_flac_files_and_our_flac(bits: int) -> None:
    """The reference encoder's file reads the same, and its decoder reads ours the same."""
    x = noise(bits)
    raw = (x.T * 2 ** (bits - 1)).astype("<i4").reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()
    form = ["--force-raw-format", "--endian=little", "--sign=signed"]
    shape = ["--channels=2", f"--bps={bits}", "--sample-rate=44100"]
    command = ["flac", "-s", *form, *shape, "-c", "-"]
    data = subprocess.run(command, input=raw, capture_output=True, check=True).stdout
    for source in (io.BytesIO(data), Pipe(data, 4001)):
        with open_audio(source) as reader:
            assert reader.sample_format == SampleFormat("flac", "PCM_S8" if bits == 8 else f"PCM_{bits}")
            np.testing.assert_array_equal(read_all(reader), x)
        assert (reader.samples, reader.warnings) == (None, [])  # on a pipe flac does not know it
    ours = written(x, reader.sample_format)
    command = ["flac", "-s", "-d", *form, "-c", "-"]
    assert subprocess.run(command, input=ours, capture_output=True, check=True).stdout == raw


def test_damaged_flac_never_passes_for_whole() -> None:
    data = written(noise(16), SampleFormat("flac"))
    with pytest.raises(AudioError, match="damaged after sample"):
        read_all(open_audio(io.BytesIO(data[: len(data) // 2])))


def test_a_wav_with_an_unknown_code_in_a_pipe_names_it() -> None:
    fmt = struct.pack("<HHIIHH", 0x2000, 1, 8000, 8000, 1, 8)
    data = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + fmt + b"data\0\0\0\0"
    for source in (io.BytesIO(data), Pipe(data, 4001)):
        with pytest.raises(AudioError, match="0x2000"):
            open_audio(source)


class Failing(io.BytesIO):
    """Fails after so many bytes, as a full disk does."""

    def __init__(self, room: int, data: bytes = b"") -> None:
        super().__init__(data)
        self._room = room

    def write(self, data: Buffer) -> int:
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(28, "No space left on device")
        return super().write(data)

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._room -= len(data)
        if self._room < 0:
            raise OSError(5, "Input/output error")
        return data


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "aiff", "w64", "raw"])
@pytest.mark.parametrize("room", [0, 10, 5000])
def test_a_full_disk_is_told(container: str, room: int) -> None:
    with (
        pytest.raises(OSError, match="No space left"),
        create_audio(Failing(room), 44100, 2, writable_format(SampleFormat(container), 44100)) as writer,
    ):
        writer.write(noise(16, 2, 100_000))


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "aiff"])
def test_a_failing_read_is_told(container: str) -> None:
    data = written(noise(16), writable_format(SampleFormat(container), 44100))
    with pytest.raises(OSError, match="Input/output"), open_audio(Failing(len(data) // 2, data)) as reader:
        read_all(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("container", ["wav", "flac", "raw"])
def test_dev_full(container: str) -> None:
    with (
        pytest.raises(OSError, match="No space left"),
        create_audio("/dev/full", 44100, 2, SampleFormat(container)) as writer,
    ):
        writer.write(noise(16))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("container", ["wav", "flac"])
def test_a_named_pipe(container: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    x = noise(16)

    def feed() -> None:
        with create_audio(fifo, 44100, 2, SampleFormat(container), x.shape[1]) as writer:
            writer.write(x)

    thread = threading.Thread(target=feed)
    thread.start()
    with open_audio(fifo) as reader:
        np.testing.assert_array_equal(read_all(reader), x)
    thread.join()
    assert reader.warnings == []


def test_a_pipe_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SPOOL_LIMIT_BYTES", 10_000)
    with pytest.raises(LimitError, match="10000 bytes"):
        open_audio(Pipe(b"fLaC" + bytes(20_000), 4001))


def test_an_abandoned_writer_lets_go(tmp_path: Path) -> None:
    for container in CONTAINERS:
        sink = Pipe()
        chosen = writable_format(SampleFormat(container), 44100)
        for target in (tmp_path / container, sink):
            with pytest.raises(KeyboardInterrupt), create_audio(target, 44100, 1, chosen) as writer:
                writer.write(noise(16, 1))
                raise KeyboardInterrupt
