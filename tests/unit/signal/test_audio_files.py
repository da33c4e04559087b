"""Every format in and out, recognised by content, from files and pipes; against flac, ffmpeg, soundfile."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import threading
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import soundfile

from dpcodec.errors import AudioError, FileAccessError, LimitError, SettingsError
from dpcodec.signal import spool
from dpcodec.signal.audio import Audio, SampleFormat
from dpcodec.signal.audio_files import create_audio, format_for_name, open_audio, writable_format
from dpcodec.signal.streams import ArrayReader, ArrayWriter, AudioReader

CONTAINERS = ("wav", "rf64", "w64", "aiff", "flac", "ogg", "raw")
LOSSLESS = [
    (container, subtype)
    for container in ("wav", "rf64", "w64", "aiff", "flac")
    for subtype in ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
    if writable_format(SampleFormat(container, subtype), 44100).subtype == subtype
]
SQAM = Path(os.environ.get("DPCODEC_DATA", "../shared/data")) / "sqam"


class Pipe(io.RawIOBase):
    """Gives its bytes a few at a time and cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        count = min(4001, size)
        given, self._data = self._data[:count], self._data[count:]
        return given


class Sink(io.RawIOBase):
    """Takes bytes and cannot seek."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


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


def written(x: np.ndarray, sample_format: SampleFormat, rate: int = 44100, fo: object = None) -> bytes:
    out = io.BytesIO() if fo is None else fo
    with create_audio(out, rate, x.shape[0], sample_format, x.shape[1]) as writer:  # type: ignore[arg-type]
        for start in range(0, x.shape[1], 7000):
            writer.write(x[:, start : start + 7000])
    assert writer.clipped == 0
    return bytes(out.data) if isinstance(out, Sink) else out.getvalue()  # type: ignore[attr-defined]


def read_all(reader: AudioReader) -> np.ndarray:
    blocks = [np.zeros((reader.channels, 0), np.float32)]
    while (block := reader.read(3000)).shape[1]:
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


# Round trips ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container, subtype", LOSSLESS)
def test_samples_come_back_bit_for_bit(container: str, subtype: str) -> None:
    x = suited(subtype)
    data = written(x, SampleFormat(container, subtype))
    piped = written(x, SampleFormat(container, subtype), fo=Sink())
    if container != "aiff" or subtype not in ("FLOAT", "DOUBLE"):  # those carry the time of writing
        assert piped == data
    for source in (io.BytesIO(data), Pipe(piped)):
        with open_audio(source) as reader:  # type: ignore[arg-type]
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
    for out in (None, Sink()):
        data = written(x, SampleFormat("ogg", subtype), rate, out)
        for source in (io.BytesIO(data), Pipe(data)):
            with open_audio(source) as reader:  # type: ignore[arg-type]
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


@pytest.mark.parametrize("container", ["w64", "flac", "wav"])
def test_tags_without_a_place_are_named(container: str) -> None:
    with create_audio(io.BytesIO(), 8000, 1, SampleFormat(container), 0, (("X_Y", "1"),)) as writer:
        pass
    assert len(writer.warnings) == 1
    assert "X_Y" in writer.warnings[0]


@pytest.mark.parametrize("container", ["wav", "flac", "aiff", "w64", "raw"])
def test_clipping_is_counted(container: str) -> None:
    for out in (io.BytesIO(), Sink()):
        with create_audio(out, 8000, 2, SampleFormat(container), 4) as writer:  # type: ignore[arg-type]
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


# What the nearest format is ------------------------------------------------------------------------------


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
    for out in (io.BytesIO(), Sink()):
        with pytest.raises(AudioError, match=what):
            create_audio(out, rate, channels, SampleFormat(container))  # type: ignore[arg-type]


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


# By content ----------------------------------------------------------------------------------------------

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
    for source in (path, io.BytesIO(data), Pipe(data)):
        with pytest.raises(AudioError, match=what) as caught:
            open_audio(source)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(not which("ffmpeg"), reason="ffmpeg is not installed")
def test_a_real_mp3_is_refused(tmp_path: Path) -> None:
    wav = written(noise(8), SampleFormat())
    for extra in ([], ["-write_id3v2", "0", "-write_xing", "0"]):
        path = tmp_path / "x.wav"
        path.write_bytes(_ffmpeg(wav, *extra, "-f", "mp3"))
        with pytest.raises(AudioError, match="MP3"):
            open_audio(path)


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
        open_audio(Pipe(out.read_bytes()))  # type: ignore[arg-type]


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
    for source in (io.BytesIO(data), Pipe(data)):
        with open_audio(source) as reader:  # type: ignore[arg-type]
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


# Trouble with the file objects ---------------------------------------------------------------------------


class Failing(io.BytesIO):
    """Fails after so many bytes, as a full disk does."""

    def __init__(self, room: int, data: bytes = b"") -> None:
        super().__init__(data)
        self._room = room

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._room -= len(data)
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
        open_audio(Pipe(b"fLaC" + bytes(20_000)))  # type: ignore[arg-type]


def test_an_abandoned_writer_lets_go(tmp_path: Path) -> None:
    for container in CONTAINERS:
        sink = Sink()
        chosen = writable_format(SampleFormat(container), 44100)
        for target in (tmp_path / container, sink):
            with pytest.raises(KeyboardInterrupt), create_audio(target, 44100, 1, chosen) as writer:  # type: ignore[arg-type]
                writer.write(noise(16, 1))
                raise KeyboardInterrupt


# In memory -----------------------------------------------------------------------------------------------


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


def test_a_wav_with_an_unknown_code_in_a_pipe_names_it() -> None:
    fmt = struct.pack("<HHIIHH", 0x2000, 1, 8000, 8000, 1, 8)
    data = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + fmt + b"data\0\0\0\0"
    for source in (io.BytesIO(data), Pipe(data)):
        with pytest.raises(AudioError, match="0x2000"):
            open_audio(source)  # type: ignore[arg-type]
