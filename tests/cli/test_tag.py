"""`dpcodec tag`, `--tag` and `--add-tag`."""

from __future__ import annotations

from pathlib import Path

import foreign
import pytest
from command_line import MakeFile, Run
from foreign import PNG, wave
from streams import ATTACHMENT, INDEX, TAGS, Packet, split

import dpcodec


def audio_packets(path: Path) -> list[Packet]:
    return [p for p in split(path.read_bytes()) if p.type not in (TAGS, ATTACHMENT, INDEX)]


def tags_of(cli: Run, path: Path) -> list[list[str]]:
    found: list[list[str]] = cli("tag", path, "--json").succeeds().json["tags"]
    return found


@pytest.fixture
def coded(cli: Run, tone: MakeFile, tmp_path: Path) -> Path:
    """17 segments and more, so with an index, and two tags."""
    target = tmp_path / "a.dpc"
    tags = ("--tag", "TITLE=One", "--tag", "ARTIST=me", "--add-tag", "ARTIST=you")
    options = ("--profile", "stft", "--n-fft", 64, "--hop", 32)
    cli("encode", tone(seconds=100, rate=1000), target, "-q", *options, *tags).succeeds()
    return target


def test_the_audio_stays_byte_for_byte(cli: Run, coded: Path) -> None:
    before, inode = audio_packets(coded), coded.stat().st_ino
    samples = dpcodec.decode(coded.read_bytes()).samples
    cli("tag", coded, "--tag", "TITLE=" + "long" * 200, "--remove", "artist", "--add-tag", "NEW=1").succeeds()
    assert tags_of(cli, coded) == [["TITLE", "long" * 200], ["NEW", "1"]]
    assert audio_packets(coded) == before
    assert coded.stat().st_ino != inode, "replaced, not written into"
    info = cli("info", coded, "--json").succeeds().json
    assert (info["whole"], info["warnings"]) == (True, []), "the index leads to the new places"
    assert (dpcodec.decode(coded.read_bytes()).samples == samples).all()
    assert [path.name for path in coded.parent.glob(".*")] == []


def test_the_same_edit_gives_the_file_of_the_encoder(cli: Run, coded: Path) -> None:
    before = coded.read_bytes()
    cli("tag", coded, "--clear").succeeds()
    assert tags_of(cli, coded) == []
    cli("tag", coded, *("--tag", "TITLE=One", "--tag", "ARTIST=me", "--tag", "ARTIST=you")).succeeds()
    assert coded.read_bytes() == before


def test_it_shows_what_there_is(cli: Run, coded: Path) -> None:
    cli("tag", coded, "--tag", "TITLE=a\x1b[31m\nb").succeeds()
    assert cli("tag", coded).succeeds().out == b"TITLE=a\\x1b[31m\\nb\nARTIST=me\nARTIST=you\n"


def test_pictures(cli: Run, coded: Path, tmp_path: Path) -> None:
    image, out = tmp_path / "a.png", tmp_path / "out.png"
    image.write_bytes(PNG)
    cli("tag", coded, "--export-picture", out).fails(2, "no picture")
    cli("tag", coded, "--picture", image).succeeds()
    assert "(picture image/png, " in cli("tag", coded).succeeds().out.decode()
    cli("tag", coded, "--export-picture", out).succeeds()
    assert out.read_bytes() == PNG
    cli("tag", coded, "--export-picture", out).fails(2, "exists")
    cli("tag", coded, "--export-picture", out, "-f").succeeds()
    cli("decode", coded, tmp_path / "b.flac", "-q").succeeds()
    assert foreign.probe(tmp_path / "b.flac")["streams"][1]["codec_name"] == "png"
    cli("tag", coded, "--no-pictures").succeeds()
    assert cli("tag", coded, "--json").json["attachments"] == []
    cli("tag", coded, "--picture", tmp_path / "none.png").fails(3, "no such file")


def test_what_is_refused_stays_as_it_is(cli: Run, coded: Path, tmp_path: Path) -> None:
    data = bytearray(coded.read_bytes())
    cli("tag", coded, "--tag", "x").fails(2, "KEY=VALUE")
    cli("tag", coded, "--tag", "K=" + "v" * (1 << 21)).fails(6, "over the limit")
    cli("tag", "-", "--clear").fails(2, "name a file")
    (tmp_path / "text.dpc").write_text("text")
    cli("tag", tmp_path / "text.dpc").fails(4, "not a .dpc file")
    for broken in (data[:-30], data[:100] + b"junk" + data[100:], b"x" + data[1:]):
        coded.write_bytes(broken)
        cli("tag", coded, "--clear").fails(4, "repair")
        assert coded.read_bytes() == broken


def test_damage_of_the_audio_is_copied(cli: Run, coded: Path) -> None:
    data = bytearray(coded.read_bytes())
    data[len(data) // 2] ^= 1
    coded.write_bytes(data)
    assert cli("tag", coded, "--clear").code in (0, 4)
    assert cli("test", coded).code == 5


def test_replacing_and_adding_when_encoding_and_decoding(cli: Run, tmp_path: Path) -> None:
    wave(tmp_path / "a.wav")
    cli("encode", tmp_path / "a.wav", "-q", "--tag", "ARTIST=me", "--tag", "TITLE=t").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "a.flac", "-q").succeeds()
    more = ("--tag", "artist=you", "--tag", "artist=they", "--add-tag", "TITLE=u")
    cli("encode", tmp_path / "a.flac", tmp_path / "b.dpc", "-q", *more).succeeds()
    assert tags_of(cli, tmp_path / "b.dpc") == [
        ["artist", "you"],
        ["artist", "they"],
        ["TITLE", "t"],
        ["TITLE", "u"],
    ]
    cli(
        "decode", tmp_path / "b.dpc", tmp_path / "b.flac", "-q", "--tag", "TITLE=v", "--add-tag", "X=1"
    ).succeeds()
    cli("encode", tmp_path / "b.flac", tmp_path / "c.dpc", "-q", "--no-tags", "--tag", "Y=1").succeeds()
    assert tags_of(cli, tmp_path / "c.dpc") == [["Y", "1"]]
    cli("encode", tmp_path / "b.flac", tmp_path / "c.dpc", "-q", "-f").succeeds()
    assert tags_of(cli, tmp_path / "c.dpc")[2:] == [["TITLE", "v"], ["X", "1"]]
