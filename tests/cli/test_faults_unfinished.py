"""Faults 16, 38, 45 and 46: outputs that are cut short, and two writers of one. None looks at a clock."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import MakeFile, Run, Spawn, piped

import dpcodec
from dpcodec.cli import paths, unfinished
from dpcodec.cli.unfinished import part_name

from .test_faults_output import parts_left, wait_for_temporary

RAW = ("--raw", "s16le,8000,1")
SECOND = bytes(16000)


def writer(spawn: Spawn, target: Path, *options: str) -> subprocess.Popen[bytes]:
    """An encoder in the middle of its work: it waits for more of its input."""
    process = spawn("encode", "-", "-o", target, *RAW, *options, stdin=subprocess.PIPE)
    piped(process.stdin).write(SECOND)
    piped(process.stdin).flush()
    wait_for_temporary(target.parent)
    return process


def said(process: subprocess.Popen[bytes], data: bytes = b"") -> tuple[int, list[str]]:
    """Give it the rest of its input; its exit code and its lines."""
    err = process.communicate(data)[1].decode()
    return process.returncode, err.splitlines()


@pytest.mark.parametrize("old", [None, b"precious"])
def test_fault_45_killed_midway_and_run_again(
    spawn: Spawn, cli: Run, tone: MakeFile, tmp_path: Path, old: bytes | None
) -> None:
    source, target = tone(), tmp_path / "out" / "a.dpc"
    target.parent.mkdir()
    if old:
        target.write_bytes(old)
    for _ in range(2):
        process = writer(spawn, target, *["-f"] * bool(old))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (target.read_bytes() if target.exists() else None) == old
        assert parts_left(tmp_path) == [target.parent / ".dpcodec-a.dpc.part"], "they do not pile up"
    done = cli("encode", source, target, "-f", "-q").succeeds()
    assert len(done.err.splitlines()) == 1
    assert "a.dpc: warning: what a run that was killed had left of it is replaced" in done.err
    assert not parts_left(tmp_path)
    cli("test", target).succeeds()
    assert cli("encode", source, target, "-f", "-q").succeeds().err == ""


def test_fault_45_what_lies_there_is_never_written_into(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    """The name is known before: a link of that name must not lead to a file of somebody else's."""
    source, target, other = tone(), tmp_path / "a.dpc", tmp_path / "other"
    other.write_bytes(b"precious")
    part = tmp_path / part_name("a.dpc")
    part.hardlink_to(other)
    assert "is replaced" in cli("encode", source, target).succeeds().err
    part.symlink_to(other)
    cli("encode", source, target, "-f").fails(1, "a.dpc")
    assert other.read_bytes() == b"precious"
    part.unlink()
    part.mkdir()
    cli("encode", source, target, "-f").fails(1, "a.dpc")


@pytest.mark.parametrize("option", [[], ["-f"]], ids=["new", "overwritten"])
def test_fault_38_the_second_writer_is_told(
    spawn: Spawn, cli: Run, tone: MakeFile, tmp_path: Path, option: list[str]
) -> None:
    source, target = tone(), tmp_path / "a.dpc"
    if option:
        target.write_bytes(b"precious")
    first = writer(spawn, target, *option)
    cli("encode", source, target, *option).fails(1, "another process is writing", "a.dpc", "-o")
    cli("repair", tmp_path / "no.dpc", target, *option).fails(3)
    cli("encode", source, tmp_path / "b.dpc").succeeds()
    assert said(first, SECOND)[0] == 0
    assert cli("info", target, "--json").succeeds().json["samples"] == 16000
    assert not parts_left(tmp_path)


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links, as on FAT"])
def test_fault_38_a_target_that_has_come_to_be(
    cli: Run, tone: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Without leave to overwrite, what another program puts there during the work stays, whole."""
    source, target = tone(), tmp_path / "a.dpc"

    def after(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            target.write_bytes(b"somebody else's")
            return result

        return call

    if not links:
        monkeypatch.setattr(unfinished, "_linked", lambda path, place: False)
    for place, name in ((paths, "check"), (dpcodec, "encode_stream")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, after(getattr(place, name)))
            cli("encode", source, target).fails(2, "a.dpc exists")
            assert target.read_bytes() == b"somebody else's"
            assert not parts_left(tmp_path)
            target.unlink()
    cli("encode", source, target).succeeds()
    cli("test", target).succeeds()


def test_fault_38_where_files_cannot_be_locked(
    cli: Run, tone: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that may be somebody's is left alone."""

    def flock(*arguments: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    source, target = tone(), tmp_path / "a.dpc"
    cli("encode", source, target).succeeds()
    (tmp_path / part_name("a.dpc")).write_bytes(b"perhaps somebody's")
    cli("encode", source, target, "-f").fails(1, ".dpcodec-a.dpc.part")
    assert parts_left(tmp_path)


def test_long_names_have_parts_too(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    target = tmp_path / ("n" * 251 + ".dpc")
    cli("encode", tone(), target).succeeds()
    assert len(os.fsencode(part_name(target.name))) < 60
    assert part_name("n" * 251 + ".wav") != part_name(target.name)


def test_fault_16_files_may_not_grow(command: Run, tone: MakeFile, tmp_path: Path) -> None:
    source, target = tone(seconds=20), tmp_path / "out.dpc"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    for options in ([], ["--verify"]):
        done = command("encode", source, target, "--exact", "-q", *options, preexec_fn=limit)
        done.fails(1, "out.dpc", "File too large")
        assert not target.exists()
        assert not parts_left(tmp_path)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for little."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if (
        os.geteuid() != 0
        or not shutil.which("mount")
        or subprocess.run(mount, capture_output=True).returncode
    ):
        pytest.skip("needs root, and leave to mount a tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("verb", ["encode", "decode", "repair"])
def test_fault_16_a_disk_that_is_full(
    cli: Run, dpc: Path, tone: MakeFile, tmp_path: Path, full_disk: Path, verb: str
) -> None:
    source = dpc if verb == "decode" else tone("long.wav", seconds=10)
    options = ["--exact"] if verb == "encode" else ["--solver", "none"] if verb == "decode" else []
    if verb == "repair":
        cli("encode", source, tmp_path / "long.dpc", "--exact").succeeds()
        source = tmp_path / "long.dpc"
    target = full_disk / "a.out.wav"
    target.write_bytes(b"precious")
    if verb == "encode":
        target = target.rename(full_disk / "a.out.dpc")
    cli(verb, source, *([target] if verb == "repair" else ["-o", target]), "-f", "-q", *options).fails(
        1, "a.out", "No space left"
    )
    assert target.read_bytes() == b"precious"
    assert not parts_left(full_disk)


def test_fault_46_an_input_that_has_gone(
    cli: Run, command: Run, tone: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the plan and its turn, and between its turn and its opening."""
    (tmp_path / "out").mkdir()
    slow, other = tmp_path / "a.wav", tone("b.wav")
    os.mkfifo(slow)

    def feed() -> None:
        with slow.open("wb") as pipe:  # returns once it is being read: all is planned by then
            other.unlink()
            pipe.write(SECOND)

    thread = threading.Thread(target=feed)
    thread.start()
    command("encode", slow, other, "--output-dir", tmp_path / "out", "-q", *RAW).fails(
        3, "b.wav", "no such file"
    )
    thread.join()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.dpc"]

    real, source = paths.check, tone("c.wav")

    def check(job: paths.Job) -> None:
        real(job)
        source.unlink()

    monkeypatch.setattr(paths, "check", check)
    cli("encode", source).fails(3, "c.wav", "no such file")
    assert not parts_left(tmp_path)
    assert not (tmp_path / "c.dpc").exists()


def test_fault_46_an_output_folder_that_has_gone(spawn: Spawn, tmp_path: Path) -> None:
    target = tmp_path / "out" / "a.dpc"
    target.parent.mkdir()
    process = writer(spawn, target)
    shutil.rmtree(target.parent)
    code, lines = said(process)
    assert (code, len(lines)) == (1, 1)
    assert "a.dpc: No such file or directory" in lines[0]
    assert not target.parent.exists()
