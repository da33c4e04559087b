"""What the command says, shows and loads, beyond the faults."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from command_line import MakeFile, Run

import dpcodec
from dpcodec.cli import main
from dpcodec.cli.display import escape

VERBS = (
    "encode",
    "decode",
    "info",
    "test",
    "tag",
    "play",
    "serve",
    "repair",
    "protect",
    "eval",
    "bench",
    "completion",
    "desktop",
)


def test_help_names_every_verb(cli: Run) -> None:
    text = cli("--help").succeeds().out.decode()
    assert all(f"\n  {verb}" in text for verb in VERBS)
    for verb in VERBS:
        assert b"Usage: dpcodec " + verb.encode() in cli(verb, "--help").succeeds().out


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["nonsense"], ["encode"], ["encode", "--nonsense"], ["encode", "a", "b", "-o", "c"]),
        *(["info"], ["test"], ["encode", "a", "-o", "b", "--output-dir", "."]),
        *(
            ["decode", "a", "--max-memory", "many"],
            ["completion", "tcsh"],
            ["encode", "a", "--mask", "columns:x"],
        ),
        *(["encode", "a", "--profile", "best"], ["decode", "a", "--raw", "s16le", "--format", "wav"]),
        *(["decode", "a", "--format", "mp3"], ["decode", "a", "--solver", "magic"]),
        *(["encode", "a", "--hop", "4096"], ["--progress", "no", "info", "a"]),
    ],
    ids=" ".join,
)
def test_usage_errors_are_one_line(cli: Run, arguments: tuple[str, ...]) -> None:
    cli(*arguments).fails(2)


def test_mdct_from_end_to_end(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source, coded, back = tone(seconds=1), tmp_path / "a.dpc", tmp_path / "a.wav"
    cli("encode", source, coded, "--transform", "mdct", "--snr", "30", "--verify").succeeds()
    told = json.loads(cli("info", "--json", coded).succeeds().out)
    assert (told["transform"], told["mask"], told["parts"]) == ("mdct", "significance", 4)
    assert b"transform:    MDCT, kbd window 2048" in cli("info", coded).succeeds().out
    cli("test", coded).succeeds()
    cli("decode", coded, back).succeeds()
    with dpcodec.open_audio(back) as decoded, dpcodec.open_audio(source) as original:
        assert decoded.samples == original.samples
    cli("decode", coded, back, "-f", "--solver", "janssen").succeeds()
    cli("encode", source, coded, "-f", "--transform", "mdct", "--n-fft", "512").succeeds()
    cli("encode", source, coded, "-f", "--transform", "mdct", "--hop", "512").fails(2)


def test_version(cli: Run) -> None:
    assert cli("--version").succeeds().out.decode() == f"dpcodec {dpcodec.__version__}\n"
    assert cli("-V").out == cli("--version").out
    told = cli("-v", "--version").out.decode()
    assert f"numpy {np.__version__}\n" in told
    assert ("torch is not installed" in told) == (importlib.util.find_spec("torch") is None)


def test_options_change_the_profile(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone(seconds=1, rate=44100, channels=2)
    cli("encode", source, tmp_path / "a.dpc", "--profile", "paper").succeeds()
    info = cli("info", tmp_path / "a.dpc", "--json").json
    assert (info["sample_rate"], info["channels"], info["hop"], info["exact"]) == (16000, 1, 512, True)
    options = ("--profile", "paper", "--rate", 22050, "--all-channels", "--snr", 30, "--seed", 9, "-f")
    cli("encode", source, tmp_path / "a.dpc", *options).succeeds()
    info = cli("info", tmp_path / "a.dpc", "--json").json
    assert (info["sample_rate"], info["channels"], info["hop"], info["exact"]) == (22050, 2, 512, False)
    assert (info["mask"], info["seed"]) == ("random", 9)
    cli("encode", source, "-f", "--snr", 30, "--exact").fails(2, "contradict")


def test_columns(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    cli("encode", tone(seconds=3), tmp_path / "a.dpc", "--mask", "columns:3-5,9").succeeds()
    info = cli("info", tmp_path / "a.dpc", "--json").json
    assert info["columns"] == [[3, 5], [9, 9]]
    assert b"columns 3-5,9" in cli("info", tmp_path / "a.dpc").out


INFO_NAMES = {
    *(
        "schema",
        "bytes",
        "sample_rate",
        "channels",
        "samples",
        "duration_s",
        "kbps",
        "n_fft",
        "hop",
        "window",
    ),
    *("mask", "drop", "seed", "columns", "exact", "parts", "segment_frames", "segments", "kept", "cells"),
    *("container", "subtype", "tags", "whole", "damage", "damaged_s", "warnings"),
}


def test_info_names_are_promised(cli: Run, dpc: Path) -> None:
    info = cli("info", dpc, "--json").succeeds().json
    assert info["schema"] == "dpcodec-info/1"
    assert set(info) >= INFO_NAMES
    assert (info["bytes"], info["samples"], info["whole"]) == (dpc.stat().st_size, 16000, True)
    assert cli("info", dpc).succeeds().out.decode().isascii()


def test_test_tells_whole_from_damaged(cli: Run, dpc: Path, tmp_path: Path) -> None:
    done = cli("test", dpc).succeeds()
    assert done.out.decode().endswith("in.dpc: whole\n")
    hurt = bytearray(dpc.read_bytes())
    hurt[len(hurt) // 2] ^= 1
    (tmp_path / "hurt.dpc").write_bytes(hurt)
    done = cli("test", dpc, tmp_path / "hurt.dpc", "-q")
    done.fails(5, "hurt.dpc: damaged")
    (tmp_path / "junk.dpc").write_bytes(b"junk")
    assert cli("test", tmp_path / "junk.dpc", tmp_path / "hurt.dpc", dpc).code == 5


def test_quiet_levels_on_either_side_of_the_verb(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone()
    assert "kbit/s" in cli("encode", source, "-f").succeeds().err
    for arguments in (("-q", "encode", source, "-f"), ("encode", source, "-f", "--quiet")):
        assert cli(*arguments).succeeds().err == ""
    cut = (tmp_path / "in.dpc").read_bytes()[:-10]
    (tmp_path / "cut.dpc").write_bytes(cut)
    assert "warning" in cli("decode", tmp_path / "cut.dpc", "-q").err
    done = cli("-qq", "decode", tmp_path / "cut.dpc", "-f")
    assert (done.code, done.err) == (5, "")


def test_decode_says_what_auto_chose(cli: Run, dpc: Path) -> None:
    assert "auto chose least-squares: the mask bounds" in cli("decode", dpc, "-f").succeeds().err


@pytest.mark.parametrize(
    ("options", "transform", "mask"),
    [
        ((), "mdct", "perceptual"),
        (("--quality", "3"), "mdct", "perceptual"),
        (("--bitrate", "32", "--parts", "2"), "mdct", "perceptual"),
        (("--mask", "perceptual", "--drop", "0.9"), "mdct", "perceptual"),
        (("--transform", "mdct"), "mdct", "significance"),
        (("--mask", "significance", "--bitrate", "32"), "mdct", "significance"),
        (("--drop", "0.9"), "stft", "energy"),
        (("--mask", "random", "--seed", "3"), "stft", "random"),
        (("--profile", "perceptual", "--n-fft", "1024"), "mdct", "perceptual"),
    ],
)
def test_options_mean_a_profile(
    cli: Run, tone: MakeFile, tmp_path: Path, options: tuple[str, ...], transform: str, mask: str
) -> None:
    target = tmp_path / "out.dpc"
    cli("encode", tone(seconds=1), target, *options).succeeds()
    told = json.loads(cli("info", "--json", target).succeeds().out)
    assert (told["transform"], told["mask"]) == (transform, mask)


def test_what_is_for_other_masks_is_refused(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    for options, why in (
        (("--mask", "random", "--bitrate", "32"), "bitrate needs mask significance or perceptual"),
        (
            ("--mask", "energy", "--quality", "5"),
            "quality does not belong to profile stft: it is for perceptual",
        ),
    ):
        done = cli("encode", tone(seconds=1), tmp_path / "out.dpc", *options)
        assert done.code == 2
        assert why in done.err
        assert not (tmp_path / "out.dpc").exists()


def test_progress_as_json(cli: Run, dpc: Path, tmp_path: Path) -> None:
    done = cli("--progress=json", "decode", dpc, tmp_path / "a.wav", "-q").succeeds()
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert lines
    assert set(lines[-1]) == {"event", "file", "done_s", "total_s", "elapsed_s", "eta_s", "detail"}
    assert lines[-1]["event"] == "progress"
    assert lines[-1]["total_s"] == 2.0


def test_a_bar_on_a_terminal_and_only_there(tmp_path: Path) -> None:
    """Two minutes of noise, so that the work takes longer than the bar's delay."""
    (tmp_path / "a.raw").write_bytes(os.urandom(16000 * 120))
    arguments = [
        sys.executable,
        "-m",
        "dpcodec",
        "encode",
        str(tmp_path / "a.raw"),
        "--raw",
        "s16le,8000,1",
        "-f",
        "--jobs=1",  # in runs on all cores the bar tells of runs
    ]
    shown = {}
    for option in ("--progress=auto", "--no-progress"):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [*arguments, option, "--drop=0"],
            stderr=follower,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        )
        os.close(follower)
        shown[option] = b""
        while data := read_terminal(leader):
            shown[option] += data
        assert process.wait() == 0
        os.close(leader)
    assert b"segment" in shown["--progress=auto"]
    assert b"\x1b" not in shown["--no-progress"]


def read_terminal(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # the other end is closed
        return b""


def test_unexpected_errors_are_one_line_too(
    cli: Run, tone: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr(dpcodec, "encode_stream", broken)
    cli("encode", tone()).fails(1, "ZeroDivisionError", "by\\nnothing", "--debug")
    done = cli("encode", tone(), "--debug")
    assert done.code == 1
    assert "Traceback" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(cli: Run, shell: str) -> None:
    script = cli("completion", shell).succeeds().out.decode()
    assert "_DPCODEC_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_completion_completes(command: Run) -> None:
    environment = {
        "COMP_WORDS": "dpcodec encode --pro",
        "COMP_CWORD": "2",
        "_DPCODEC_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from dpcodec.cli.entry import main; main()"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "plain,--profile" in done.stdout


def test_escape() -> None:
    assert escape("plain ünï") == "plain ünï"
    assert escape("a\x00\x1b\x7f\x9b\u202e\udcff\u2028") == "a\\x00\\x1b\\x7f\\x9b\\u202e\\xff\\u2028"
    assert escape("\ud800") == "\\ud800"


def test_commands_are_there() -> None:
    context = click.Context(main.COMMAND)
    assert tuple(main.COMMANDS) == VERBS
    assert all(main.COMMAND.get_command(context, verb) is not None for verb in VERBS)


@pytest.mark.parametrize("room", [30, 59, 80, 200])
def test_the_help_that_loads_no_verb_is_the_verbs_own(room: int) -> None:
    context = click.Context(main.COMMAND)
    assert tuple(main.SHORT_HELP) == VERBS
    for name, text in main.SHORT_HELP.items():
        verb = main.COMMAND.get_command(context, name)
        assert verb
        assert click.Command(name, help=text).get_short_help_str(room) == verb.get_short_help_str(room)


def test_docs_name_every_option(cli: Run) -> None:
    """docs/cli.md is written by hand; nothing may be missing in it."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for verb in ("encode", "decode", "info", "test", "repair"):
        for option in cli(verb, "--help").out.decode().split():
            if option.startswith("--"):
                assert option.strip(",.;").split("/")[0] in text, (verb, option)
