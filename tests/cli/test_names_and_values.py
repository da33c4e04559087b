"""What names decide, what is said where they are wrong, and values that people write in several ways."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import soundfile
from command_line import MakeFile, Run
from foreign import call, need, probe, wave


@pytest.mark.parametrize("name", ["back.m4a", "back.mp3", "back.txt", "back.aifc", "back.MP4"])
def test_a_suffix_that_is_not_written_is_refused(cli: Run, dpc: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "damaged.dpc").write_bytes(b"not looked at")
    cli("decode", tmp_path / "damaged.dpc", tmp_path / name).fails(
        2, Path(name).suffix.lower(), "not written"
    )
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "name, kind",
    [
        ("a.wav", "wav"),
        ("a.BWF", "wav"),
        ("a.flac", "flac"),
        ("a.aif", "aiff"),
        ("a.oga", "ogg"),
        ("a.opus", "ogg"),
        ("a.caf", "caf"),
        ("a.au", "au"),
        ("a.w64", "w64"),
    ],
)
def test_the_suffix_decides(cli: Run, tone: MakeFile, tmp_path: Path, name: str, kind: str) -> None:
    cli("encode", tone("in.flac"), tmp_path / "in.dpc", "-q").succeeds()
    cli("decode", tmp_path / "in.dpc", tmp_path / name, "-q").succeeds()
    assert probe(tmp_path / name)["format"]["format_name"] == kind
    if name.endswith(".opus"):
        assert probe(tmp_path / name)["streams"][0]["codec_name"] == "opus"


def test_opus_is_never_something_else(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    cli("encode", tone(rate=11025), tmp_path / "a.dpc", "-q").succeeds()
    cli("decode", tmp_path / "a.dpc", tmp_path / "a.opus").fails(2, "11025", "--rate 48000")
    cli("encode", tone(), tmp_path / "b.dpc", "-q").succeeds()
    cli("decode", tmp_path / "b.dpc", tmp_path / "b.opus", "--format", "vorbis").fails(2, ".opus")
    cli("decode", tmp_path / "b.dpc", "-q", "--format", "opus").succeeds()
    assert probe(tmp_path / "b.opus")["streams"][0]["codec_name"] == "opus"


def test_contradictions(cli: Run, dpc: Path, tmp_path: Path) -> None:
    cli("decode", dpc, tmp_path / "a.flac", "--format", "wav").fails(2, "--format wav", ".flac")
    cli("decode", dpc, tmp_path / "a.wav", "--raw", "s16le").fails(2, "--raw", ".wav")
    cli("decode", dpc, tmp_path / "a.bin", "--raw", "s16le", "-q").succeeds()
    cli("decode", dpc, tmp_path / "a.sound", "--format", "flac", "-q").succeeds()
    assert (tmp_path / "a.sound").read_bytes()[:4] == b"fLaC"
    cli("decode", dpc, tmp_path / "a.wav", "--format", "rf64", "-q").succeeds()
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"


@pytest.mark.parametrize("name", ["y.opus", "y.mp3", "y.m4a", "y.MKV", "y.caf", "y.aifc", "y.webm"])
def test_no_audio_is_taken_for_an_output(cli: Run, tone: MakeFile, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"precious")
    cli("encode", tone(), tmp_path / name, "-f").fails(2, name, "--output-dir")
    assert (tmp_path / name).read_bytes() == b"precious"


def test_folders_give_all_that_can_be_read(cli: Run, tmp_path: Path) -> None:
    need("lame", "opusenc", "ffmpeg")
    pytest.importorskip("av")
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    wav = wave(tmp_path / "a.wav", rate=48000)
    call("lame", "-S", wav, folder / "a.mp3")
    call("opusenc", "--quiet", wav, folder / "b.opus")
    for name in ("c.m4a", "d.mkv", "e.caf", "f.au"):
        call("ffmpeg", "-v", "error", "-i", wav, folder / name)
    (folder / "cover.jpg").write_bytes(b"no audio")
    cli("encode", "-r", folder, "--output-dir", out, "-q").succeeds()
    assert sorted(path.stem for path in out.rglob("*.dpc")) == list("abcdef")


def test_three_ways_to_be_one_file(cli: Run, tone: MakeFile, dpc: Path, tmp_path: Path) -> None:
    audio = tone("a.wav")
    cli("encode", dpc).fails(2, "same file", "a .dpc file already", "decode it")
    cli("decode", audio).fails(2, "same file", "no .dpc file", "encode it")
    (tmp_path / "link.dpc").symlink_to(audio)
    cli("encode", audio, "-o", tmp_path / "link.dpc", "-f").fails(2, "same file", "a link")
    cli("encode", dpc, tmp_path / "b.dpc").fails(3, "already a .dpc file", "decode")


@pytest.mark.parametrize(
    "words, near",
    [
        (["encod"], "encode"),
        (["dceode"], "decode"),
        (["encode", "x", "--qualty", "3"], "--quality"),
        (["decode", "x", "--sart", "3"], "--start"),
    ],
)
def test_near_misses(cli: Run, words: list[str], near: str) -> None:
    cli(*words).fails(2, f"{near}")


def test_a_verb_like_none(cli: Run) -> None:
    done = cli("xyzzy")
    assert (done.code, "did you mean" in done.err) == (2, False)


@pytest.mark.parametrize(
    "start, samples", [("1.5", 4000), ("0:01.5", 4000), ("0:00:01.5", 4000), ("1:0", None)]
)
def test_times(cli: Run, dpc: Path, tmp_path: Path, start: str, samples: int | None) -> None:
    done = cli("decode", dpc, tmp_path / "a.wav", "-q", "--start", start)
    if samples is None:
        done.fails(2, "60 s", "ends at 2 s")
        assert not (tmp_path / "a.wav").exists()
    else:
        done.succeeds()
        assert soundfile.info(tmp_path / "a.wav").frames == samples


@pytest.mark.parametrize("start", ["1:99", "1:2:3:4", "a", "1:-2", "0:75:00"])
def test_times_that_are_none(cli: Run, dpc: Path, start: str) -> None:
    cli("decode", dpc, "--start", start).fails(2, "start", "time")


def test_a_start_behind_the_end_of_a_pipe(command: Run, dpc: Path) -> None:
    data = dpc.read_bytes()
    assert command("decode", "-", "-", "--start", "2", input=data).code == 2
    assert command("decode", "-", "-", "--start", "1.99", input=data).code == 0


@pytest.mark.parametrize("rate", ["16", "16k", "16K", "16kbps", "16 kbit/s", "16.0"])
def test_bit_rates(cli: Run, tone: MakeFile, tmp_path: Path, rate: str) -> None:
    cli("encode", tone(seconds=2), tmp_path / "a.dpc", "-q", "--bitrate", rate).succeeds()
    assert abs(cli("info", tmp_path / "a.dpc", "--json").json["kbps"] - 16) < 1


@pytest.mark.parametrize("rate", ["k", "16m", "fast", "16kk"])
def test_bit_rates_that_are_none(cli: Run, tone: MakeFile, rate: str) -> None:
    cli("encode", tone(), "--bitrate", rate).fails(2, "bitrate", "bit rate")


@pytest.mark.parametrize(
    "profile, mask", [("perceptual", "energy"), ("perceptual", "random"), ("mdct", "perceptual")]
)
def test_a_mask_of_another_profile(cli: Run, tone: MakeFile, profile: str, mask: str) -> None:
    cli("encode", tone(), "--profile", profile, "--mask", mask).fails(
        2, mask, f"profile {profile}", "--profile "
    )


def test_what_desktop_installs(cli: Run, dpc: Path, tmp_path: Path) -> None:
    need("file", "man")
    cli("desktop", "--prefix", tmp_path / "p").succeeds()
    share = tmp_path / "p" / "share"
    said = call("file", "-b", "-m", share / "misc" / "dpc.magic", "--mime-type", dpc)
    assert said.strip() == b"audio/x-dpcodec"
    pages = {path.stem for path in (share / "man" / "man1").glob("*.1")}
    assert {"dpcodec", "dpcodec-encode", "dpcodec-tag", "dpcodec-bench-rate"} <= pages
    for page in sorted((share / "man" / "man1").glob("*.1")):
        done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    shown = call("man", "-l", share / "man" / "man1" / "dpcodec-encode.1").decode()
    assert all(word in shown for word in ("--bitrate", "--add-tag", "NAME", "SYNOPSIS", "OPTIONS"))
    assert b"*.dpc" in (share / "mime" / "packages" / "dpcodec.xml").read_bytes()
