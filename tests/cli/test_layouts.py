"""Speaker layouts: which speakers channels are for, there and back, by the word of other programs."""

from __future__ import annotations

import struct
from pathlib import Path

import foreign
import pytest
import soundfile
from command_line import Run
from foreign import call, chunk, chunks, need, probe, wave

LAYOUTS = {
    "5.1": (6, 0x3F),
    "5.1(side)": (6, 0x60F),
    "quad": (4, 0x33),
    "4.0": (4, 0x107),
    "7.1": (8, 0x63F),
    "3.0": (3, 0x7),
    "downmix": (2, 0x60000000),
}


def mask_of(path: Path) -> int:
    """The channel mask in a WAV file's format chunk."""
    body = dict(chunks(path.read_bytes()))[b"fmt "]
    mask: int = struct.unpack_from("<I", body, 20)[0]
    return mask


def laid_out(path: Path, layout: str) -> Path:
    """A WAV file of 16 bits whose channels are for these speakers."""
    channels, mask = LAYOUTS[layout]
    audio = dict(chunks(wave(path, channels).read_bytes()))[b"data"]
    about = (0xFFFE, channels, foreign.RATE, 2 * channels * foreign.RATE, 2 * channels, 16, 22, 16, mask, 1)
    body = struct.pack("<HHIIHHHHIH", *about) + bytes.fromhex("000000001000800000aa00389b71")
    data = b"WAVE" + chunk(b"fmt ", body) + chunk(b"data", audio)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(data)) + data)
    return path


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".caf"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_there_and_back(cli: Run, tmp_path: Path, layout: str, suffix: str) -> None:
    need("ffprobe")
    channels, mask = LAYOUTS[layout]
    source = laid_out(tmp_path / "a.wav", layout)
    assert mask_of(source) == mask
    cli("encode", source, "-q").succeeds()
    middle = tmp_path / f"b{suffix}"
    assert cli("decode", tmp_path / "a.dpc", middle, "-q").succeeds().err == ""
    if suffix != ".aiff" and layout != "downmix":  # what FFmpeg does not read
        said = [probe(path)["streams"][0].get("channel_layout") for path in (source, middle)]
        assert said[0] == said[1]
    cli("encode", middle, "-q").succeeds()
    cli("decode", tmp_path / "b.dpc", tmp_path / "c.wav", "-q").succeeds()
    assert mask_of(tmp_path / "c.wav") == mask
    assert foreign.loudest(soundfile.read(tmp_path / "c.wav")[0]) == list(range(1, channels + 1))


@pytest.mark.parametrize("kind", ["aiff", "caf", "flac"])
@pytest.mark.parametrize("layout", ["5.1", "quad", "4.0"])
def test_files_of_other_programs(cli: Run, tmp_path: Path, layout: str, kind: str) -> None:
    need("ffmpeg")
    source = laid_out(tmp_path / "a.wav", layout)
    foreign_file = tmp_path / f"b.{kind}"
    call("ffmpeg", "-v", "error", "-i", source, foreign_file)
    cli("encode", foreign_file, "-q").succeeds()
    cli("decode", tmp_path / "b.dpc", tmp_path / "c.wav", "-q").succeeds()
    if kind != "aiff":  # FFmpeg writes no layout there
        assert mask_of(tmp_path / "c.wav") == LAYOUTS[layout][1]


@pytest.mark.parametrize("channels", range(3, 9))
def test_flac_that_says_nothing_means_what_flac_says(cli: Run, tmp_path: Path, channels: int) -> None:
    need("flac")
    x, rate = soundfile.read(wave(tmp_path / "a.wav", channels))
    soundfile.write(tmp_path / "a.flac", x, rate)
    call("flac", "-s", "-d", tmp_path / "a.flac", "-o", tmp_path / "b.wav")
    cli("encode", tmp_path / "a.flac", "-q").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "c.wav", "-q").succeeds()
    assert mask_of(tmp_path / "c.wav") == mask_of(tmp_path / "b.wav")


@pytest.mark.parametrize("codec, suffix", [("libvorbis", ".ogg"), ("libopus", ".opus")])
def test_the_order_of_vorbis_and_opus(cli: Run, tmp_path: Path, codec: str, suffix: str) -> None:
    """Both have the centre second and the bass last; WAV has not."""
    need("ffmpeg")
    plain = wave(tmp_path / "plain.wav", 6, rate=48000)
    source = tmp_path / f"a{suffix}"
    layout = ("-channel_layout", "5.1")
    call("ffmpeg", "-v", "error", *layout, "-i", plain, "-c:a", codec, "-b:a", "500k", source)
    cli("encode", source, "-q", "--quality", 10).succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "b.wav", "-q").succeeds()
    assert mask_of(tmp_path / "b.wav") == 0x3F
    heard = foreign.loudest(soundfile.read(tmp_path / "b.wav")[0], 48000)
    call("ffmpeg", "-v", "error", "-i", source, tmp_path / "e.wav")
    assert heard == foreign.loudest(soundfile.read(tmp_path / "e.wav")[0], 48000)
    cli("decode", tmp_path / "a.dpc", tmp_path / f"c{suffix}", "-q").succeeds()
    call("ffmpeg", "-v", "error", "-i", tmp_path / f"c{suffix}", tmp_path / "d.wav")
    assert foreign.loudest(soundfile.read(tmp_path / "d.wav")[0], 48000)[:3] == heard[:3] == [1, 2, 3]


def test_mixing_into_one_channel_forgets_the_layout(cli: Run, tmp_path: Path) -> None:
    cli("encode", laid_out(tmp_path / "a.wav", "5.1"), "-q", "--mono").succeeds()
    assert cli("info", tmp_path / "a.dpc", "--json").json["attachments"] == []


def test_a_layout_that_the_output_cannot_hold_is_named(cli: Run, tmp_path: Path) -> None:
    cli("encode", laid_out(tmp_path / "a.wav", "4.0"), "-q").succeeds()
    for suffix in (".ogg", ".w64", ".au"):
        told = cli("decode", tmp_path / "a.dpc", tmp_path / f"b{suffix}", "-q").succeeds().err
        assert told.count("the speaker layout") == 1
