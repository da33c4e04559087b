"""Metadata of real files, through a `.dpc` file and back into the same kind, read by other programs."""

from __future__ import annotations

import base64
import io
import struct
import sys
from pathlib import Path
from typing import Any

import foreign
import mutagen.aiff
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.oggopus
import mutagen.oggvorbis
import mutagen.wave
import numpy as np
import pytest
import soundfile
from command_line import Run
from foreign import PNG, TAGS, call, chunk, chunks, id3_frames, need, vorbis_tags, wave

import dpcodec


def there_and_back(cli: Run, source: Path, suffix: str, *options: str) -> tuple[Path, str]:
    """Encode and decode; the decoded file and what was said."""
    coded, back = source.with_name("coded.dpc"), source.with_name(f"back{suffix}")
    told = cli("encode", source, coded, "-q", "-f", "--quality", 0, *options).succeeds().err
    again = coded.with_name("again.dpc")
    cli("encode", source, again, "-q", "-f", "--quality", 0, *options).succeeds()
    assert again.read_bytes() == coded.read_bytes()
    return back, told + cli("decode", coded, back, "-q", "-f").succeeds().err


def blocks(path: Path, name: str) -> list[str]:
    """What metaflac says of the blocks of a kind, but for where they stand."""
    lines = call("metaflac", "--list", f"--block-type={name}", path).decode().splitlines()
    return [line for line in lines if "METADATA block" not in line and "is last" not in line]


def flac_picture() -> mutagen.flac.Picture:
    picture = mutagen.flac.Picture()
    picture.type, picture.mime, picture.desc, picture.data = 4, "image/png", "Rückseite", PNG
    picture.width, picture.height, picture.depth = 1, 1, 24
    return picture


def same_frames(found: Any, expected: Any) -> None:
    assert len(expected) == len(id3_frames())
    assert {key: repr(f) for key, f in found.items()} == {key: repr(f) for key, f in expected.items()}


def test_flac(cli: Run, tmp_path: Path) -> None:
    need("flac", "metaflac")
    wave(tmp_path / "a.wav")
    source, image, sheet = tmp_path / "a.flac", tmp_path / "a.png", tmp_path / "a.cue"
    image.write_bytes(PNG)
    tracks = [f"  TRACK 0{n} AUDIO\n    INDEX 01 00:00:{start}\n" for n, start in ((1, "00"), (2, "10"))]
    sheet.write_text('FILE "a.wav" WAVE\n' + "".join(tracks))
    options = [f"--tag={key}={value}" for key, values in TAGS.items() for value in values]
    call(
        "flac",
        "-s",
        *options,
        f"--picture=4|image/png|Rückseite||{image}",
        f"--cuesheet={sheet}",
        tmp_path / "a.wav",
        "-o",
        source,
    )
    file: Any = mutagen.flac.FLAC(source)
    block: Any = mutagen.flac.MetadataBlock(b"test\0\1\2")
    block.code = 2
    file.metadata_blocks.append(block)
    file.save()
    back, told = there_and_back(cli, source, ".flac")
    assert told == ""
    for name in ("PICTURE", "CUESHEET", "APPLICATION"):
        assert blocks(source, name) == blocks(back, name) != []
    assert vorbis_tags(mutagen.flac.FLAC(back).tags) == TAGS
    assert call("metaflac", "--show-tag=ARTIST", back) == b"ARTIST=One\nARTIST=Two\n"
    call("flac", "-t", "-s", back)


def test_ogg_vorbis(cli: Run, tmp_path: Path) -> None:
    need("ffmpeg")
    source = tmp_path / "a.ogg"
    call("ffmpeg", "-v", "error", "-i", wave(tmp_path / "a.wav"), "-c:a", "libvorbis", source)
    file: Any = mutagen.oggvorbis.OggVorbis(source)
    file.tags[:] = [(k, v) for k, vs in TAGS.items() for v in vs]
    picture = flac_picture().write()
    file.tags.append(("METADATA_BLOCK_PICTURE", base64.b64encode(picture).decode()))
    file.save()
    back, told = there_and_back(cli, source, ".ogg")
    assert told == ""
    found: Any = mutagen.oggvorbis.OggVorbis(back).tags
    assert vorbis_tags(found) == TAGS
    assert base64.b64decode(found["METADATA_BLOCK_PICTURE"][0]) == picture


def test_opus(cli: Run, tmp_path: Path) -> None:
    need("opusenc")
    image = tmp_path / "a.png"
    image.write_bytes(PNG)
    source = tmp_path / "a.opus"
    options = [f"--comment={key}={value}" for key, values in TAGS.items() for value in values]
    call("opusenc", "--quiet", *options, "--picture", image, wave(tmp_path / "a.wav", rate=48000), source)
    back, told = there_and_back(cli, source, ".opus")
    assert told == ""
    before: Any
    after: Any
    before, after = (mutagen.oggopus.OggOpus(p).tags for p in (source, back))
    assert vorbis_tags(after) == vorbis_tags(before) == TAGS
    assert after["METADATA_BLOCK_PICTURE"] == before["METADATA_BLOCK_PICTURE"]
    assert foreign.probe(back)["streams"][0]["codec_name"] == "opus"


BEXT = b"A description".ljust(256, b"\0") + b"Originator".ljust(64, b"\0") + bytes(282)
IXML = b'<?xml version="1.0"?><BWFXML><SCENE>7</SCENE></BWFXML>'
CUE = struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 4000, b"data", 0, 0, 4000)
ADTL = b"adtl" + chunk(b"labl", struct.pack("<I", 1) + b"Mark\0")


def test_wav(cli: Run, tmp_path: Path) -> None:
    source = wave(tmp_path / "a.wav")
    names = ((b"INAM", "Müll"), (b"IART", "One"), (b"IENG", "Engineer"))
    info = b"INFO" + b"".join(chunk(name, f"{text}\0".encode()) for name, text in names)
    kept = [(b"bext", BEXT), (b"iXML", IXML), (b"cue ", CUE), (b"LIST", ADTL), (b"odd!", b"\0\1\2")]
    foreign.add_chunks(source, chunk(b"LIST", info) + b"".join(chunk(*item) for item in kept))
    back, told = there_and_back(cli, source, ".wav")
    assert told == ""
    found = chunks(back.read_bytes())
    assert [item for item in found if item in kept] == kept
    assert (b"LIST", info) in found
    again, told = there_and_back(cli, source, ".wav", "--rate", "22050")
    assert "the RIFF chunk cue would name other samples" in told
    assert b"cue " not in [name for name, _ in chunks(again.read_bytes())]
    back, told = there_and_back(cli, source, ".flac")
    assert "FLAC has no place for the RIFF chunk bext, the RIFF chunk iXML" in told


@pytest.mark.parametrize("suffix", [".wav", ".aiff"])
def test_id3_in_chunks(cli: Run, tmp_path: Path, suffix: str) -> None:
    need("sox")
    source = tmp_path / f"a{suffix}"
    call("sox", wave(tmp_path / "b.wav"), source)
    kind: Any = mutagen.wave.WAVE if suffix == ".wav" else mutagen.aiff.AIFF
    file = kind(source)
    file.add_tags()
    for frame in id3_frames():
        file.tags.add(frame)
    file.save()
    back, told = there_and_back(cli, source, suffix)
    assert told == ""
    same_frames(kind(back).tags, kind(source).tags)
    assert foreign.probe(back)["format"]["tags"]["album_artist" if suffix == ".aiff" else "title"]
    listed = cli("tag", source.with_name("coded.dpc")).succeeds().out.decode()
    for line in (
        "TITLE=Müll",
        "ARTIST=Two",
        "MUSICBRAINZ_TRACKID=0123",
        "CHAPTER001NAME=Chapter",
        "image/png",
    ):
        assert line in listed
    _, told = there_and_back(cli, source, ".flac")
    assert told.count("PRIV") == 1


def test_aiff_chunks(cli: Run, tmp_path: Path) -> None:
    need("sox")
    source = tmp_path / "a.aiff"
    call("sox", wave(tmp_path / "b.wav"), source)
    mark = struct.pack(">HHI", 1, 1, 4000) + b"\4Mark\0"
    kept = [(b"MARK", mark), (b"APPL", b"test\0"), (b"NAME", "Müll".encode())]
    kept += [(b"ANNO", b"first"), (b"ANNO", b"second")]
    foreign.add_chunks(source, b"".join(chunk(*item, ">") for item in kept), ">")
    back, told = there_and_back(cli, source, ".aiff")
    assert told == ""
    found = chunks(back.read_bytes(), ">")
    assert sorted(item for item in found if item in kept) == sorted(kept)
    assert call("sox", back, "-n", "stat") == b""


def test_mp3(cli: Run, tmp_path: Path) -> None:
    need("lame")
    source = tmp_path / "a.mp3"
    call("lame", "-S", wave(tmp_path / "a.wav"), source)
    tag = mutagen.id3.ID3()
    for frame in id3_frames():
        tag.add(frame)
    tag.save(source)
    back, told = there_and_back(cli, source, ".wav")
    assert told == ""
    same_frames(mutagen.wave.WAVE(back).tags, mutagen.id3.ID3(source))
    assert cli("info", tmp_path / "coded.dpc", "--json").json["samples"] == round(0.3 * foreign.RATE)
    assert cli("info", tmp_path / "coded.dpc", "--json").json["container"] == "mp3"
    cli("decode", tmp_path / "coded.dpc", tmp_path / "c.mp3").fails(2, ".mp3", "not written")


@pytest.mark.parametrize("suffix", [".wav", ".aiff"])
def test_a_tag_without_a_value_is_named_where_only_id3_could_hold_it(
    cli: Run, tmp_path: Path, suffix: str
) -> None:
    source = wave(tmp_path / "a.wav")
    cli("encode", source, "-q", "--tag", "TITLE=", "--tag", "MOOD=").succeeds()
    told = cli("decode", tmp_path / "a.dpc", tmp_path / f"b{suffix}", "-q").succeeds().err
    assert "no place for the tags MOOD: left out" in told
    assert cli("decode", tmp_path / "a.dpc", tmp_path / "b.flac", "-q").succeeds().err == ""


def test_other_tags_of_mp3(cli: Run, tmp_path: Path) -> None:
    need("lame")
    source = tmp_path / "a.mp3"
    call("lame", "-S", wave(tmp_path / "a.wav"), source)
    ape: Any = mutagen.apev2.APEv2()
    ape["REPLAYGAIN_TRACK_GAIN"], ape["Title"] = "-3 dB", "Other"
    ape.save(source)
    oldest = b"TAG" + b"Old".ljust(30, b"\0") + b"Me".ljust(30, b"\0") + bytes(64) + b"\xff"
    source.write_bytes(source.read_bytes() + oldest)
    there_and_back(cli, source, ".flac")
    listed = cli("tag", tmp_path / "coded.dpc", "--json").json["tags"]
    found = {key.upper(): value for key, value in listed}
    assert (found["TITLE"], found["ARTIST"], found["REPLAYGAIN_TRACK_GAIN"]) == ("Old", "Me", "-3 dB")


def test_foreign_metadata_in_flac(cli: Run, tmp_path: Path) -> None:
    """What `flac --keep-foreign-metadata` keeps of a WAV file it finds again."""
    need("flac")
    source = wave(tmp_path / "a.wav")
    foreign.add_chunks(source, chunk(b"bext", BEXT) + chunk(b"iXML", IXML))
    call("flac", "-s", "--keep-foreign-metadata", source, "-o", tmp_path / "a.flac")
    back, told = there_and_back(cli, tmp_path / "a.flac", ".flac")
    assert told == ""
    call("flac", "-s", "-d", "--keep-foreign-metadata", back, "-o", tmp_path / "b.wav")
    found = chunks((tmp_path / "b.wav").read_bytes())
    assert (b"bext", BEXT) in found
    assert (b"iXML", IXML) in found


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".aiff", ".wav"])
def test_no_space_for_metadata_is_an_error(suffix: str) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > 150_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    tags = (("TITLE", "x" * 1000),)
    picture = (("picture", dpcodec.pack_picture(np.random.default_rng(1).bytes(200_000))),)
    chosen = dpcodec.format_for_name(f"a{suffix}", dpcodec.SampleFormat())
    with (
        pytest.raises(OSError, match="No space"),
        dpcodec.create_audio(Full(), 44100, 1, chosen, 4000, tags, attachments=picture) as writer,
    ):
        writer.write(np.zeros((1, 4000), np.float32))


def test_m4a(cli: Run, tmp_path: Path) -> None:
    need("ffmpeg")
    pytest.importorskip("av")
    source = tmp_path / "a.m4a"
    call("ffmpeg", "-v", "error", "-i", wave(tmp_path / "a.wav"), "-c:a", "alac", source)
    file = mutagen.mp4.MP4(source)
    file["\xa9nam"], file["\xa9ART"], file["aART"] = ["Müll"], ["One", "Two"], ["Various"]
    file["trkn"], file["disk"], file["cpil"], file["tmpo"] = [(3, 12)], [(2, 2)], True, [120]
    file["----:com.apple.iTunes:MusicBrainz Album Id"] = [b"f4a261bd"]
    file["----:com.apple.iTunes:replaygain_track_gain"] = [b"-6.50 dB"]
    file["covr"] = [mutagen.mp4.MP4Cover(PNG, mutagen.mp4.MP4Cover.FORMAT_PNG)]
    file["rtng"] = [1]
    file.save()
    back, told = there_and_back(cli, source, ".flac")
    assert told.count("rtng") == 1
    found = mutagen.flac.FLAC(back)
    assert vorbis_tags(found.tags) == {
        "TITLE": ["Müll"],
        "ARTIST": ["One", "Two"],
        "ALBUMARTIST": ["Various"],
        "TRACKNUMBER": ["3"],
        "TRACKTOTAL": ["12"],
        "DISCNUMBER": ["2"],
        "DISCTOTAL": ["2"],
        "COMPILATION": ["1"],
        "BPM": ["120"],
        "MUSICBRAINZ_ALBUMID": ["f4a261bd"],
        "replaygain_track_gain": ["-6.50 dB"],
    }
    assert found.pictures[0].data == PNG
    assert found.info.total_samples == round(0.3 * foreign.RATE)
    assert found.info.bits_per_sample == 16


@pytest.mark.parametrize("suffix, codec", [(".mkv", "aac"), (".webm", "libopus"), (".mp4", "aac")])
def test_the_sound_of_videos(cli: Run, tmp_path: Path, suffix: str, codec: str) -> None:
    need("ffmpeg")
    pytest.importorskip("av")
    source, chapters = tmp_path / f"a{suffix}", tmp_path / "chapters"
    chapters.write_text(";FFMETADATA1\ntitle=M\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=100\ntitle=Start\n")
    video = ("-f", "lavfi", "-i", "color=red:size=32x32:rate=10:duration=0.3")
    wav = wave(tmp_path / "a.wav", rate=48000)
    more = ("-map_metadata", 2, "-map", 0, "-map", 1, "-c:a", codec, "-strict", "-2")
    call("ffmpeg", "-v", "error", *video, "-i", wav, "-i", chapters, *more, source)
    back, _ = there_and_back(cli, source, ".flac")
    found = mutagen.flac.FLAC(back)
    assert (found["TITLE"], found["CHAPTER001NAME"]) == (["M"], ["Start"])
    assert abs(found.info.total_samples - 14400) < 2200
    assert foreign.loudest(soundfile.read(back)[0], 48000) == [1, 2]


def test_media_without_pyav(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    cli("encode", tmp_path / "a.m4a").fails(3, "MP4", "dpcodec[media]")


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".ogg", ".aiff", ".caf"])
def test_metadata_that_is_malformed_never_costs_the_audio(cli: Run, tmp_path: Path, suffix: str) -> None:
    wave(tmp_path / "a.wav")
    tags = [f"--tag={tag}" for tag in ("TITLE=" + "x" * 40, "A=1", "A=2")]
    cli("encode", tmp_path / "a.wav", "-q", *tags).succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / f"b{suffix}", "-q").succeeds()
    whole = (tmp_path / f"b{suffix}").read_bytes()
    where = whole.index(b"x" * 40)
    for at in range(max(0, where - 60), where + 40, 9):
        data = bytearray(whole)
        data[at] ^= 0xFF
        (tmp_path / f"c{suffix}").write_bytes(data)
        done = cli("encode", tmp_path / f"c{suffix}", "-f", "-q")
        assert done.code in (0, 3), done.err
        assert "Traceback" not in done.err
        assert all(line.startswith("dpcodec: ") for line in done.err.splitlines())


def test_metadata_over_the_limits_is_named(cli: Run, tmp_path: Path) -> None:
    source = wave(tmp_path / "a.wav")
    foreign.add_chunks(source, chunk(b"bext", BEXT) + chunk(b"huge", bytes(16 << 20)) + chunk(b"iXML", IXML))
    back, told = there_and_back(cli, source, ".wav")
    assert "huge" in told
    names = [name for name, _ in chunks(back.read_bytes())]
    assert (b"bext" in names, b"iXML" in names, b"huge" in names) == (True, True, False)


def test_the_bit_rate_does_not_count_pictures(cli: Run, tmp_path: Path) -> None:
    wave(tmp_path / "a.wav", seconds=3)
    cli("encode", tmp_path / "a.wav", "-q", "--bitrate", "48k").succeeds()
    size = (tmp_path / "a.dpc").stat().st_size
    file: Any = mutagen.wave.WAVE(tmp_path / "a.wav")
    file.add_tags()
    noise = np.random.default_rng(1).bytes(100_000)
    file.tags.add(mutagen.id3.APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=noise))
    file.save()
    cli("encode", tmp_path / "a.wav", "-q", "-f", "--bitrate", "48kbps").succeeds()
    assert abs((tmp_path / "a.dpc").stat().st_size - size - 100_000) < 1000


def test_pipes_carry_metadata(command: Run, tmp_path: Path) -> None:
    need("flac")
    wave(tmp_path / "a.wav")
    call("flac", "-s", "--tag=ARTIST=One", "--tag=ARTIST=Two", tmp_path / "a.wav", "-o", tmp_path / "a.flac")
    coded = command("encode", "-", "-", input=(tmp_path / "a.flac").read_bytes()).succeeds().out
    back = command("decode", "-", "-", "--format", "flac", input=coded).succeeds().out
    assert mutagen.flac.FLAC(fileobj=io.BytesIO(back))["ARTIST"] == ["One", "Two"]
