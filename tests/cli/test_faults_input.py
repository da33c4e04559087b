"""Faults 1 to 13 of the audio that is given. Numbers are those of docs/cli.md."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import MakeFile, Run, Spawn

MASKS = ("energy", "random", "columns:1-2")


def wav_bytes(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> bytes:
    """[N] or [N, C] -> a canonical WAV file."""
    out = io.BytesIO()
    soundfile.write(out, samples, rate, subtype=subtype, format="WAV")
    return out.getvalue()


def ramp(samples: int) -> np.ndarray:
    return (np.arange(samples) % 200 - 100).astype(np.int16) * 100


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_fault_01_nan_names_the_first_sample(cli: Run, tmp_path: Path, value: float) -> None:
    samples = np.full((3000, 2), 0.25, np.float32)
    samples[1234, 1] = samples[2000, 0] = value
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    cli("encode", tmp_path / "a.wav").fails(3, "a.wav", "sample 1234", "--sanitize")
    assert not (tmp_path / "a.dpc").exists()

    done = cli("encode", tmp_path / "a.wav", "--sanitize").succeeds()
    assert "warning: 2 samples" in done.err
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "--solver", "none").succeeds()
    assert np.isfinite(soundfile.read(tmp_path / "b.wav")[0]).all()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("samples", [0, 1, 1023, 1024, 1025, 2047, 2048, 2049])
def test_faults_02_and_03_short_lengths_come_back(cli: Run, tmp_path: Path, mask: str, samples: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(ramp(samples)))
    cli("encode", tmp_path / "a.wav", "--mask", mask, "--drop", "0.3").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "--solver", "none").succeeds()
    info = soundfile.info(tmp_path / "b.wav")
    assert (info.frames, info.samplerate, info.subtype) == (samples, 8000, "PCM_16")


def test_fault_04_silence_is_small_and_exact(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(np.zeros((10 * 44100, 2), np.int16), 44100))
    cli("encode", tmp_path / "a.wav").succeeds()
    assert (tmp_path / "a.dpc").stat().st_size < 3000
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav").succeeds()
    back, _ = soundfile.read(tmp_path / "b.wav", dtype="int16")
    assert back.shape == (441000, 2)
    assert not back.any()


@pytest.mark.parametrize("mask", ["energy", "random"])
def test_fault_04_a_silent_channel_stays_silent(cli: Run, tmp_path: Path, mask: str) -> None:
    samples = np.zeros((20000, 2), np.float32)
    samples[:, 0] = 0.3 * np.sin(np.arange(20000) / 7)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    cli("encode", tmp_path / "a.wav", "--mask", mask).succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav").succeeds()
    back, _ = soundfile.read(tmp_path / "b.wav", dtype="float32")
    assert not back[:, 1].any()
    assert back[:, 0].any()


HOSTILE = {
    "dc": np.full(40000, 0.5),
    "square": np.where(np.arange(40000) // 50 % 2, 1.0, -1.0),
    "impulse": np.eye(1, 40000, 20000)[0],
    "denormals": np.full(40000, 1e-40) * np.where(np.arange(40000) % 2, 1, -1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_fault_05_hostile_signals_stay_finite(cli: Run, tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / "a.wav", HOSTILE[name].astype(np.float32), 8000, subtype="FLOAT")
    for mask in ("energy", "random"):
        cli("encode", tmp_path / "a.wav", "--mask", mask, "-f").succeeds()
        cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "-f", "--device", "cpu").succeeds()
        back, _ = soundfile.read(tmp_path / "b.wav")
        assert back.shape == (40000,)
        assert np.isfinite(back).all()
        assert np.abs(back).max() < 4


def test_fault_06_beyond_full_scale(cli: Run, tmp_path: Path) -> None:
    loud = (4 * np.sin(np.arange(30000) / 9)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", loud, 8000, subtype="FLOAT")
    cli("encode", tmp_path / "a.wav", "--drop", "0").succeeds()

    cli("decode", tmp_path / "a.dpc", tmp_path / "float.wav").succeeds()
    assert np.abs(soundfile.read(tmp_path / "float.wav")[0]).max() > 3.9

    done = cli("decode", tmp_path / "a.dpc", tmp_path / "clipped.wav", "--format", "pcm16").succeeds()
    clipped, _ = soundfile.read(tmp_path / "clipped.wav", dtype="int16")
    count = int(done.err.split("warning: ")[1].split()[0])
    assert abs(count - np.count_nonzero(np.abs(loud) > 1)) < 300
    assert clipped.max() == 32767

    done = cli("decode", tmp_path / "a.dpc", tmp_path / "scaled.wav", "--format", "pcm16", "--rescale")
    assert "clipped" not in done.succeeds().err
    scaled, _ = soundfile.read(tmp_path / "scaled.wav", dtype="int16")
    assert 32700 <= np.abs(scaled.astype(int)).max() <= 32768
    assert np.corrcoef(scaled[2000:-2000], loud[2000:-2000])[0, 1] > 0.999


FORMATS = [
    ("wav", "WAV", "PCM_U8"),
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "PCM_32"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAV", "DOUBLE"),
    ("wav", "WAVEX", "PCM_24"),
    ("wav", "RF64", "PCM_16"),
    ("w64", "W64", "PCM_16"),
    ("aiff", "AIFF", "PCM_S8"),
    ("aiff", "AIFF", "PCM_24"),
    ("flac", "FLAC", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
]


@pytest.mark.parametrize(("suffix", "container", "subtype"), FORMATS)
def test_fault_07_depth_and_rate_come_back(
    cli: Run, tone: MakeFile, tmp_path: Path, suffix: str, container: str, subtype: str
) -> None:
    source = tone(f"a.{suffix}", 0.3, 22050, 2, subtype, container)
    cli("encode", source).succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / f"b.{suffix}", "--solver", "none").succeeds()
    before, after = soundfile.info(source), soundfile.info(tmp_path / f"b.{suffix}")
    assert after.subtype == subtype
    assert after.format.removesuffix("EX") in (container.removesuffix("EX"), "WAV")
    assert (after.samplerate, after.channels, after.frames) == (22050, 2, before.frames)


@pytest.mark.parametrize("rate", [1, 11025, 96000, 192000, 1048575])
def test_fault_08_any_rate(cli: Run, tmp_path: Path, rate: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(ramp(5000), rate))
    cli("encode", tmp_path / "a.wav", "--max-duration", 1e6).succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "--solver", "none").succeeds()
    info = soundfile.info(tmp_path / "b.wav")
    assert (info.samplerate, info.frames) == (rate, 5000)


@pytest.mark.parametrize("rate", [0, 1048576])
def test_fault_08_rate_out_of_range(cli: Run, tmp_path: Path, rate: int) -> None:
    data = bytearray(wav_bytes(ramp(500)))
    data[24:28] = struct.pack("<I", rate)
    (tmp_path / "a.wav").write_bytes(data)
    cli("encode", tmp_path / "a.wav").fails(3, f"{rate} Hz")


@pytest.mark.parametrize("channels", [8, 255])
def test_fault_09_many_channels(cli: Run, tmp_path: Path, channels: int) -> None:
    samples = np.outer(np.sin(np.arange(900) / 5), np.arange(1, channels + 1) / channels)
    (tmp_path / "a.wav").write_bytes(wav_bytes(samples))
    cli("encode", tmp_path / "a.wav", "--drop", "0.2", "--parts", "1").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "--solver", "none").succeeds()
    back, _ = soundfile.read(tmp_path / "b.wav")
    assert back.shape == (900, channels)
    loudness = np.abs(back).mean(axis=0)
    assert loudness.argmax() > channels / 2 > loudness.argmin(), "the order of channels is kept"


def test_fault_09_too_many_channels(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(np.zeros((10, 256), np.int16)))
    cli("encode", tmp_path / "a.wav").fails(3, "256")


LENGTHS = {
    "zero": (0, 0),
    "unknown": (0xFFFFFFFF, 0),
    "byte short": (6000, -1),
    "longer than the file": (9000, 0),
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("pipe", [False, True], ids=["file", "pipe"])
def test_fault_10_wrong_wav_length(command: Run, cli: Run, tmp_path: Path, name: str, pipe: bool) -> None:
    declared, cut = LENGTHS[name]
    data = bytearray(wav_bytes(ramp(3000)))
    data[40:44] = struct.pack("<I", declared)
    data = data[: len(data) + cut]
    (tmp_path / "a.wav").write_bytes(data)
    target = tmp_path / "a.dpc"
    if pipe:
        done = command("encode", "-", target, input=bytes(data))
    else:
        done = cli("encode", tmp_path / "a.wav", target)
    assert done.code == 0
    assert done.err.count("warning: ") <= 1
    if name != "unknown":  # what every program writes into a pipe is no fault
        assert done.err.count("warning: ") == 1
    assert cli("info", target, "--json").json["samples"] == 3000 - (cut < 0)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_fault_11_odd_chunks_are_skipped(cli: Run, tmp_path: Path) -> None:
    fmt = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    data = chunk(b"data", ramp(3000).tobytes())
    title = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A song\0"))
    files = {
        "odd": riff(fmt, chunk(b"odd ", b"x"), data),
        "list": riff(fmt, data, title),
        "junk": riff(chunk(b"JUNK", bytes(28)), fmt, data),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.wav").write_bytes(content)
        cli("encode", tmp_path / f"{name}.wav").succeeds()
        assert cli("info", tmp_path / f"{name}.dpc", "--json").json["samples"] == 3000, name

    (tmp_path / "fmt.wav").write_bytes(riff(chunk(b"fmt ", bytes(6)), data))
    cli("encode", tmp_path / "fmt.wav").fails(3, "fmt.wav")


def test_fault_12_content_decides(cli: Run, dpc: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no audio\n" * 100)
    cli("encode", tmp_path / "text.wav").fails(3, "text.wav")
    (tmp_path / "empty.wav").write_bytes(b"")
    cli("encode", tmp_path / "empty.wav").fails(3, "empty.wav")
    (tmp_path / "mp3.wav").write_bytes(b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + bytes(2000))
    cli("encode", tmp_path / "mp3.wav").fails(3, "mp3.wav")
    (tmp_path / "dpc.wav").write_bytes(dpc.read_bytes())
    cli("encode", tmp_path / "dpc.wav", tmp_path / "x.dpc").fails(3, "already")


def test_fault_13_folder_and_missing_file(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for verb in (["encode"], ["decode"], ["info"], ["test"]):
        cli(*verb, tmp_path / "folder").fails(2, "folder")
        cli(*verb, tmp_path / "nothing").fails(3, "no such file")
    cli("repair", tmp_path / "nothing", tmp_path / "out.dpc").fails(3, "no such file")


def test_fault_13_fifo(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    data = tone().read_bytes()
    feeder = threading.Thread(target=lambda: fifo.write_bytes(data))
    feeder.start()
    cli("encode", fifo, tmp_path / "a.dpc").succeeds()
    feeder.join()
    assert cli("info", tmp_path / "a.dpc", "--json").json["samples"] == 4000


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_fault_13_endless_input_meets_the_limit(cli: Run, tmp_path: Path) -> None:
    done = cli(
        *("encode", "/dev/zero", "-o", tmp_path / "a.dpc", "--raw", "s16le,8000,1", "--max-duration", "60")
    )
    done.fails(6, "60 s", "--max-duration")
    assert not list(tmp_path.iterdir())
    cli("encode", "/dev/zero", "-o", tmp_path / "a.dpc").fails(3, "/dev/zero")
    assert cli("decode", "/dev/zero", "-o", tmp_path / "a.wav").code in (4, 6)


def test_standard_input_is_read_only_if_asked_for(spawn: Spawn, tone: MakeFile, tmp_path: Path) -> None:
    receive, send = os.pipe()
    process = spawn("encode", tone(), tmp_path / "a.dpc", stdin=receive)
    assert process.wait(timeout=20) == 0, "it would wait for ever on a pipe that nobody writes to"
    os.close(send)
    os.close(receive)


def test_pipes_on_both_ends(command: Run, tone: MakeFile) -> None:
    data = tone(seconds=1).read_bytes()
    coded = command(
        "encode", "-", "-", "--mask", "random", "--drop", "0.3", "--seed", "7", input=data
    ).succeeds()
    back = command("decode", "-", "-", input=coded.out).succeeds()
    assert soundfile.info(io.BytesIO(back.out)).frames == 8000
    assert command("encode", "-", input=data).succeeds().out[1:4] == b"DPC", "- alone goes to standard output"


def test_raw_in_and_out(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(ramp(6000).tobytes())
    cli("encode", tmp_path / "a.raw", "--raw", "s16le,44100,2", "--drop", "0", "--snr", "90").succeeds()
    info = cli("info", tmp_path / "a.dpc", "--json").json
    assert (info["samples"], info["channels"], info["sample_rate"]) == (3000, 2, 44100)
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.raw", "--raw", "s16be").succeeds()
    back = np.fromfile(tmp_path / "b.raw", ">i2").astype(int)
    assert np.abs(back - ramp(6000)).max() <= 2
    cli("encode", tmp_path / "a.raw", "-f", "--raw", "s17le,44100,2").fails(2, "s17le")
    cli("encode", tmp_path / "a.raw", "-f", "--raw", "s16le").fails(2, "s16le")
