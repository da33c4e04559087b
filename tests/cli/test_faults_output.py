"""Faults 14 to 19 and 38: where the output goes, and what is left when it does not get there."""

from __future__ import annotations

import os
import pty
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import MakeFile, Run, Spawn, piped

NOBODY = 65534


def parts_left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix == ".part"]


def test_fault_14_output_exists(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source, target = tone(), tmp_path / "a.dpc"
    target.write_bytes(b"precious")
    cli("encode", source, target).fails(2, "exists", "-f", "--skip-existing")
    done = cli("encode", source, target, "--skip-existing").succeeds()
    assert "skipped" in done.err
    assert target.read_bytes() == b"precious"
    cli("encode", source, target, "-f").succeeds()
    assert target.read_bytes()[1:4] == b"DPC"


def test_fault_14_output_is_the_input(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone()
    before = source.read_bytes()
    (tmp_path / "soft.dpc").symlink_to(source)
    (tmp_path / "hard.dpc").hardlink_to(source)
    for target in ("in.wav", "soft.dpc", "hard.dpc"):
        cli("encode", source, "-o", tmp_path / target, "-f").fails(2, "same file")
    assert source.read_bytes() == before
    assert not parts_left(tmp_path)


def test_fault_14_a_second_audio_name_is_no_output(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    first, second = tone("a.wav"), tone("b.wav")
    before = second.read_bytes()
    cli("encode", first, second, "-f").fails(2, "b.wav", "--output-dir")
    assert second.read_bytes() == before


def test_fault_15_output_folder_missing(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source = tone(seconds=1)
    cli("encode", source, tmp_path / "no" / "a.dpc").fails(1, "No such file or directory", "a.dpc")
    with (tmp_path / "file").open("wb"):
        cli("encode", source, "--output-dir", tmp_path / "file" / "no").fails(1, "Not a directory")
    (tmp_path / "file").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become nobody")
def test_fault_15_read_only_folder_shows_before_the_work(
    tmp_path: Path, tone: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a fork, since nobody may not be able to start this Python."""
    source = tone(seconds=1)
    for folder in [tmp_path, *tmp_path.parents]:
        if (
            folder.stat().st_uid == 0
            and folder != Path("/")
            and str(folder).startswith(str(tmp_path.parents[1]))
        ):
            folder.chmod(0o755)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            from dpcodec.cli import main

            os.dup2(send, 2)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            os.setuid(NOBODY)
            code = main.run(["encode", str(source)])
        finally:
            os._exit(code)
    os.close(send)
    with os.fdopen(receive) as lines:
        said = lines.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, said
    assert "Permission denied" in said
    assert len(said.splitlines()) == 1


def test_fault_15_unwritable_place(cli: Run, tone: MakeFile) -> None:
    cli("encode", tone(), "-o", "/proc/self/x.dpc").fails(1, "x.dpc")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_fault_16_dev_full(cli: Run, command: Run, tone: MakeFile, dpc: Path) -> None:
    cli("encode", tone(), "-o", "/dev/full").fails(1, "No space left")
    cli("decode", dpc, "-o", "/dev/full", "-q").fails(1, "No space left")
    cli("decode", dpc, "-o", "/dev/full", "--format", "flac", "-q").fails(1, "No space left")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dpcodec", "encode", str(tone()), "-"], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_fault_16_disk_fills_midway(command: Run, dpc: Path, tmp_path: Path, suffix: str) -> None:
    """A limit on file sizes stands in for the disk: write fails in the middle all the same."""
    target = tmp_path / f"a.{suffix}"
    target.write_bytes(b"precious")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    done = command("decode", dpc, target, "-f", "--solver", "none", "-q", preexec_fn=limit)
    done.fails(1, "a." + suffix)
    assert target.read_bytes() == b"precious"
    assert not parts_left(tmp_path)


def endless_input(command_output: subprocess.Popen[bytes]) -> threading.Thread:
    """Feed raw PCM until the process ends."""
    block = (np.random.default_rng(0).integers(-9000, 9000, 65536)).astype("<i2").tobytes()

    def feed() -> None:
        try:
            while True:
                piped(command_output.stdin).write(block)
        except OSError:
            pass

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    return thread


def wait_for_temporary(folder: Path, limit_s: float = 20) -> None:
    until = time.monotonic() + limit_s
    while not parts_left(folder):
        assert time.monotonic() < until, "nothing is being written"
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("busy", [True, False], ids=["busy", "blocked in a read"])
def test_fault_17_signal_while_encoding(
    spawn: Spawn, tmp_path: Path, number: int, code: int, busy: bool
) -> None:
    target = tmp_path / "a.dpc"
    target.write_bytes(b"precious")
    process = spawn(*("encode", "-", "-o", target, "-f", "--raw", "s16le,8000,1"), stdin=subprocess.PIPE)
    feeder = endless_input(process) if busy else None
    wait_for_temporary(tmp_path)
    if busy:
        time.sleep(0.3)
    started = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=10) == code
    assert time.monotonic() - started < 2
    if feeder:
        feeder.join()
    assert target.read_bytes() == b"precious"
    assert not parts_left(tmp_path)
    lines = piped(process.stderr).read().decode().splitlines()
    assert len(lines) == 1
    assert "interrupted" in lines[0]


def start_fit(
    spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path, *options: str
) -> subprocess.Popen[bytes]:
    """A decode that is in the middle of fitting a network, as its own progress tells."""
    source, coded = tone("fit.wav", seconds=12, rate=8000), tmp_path / "fit.dpc"
    cli("encode", source, coded, "--mask", "random", "--drop", "0.5", "-q").succeeds()
    process = spawn(
        *("--progress", "json", "decode", coded, "-o", tmp_path / "fit.out.wav", "--solver", "deep-prior"),
        *("--iterations", "100000", *options),
    )
    for line in piped(process.stderr):
        if b"progress" in line:
            return process
        assert b"dpcodec:" not in line, line
    raise AssertionError("it never fitted")


def test_fault_17_first_interrupt_keeps_the_best_so_far(
    spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path
) -> None:
    process = start_fit(spawn, tone, cli, tmp_path)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - started < 2
    assert not parts_left(tmp_path)
    last = piped(process.stderr).read().decode().splitlines()[-1]
    assert "interrupted" in last
    target = tmp_path / "fit.out.wav"
    if target.exists():  # a slow machine may not make it in time, and then leaves nothing
        assert soundfile.info(target).frames == 96000
        assert "is kept" in last
    else:
        assert "nothing was kept" in last


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_fault_17_second_signal_leaves_at_once(
    spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path, second: int
) -> None:
    process = start_fit(spawn, tone, cli, tmp_path)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)  # two of a kind that are pending at once become one
    process.send_signal(second)
    started = time.monotonic()
    assert process.wait(timeout=10) in (130, 143)
    assert time.monotonic() - started < 1
    assert not parts_left(tmp_path)


def test_fault_17_term_does_not_wait_for_the_fit(
    spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path
) -> None:
    process = start_fit(spawn, tone, cli, tmp_path)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 143
    assert time.monotonic() - started < 1
    assert not (tmp_path / "fit.out.wav").exists()
    assert not parts_left(tmp_path)


@pytest.mark.parametrize("verb", ["encode", "decode"])
def test_fault_18_reader_goes_away(spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path, verb: str) -> None:
    source = tone(seconds=20)
    if verb == "decode":
        cli("encode", source, tmp_path / "a.dpc").succeeds()
        source = tmp_path / "a.dpc"
    options = ["--exact"] if verb == "encode" else ["--solver", "none"]
    process = spawn(verb, source, "-", *options, stdout=subprocess.PIPE)
    assert len(piped(process.stdout).read(100)) == 100
    piped(process.stdout).close()
    assert process.wait(timeout=60) == 141
    assert piped(process.stderr).read() == b""


def on_terminal(*arguments: str) -> tuple[int, str]:
    """Run with stdin and stdout on a terminal; exit code and stderr."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dpcodec", *arguments], stdin=follower, stdout=follower, stderr=subprocess.PIPE
    )
    os.close(follower)
    said = piped(process.stderr).read().decode()
    piped(process.stderr).close()
    code = process.wait(timeout=20)
    assert not select.select([leader], [], [], 0)[0] or not os_read(leader), "something reached the terminal"
    os.close(leader)
    return code, said


def os_read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 100)
    except OSError:  # the other end of the terminal is closed
        return b""


def test_fault_19_binary_to_a_terminal(tone: MakeFile, dpc: Path) -> None:
    for arguments in (("encode", str(tone()), "-"), ("decode", str(dpc), "-")):
        code, said = on_terminal(*arguments)
        assert code == 2
        assert "-o" in said
        assert len(said.splitlines()) == 1
    code, said = on_terminal("encode", "-", "-o", "/dev/null")
    assert code == 2
    assert "standard input is a terminal" in said


def test_fault_38_two_writers_and_a_replaced_target(
    spawn: Spawn, tone: MakeFile, cli: Run, tmp_path: Path
) -> None:
    source, target = tone(seconds=10), tmp_path / "a.dpc"
    options = ("encode", source, "-o", target, "-f", "-q")
    writers = [spawn(*options, "--drop", drop) for drop in ("0.1", "0.9")]
    codes = [writer.wait(timeout=60) for writer in writers]
    assert sorted(codes) in ([0, 0], [0, 1]), "one after the other, or one is told of the other"
    found = cli("info", target, "--json").succeeds().json
    assert found["whole"]
    assert round(found["drop"], 6) in (0.1, 0.9)

    process = spawn("encode", "-", "-o", target, "-f", "--raw", "s16le,8000,1", stdin=subprocess.PIPE)
    wait_for_temporary(tmp_path)
    target.unlink()
    target.write_bytes(b"somebody else's")
    process.communicate(bytes(32000))
    assert process.returncode == 0
    assert cli("info", target, "--json").succeeds().json["samples"] == 16000


def test_outputs_have_ordinary_permissions_and_links_stay(cli: Run, tone: MakeFile, tmp_path: Path) -> None:
    source, target = tone(), tmp_path / "a.dpc"
    umask = os.umask(0o027)
    try:
        cli("encode", source, target).succeeds()
        assert target.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(umask)
    target.chmod(0o604)
    (tmp_path / "link.dpc").symlink_to(target)
    cli("encode", source, tmp_path / "link.dpc", "-f", "--drop", "0.1").succeeds()
    assert (tmp_path / "link.dpc").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o604
    assert round(cli("info", target, "--json").json["drop"], 3) == 0.1


def test_special_targets_are_written_directly(cli: Run, command: Run, tone: MakeFile, tmp_path: Path) -> None:
    cli("encode", tone(), "-o", "/dev/null").succeeds()
    assert Path("/dev/null").is_char_device()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    cli("encode", tone(), "-o", fifo).succeeds()
    reader.join()
    assert got[0][1:4] == b"DPC"
    assert command("encode", tone(), "-o", "/dev/stdout").succeeds().out == got[0]


def test_appending_to_a_file_writes_no_byte_back(tone: MakeFile, tmp_path: Path) -> None:
    """Standard output that is a file opened for appending can seek, and must not be sought in."""
    target = tmp_path / "log"
    target.write_bytes(b"before")
    with target.open("ab") as end:
        subprocess.run(
            [sys.executable, "-m", "dpcodec", "encode", "-q", str(tone()), "-"], stdout=end, check=True
        )
    assert target.read_bytes()[:6] == b"before"
    assert target.read_bytes()[7:10] == b"DPC"


def test_strict_writes_nothing_of_a_damaged_file(command: Run, cli: Run, dpc: Path, tmp_path: Path) -> None:
    data = bytearray(dpc.read_bytes())
    data[len(data) // 2] ^= 1
    hurt = tmp_path / "hurt.dpc"
    hurt.write_bytes(data)
    done = cli("decode", hurt, "--strict", "-q")
    done.fails(4, "damaged")
    assert not (tmp_path / "hurt.wav").exists()
    assert command("decode", hurt, "-", "--strict", "-q").out == b"", "not to a pipe either"
    done = cli("decode", hurt, "-q")
    assert done.code == 5
    assert soundfile.info(tmp_path / "hurt.wav").frames == 16000
