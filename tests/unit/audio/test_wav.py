"""WAV and RF64, read: what the wave module, libsndfile, sox and ffmpeg write, and byte by byte."""

from __future__ import annotations

import io
import struct
import subprocess
import wave
from shutil import which

import numpy as np
import pytest
import soundfile
from streams import Pipe
from waves import X, chunk, extensible, fmt, opened, pcm8, read_all, riff

from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.samples import ENCODINGS, WAV_SUBTYPES, decode_pcm
from dpcodec.audio.wav import WavReader, read_header
from dpcodec.errors import AudioError


@pytest.fixture(params=[False, True], ids=["file", "pipe"])
def piped(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_plain_wav(piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8())), piped)
    assert (reader.sample_rate, reader.channels, reader.samples) == (8000, 2, 100)
    np.testing.assert_array_equal(read_all(reader), X)
    assert reader.warnings == []


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_what_the_wave_module_writes(width: int, piped: bool) -> None:
    rng = np.random.default_rng(width)
    data = rng.integers(0, 256, 3 * 50 * width, dtype=np.uint8).tobytes()
    fo = io.BytesIO()
    with wave.open(fo, "wb") as out:
        out.setnchannels(3)
        out.setsampwidth(width)
        out.setframerate(11025)
        out.writeframes(data)
    reader = opened(fo.getvalue(), piped)
    assert reader.sample_format.subtype == ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"][width - 1]
    encoding = ENCODINGS[["u8", "s16le", "s24le", "s32le"][width - 1]]
    np.testing.assert_array_equal(read_all(reader), decode_pcm(data, encoding, 3))


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
def test_what_libsndfile_writes(container: str, subtype: str, piped: bool) -> None:
    fo = io.BytesIO()
    soundfile.write(fo, X.T, 44100, subtype, None, container)
    reader = opened(fo.getvalue(), piped)
    assert reader.sample_format.subtype == subtype
    assert reader.sample_format.container == ("rf64" if container == "RF64" else "wav")
    assert (reader.samples, reader.sample_rate) == (100, 44100)
    fo.seek(0)
    expected = soundfile.read(fo, dtype="float32", always_2d=True)[0].T
    np.testing.assert_array_equal(read_all(reader), expected)
    assert reader.warnings == []


@pytest.mark.parametrize(
    "code, bits, valid, subtype", [(1, 32, 24, "PCM_24"), (1, 24, 20, "PCM_24"), (1, 16, 12, "PCM_16")]
)
def test_fewer_valid_bits_than_the_container_has(code: int, bits: int, valid: int, subtype: str) -> None:
    data = (np.arange(-8, 8) * 2 ** (bits - 5)).astype("<i4")
    body = b"".join(int(v).to_bytes(bits // 8, "little", signed=True) for v in data)
    reader = opened(riff(chunk(b"fmt ", extensible(code, 1, bits, valid)), chunk(b"data", body)))
    assert reader.sample_format.subtype == subtype
    np.testing.assert_array_equal(read_all(reader)[0], np.arange(-8, 8) / 16)


def test_a_12_bit_wav_is_left_aligned_in_16(piped: bool) -> None:
    body = struct.pack("<4h", 0, 16384, -32768, 16)
    reader = opened(riff(chunk(b"fmt ", fmt(1, 1, 8000, 12)), chunk(b"data", body)), piped)
    assert read_all(reader).tolist() == [[0.0, 0.5, -1.0, 16 / 32768]]


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000])
def test_placeholder_lengths_are_read_to_the_end(declared: int, piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8(), declared)), piped)
    assert reader.samples == (None if piped else 100)
    np.testing.assert_array_equal(read_all(reader), X)
    assert len(reader.warnings) == 1


@pytest.mark.parametrize("declared", [201, 300, 100000])
def test_a_length_beyond_the_file(declared: int, piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8(), declared)), piped)
    np.testing.assert_array_equal(read_all(reader), X)
    assert len(reader.warnings) == 1


def test_one_byte_short(piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8()))[:-1], piped)
    np.testing.assert_array_equal(read_all(reader), X[:, :99])
    assert len(reader.warnings) == 1


def test_a_length_shorter_than_the_audio_is_believed(piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8(), 120)), piped)
    np.testing.assert_array_equal(read_all(reader), X[:, :60])
    assert reader.warnings in (
        ["bytes after the audio are left out"],
        ["80 bytes after the audio are left out"],
    )


def test_no_samples(piped: bool) -> None:
    reader = opened(riff(chunk(b"fmt ", fmt()), chunk(b"data", b"")), piped)
    assert reader.samples == (None if piped else 0)
    assert read_all(reader).shape == (2, 0)
    tagged = riff(chunk(b"fmt ", fmt()), chunk(b"data", b""), chunk(b"LIST", b"INFOINAM\2\0\0\0a\0"))
    reader = opened(tagged)
    assert (reader.samples, reader.tags, reader.warnings) == (0, (("TITLE", "a"),), [])


def test_odd_chunks_with_and_without_padding(piped: bool) -> None:
    junk = chunk(b"JUNK", b"abc")
    for extra in (junk, junk[:-1]):
        data = riff(extra, chunk(b"fmt ", fmt()), extra, chunk(b"data", pcm8()))
        reader = opened(data, piped)
        np.testing.assert_array_equal(read_all(reader), X)
        assert reader.warnings == []


def test_odd_data_and_a_list_after_it(piped: bool) -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"IART", b"me\0"))
    x = X[:1, :99]
    reader = opened(riff(chunk(b"fmt ", fmt(channels=1)), chunk(b"data", pcm8(x)), info), piped)
    np.testing.assert_array_equal(read_all(reader), x)
    assert reader.tags == (() if piped else (("ARTIST", "me"),))
    assert len(reader.warnings) == piped


def test_info_before_the_data_is_read_from_pipes_too(piped: bool) -> None:
    info = (
        b"INFO" + chunk(b"INAM", "schön\0".encode()) + chunk(b"ICMT", b"caf\xe9\0\0") + chunk(b"ISRC", b"x")
    )
    data = riff(
        chunk(b"fmt ", fmt()), chunk(b"LIST", info), chunk(b"LIST", b"adtlxxxx"), chunk(b"data", pcm8())
    )
    reader = opened(data, piped)
    assert reader.tags == (("TITLE", "schön"), ("COMMENT", "café"), ("ISRC", "x"))
    np.testing.assert_array_equal(read_all(reader), X)


@pytest.mark.parametrize(
    "data, what",
    [
        (riff(chunk(b"fmt ", fmt()[:14]), chunk(b"data", pcm8())), "fmt chunk is cut short"),
        (riff(chunk(b"fmt ", fmt()))[:30], "within its fmt"),
        (riff(chunk(b"fmt ", extensible(1, 2, 16, 16)[:30]), chunk(b"data", b"")), "cut short"),
        (riff(chunk(b"data", pcm8()), chunk(b"fmt ", fmt())), "no fmt"),
        (riff(chunk(b"fmt ", fmt())), "before its data"),
        (riff(chunk(b"fmt ", fmt(rate=0)), chunk(b"data", pcm8())), "rate is 0"),
        (riff(chunk(b"fmt ", fmt(rate=1048576)), chunk(b"data", pcm8())), "rate is 1048576"),
        (riff(chunk(b"fmt ", fmt(channels=0)), chunk(b"data", pcm8())), "0 channels"),
        (riff(chunk(b"fmt ", fmt(channels=256)), chunk(b"data", pcm8())), "256 channels"),
        (riff(chunk(b"fmt ", fmt(align=3)), chunk(b"data", pcm8())), "block of 3"),
        (riff(chunk(b"fmt ", fmt(align=0)), chunk(b"data", pcm8())), "block of 0"),
        (riff(chunk(b"fmt ", fmt(bits=0)), chunk(b"data", pcm8())), "0-bit"),
        (riff(chunk(b"fmt ", fmt(bits=64)), chunk(b"data", pcm8())), "64-bit integers"),
        (riff(chunk(b"fmt ", fmt(code=3, bits=16)), chunk(b"data", pcm8())), "16-bit float"),
        (riff(chunk(b"fmt ", fmt(code=0x55)), chunk(b"data", pcm8())), "0x0055"),
        (riff(chunk(b"fmt ", extensible(1, 2, 16, 17)), chunk(b"data", pcm8())), "17 valid"),
        (b"RIFF\0\0\0\0AVI LIST", "not WAVE"),
        (b"RIFF", "RIFF header"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(data: bytes, what: str, piped: bool) -> None:
    with pytest.raises(AudioError, match=what) as caught:
        opened(data, piped)
    assert "\n" not in str(caught.value)


def test_255_channels_and_the_ends_of_the_rates(piped: bool) -> None:
    x = (np.arange(255 * 3).reshape(255, 3) % 256 / 128 - 1).astype(np.float32)
    for rate in (1, 1048575):
        data = riff(chunk(b"fmt ", fmt(channels=255, rate=rate)), chunk(b"data", pcm8(x)))
        reader = opened(data, piped)
        assert reader.sample_rate == rate
        np.testing.assert_array_equal(read_all(reader), x)


@pytest.mark.parametrize("declared", [200, 0, 2**64 - 1])
def test_rf64_lengths(declared: int, piped: bool) -> None:
    ds64 = struct.pack("<QQQI", 0, declared, 100, 0)
    data = riff(
        chunk(b"ds64", ds64), chunk(b"fmt ", fmt()), chunk(b"data", pcm8(), 0xFFFFFFFF), magic=b"RF64"
    )
    reader = opened(data, piped)
    assert reader.samples == (None if piped and declared != 200 else 100)
    np.testing.assert_array_equal(read_all(reader), X)
    assert len(reader.warnings) == (declared != 200)


def test_what_follows_the_audio_in_a_pipe_is_read_too() -> None:
    """Else the program that writes it would meet a closed pipe."""
    pipe = Pipe(riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8()), chunk(b"LIST", bytes(3000))), 1 << 20)
    source = ByteSource(pipe)
    reader = WavReader(source, read_header(source))
    read_all(reader)
    assert pipe.read(1) == b""
    assert reader.warnings == ["chunks after the audio of a pipe are left out: give a file to keep them"]


@pytest.mark.skipif(not which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"])
def test_a_pipe_from_ffmpeg(codec: str) -> None:
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000:duration=0.5"]
    command = ["ffmpeg", "-v", "error", "-nostdin", *tone, "-c:a", codec, "-f", "wav", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert isinstance(process.stdout, io.BufferedReader)
        source = ByteSource(process.stdout)
        reader = WavReader(source, read_header(source))
        x = read_all(reader)
    assert process.returncode == 0
    assert (reader.samples, x.shape, len(reader.warnings)) == (None, (1, 4000), 1)
    expected = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000) / 8
    np.testing.assert_allclose(x[0], expected, atol=0.009 if codec == "pcm_u8" else 1e-3)


@pytest.mark.skipif(not which("sox"), reason="sox is not installed")
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_a_pipe_from_sox(bits: int) -> None:
    data = riff(chunk(b"fmt ", fmt()), chunk(b"data", pcm8()))
    command = ["sox", "-V1", "-D", "-t", "wav", "-", "-b", str(bits), "-t", "wav", "-"]
    out = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    reader = opened(out, piped=True)
    np.testing.assert_array_equal(read_all(reader), X)
    assert reader.sample_format.subtype == {8: "PCM_U8", 16: "PCM_16", 24: "PCM_24", 32: "PCM_32"}[bits]
