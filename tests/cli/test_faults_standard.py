"""Faults 41 to 43: standard input and output that are closed, full, a terminal; Ctrl-C before the work."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ENVIRONMENT, MakeFile, Outcome, Run, command_line, piped

import dpcodec

from .test_faults_output import on_terminal

PRINTING = ["--help", "--version", "info", "info --json", "test", "completion bash", "encode --help"]
ROOT = Path(__file__).parents[2]


def with_file(line: str, path: Path) -> list[str]:
    """The command line, `info` and `test` with a file to look at."""
    words = line.split()
    return [*words, str(path)] if words[0] in ("info", "test") else words


def outcome_of(done: subprocess.CompletedProcess[bytes]) -> Outcome:
    return Outcome(done.returncode, done.stdout or b"", done.stderr.decode())


def closed(descriptor: int, *arguments: object) -> Outcome:
    """Run with a standard descriptor closed."""
    line = ["sh", "-c", f'exec "$@" {descriptor}{"<" if descriptor == 0 else ">"}&-', "sh"]
    done = subprocess.run(
        [*line, *command_line(*arguments)], stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    return outcome_of(done)


@pytest.mark.parametrize("verb", ["info", "test"])
def test_fault_41_standard_input_is_looked_at(
    command: Run, dpc: Path, tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dpc.read_bytes()
    monkeypatch.chdir(tmp_path)
    done = command(verb, "-", input=data).succeeds()
    assert done.out == command(verb, dpc).succeeds().out.replace(str(dpc).encode(), b"-")
    assert command(verb, "-", input=data[:-40]).code == 5
    command(verb, "-", input=b"junk").fails(4, "not a .dpc file")
    closed(0, verb, "-").fails(1, "standard input is closed")
    code, said = on_terminal(verb, "-")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "standard input is a terminal" in said


def test_fault_41_standard_input_is_there_once(command: Run, dpc: Path) -> None:
    done = command("test", "-", dpc, input=dpc.read_bytes()).succeeds()
    assert done.out.splitlines()[:-1] == [b"-: whole", f"{dpc}: whole".encode()]
    assert done.out.splitlines()[-1] == b"2 files: 2 whole, 0 damaged, 0 not read"
    command("test", "-", "-", input=dpc.read_bytes()).fails(2, "named twice")


def test_fault_41_repair_reads_and_writes_pipes(command: Run, dpc: Path, tmp_path: Path) -> None:
    data, target = dpc.read_bytes(), tmp_path / "b.dpc"
    command("repair", dpc, target).succeeds()
    whole = target.read_bytes()
    for output in ("-", "/dev/stdout"):
        assert command("repair", "-", output, input=data).succeeds().out == whole
        assert command("repair", dpc, output, "-q").succeeds().out == whole
    command("repair", "-", target, "-f", input=data).succeeds()
    assert target.read_bytes() == whole
    done = command("repair", "-", "-", "-q", input=data[: len(data) // 2])
    assert done.code == 5
    assert dpcodec.inspect(done.out).samples is not None
    for arguments in (
        ("repair", "-", "/dev/null"),
        ("repair", str(dpc), "-"),
        ("repair", str(dpc), "/dev/stdout"),
    ):
        code, said = on_terminal(*arguments)
        assert (code, len(said.splitlines())) == (2, 1)
        assert "terminal" in said


@pytest.mark.parametrize("line", PRINTING)
def test_fault_42_standard_output_is_closed(dpc: Path, line: str) -> None:
    closed(1, *with_file(line, dpc)).fails(1, "standard output is closed")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", PRINTING)
def test_fault_42_standard_output_is_full(dpc: Path, line: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command_line(*with_file(line, dpc)),
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
        )
    outcome_of(done).fails(1, "standard output", "No space left")


@pytest.mark.parametrize("line", ["info", "encode --help", "--version"])
def test_fault_42_nobody_reads_what_is_printed(dpc: Path, line: str) -> None:
    receive, send = os.pipe()
    os.close(receive)
    done = subprocess.run(
        command_line(*with_file(line, dpc)), stdout=send, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    os.close(send)
    assert (done.returncode, done.stderr) == (141, b"")


def test_fault_42_a_closed_descriptor_is_not_given_to_a_file(dpc: Path, tmp_path: Path) -> None:
    """What is opened first gets the lowest number, and audio would go there."""
    for verb, source in (("decode", dpc), ("repair", dpc)):
        closed(1, verb, source, "-").fails(1, "standard output is closed")
        closed(1, verb, source, "/dev/stdout").fails(1, "standard output is closed")
    assert closed(1, "decode", dpc, tmp_path / "a.wav", "-q").succeeds().err == ""
    closed(2, "decode", dpc, tmp_path / "b.wav").succeeds()
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_fault_42_one_line_for_many_files(dpc: Path) -> None:
    closed(1, "test", dpc, dpc, dpc).fails(1, "standard output is closed")


CONSOLE_SCRIPT = re.search(r'^dpcodec = "(\S+):(\w+)"', (ROOT / "pyproject.toml").read_text(), re.M)
WAYS = {"module": ["-m", "dpcodec"]}
if CONSOLE_SCRIPT:
    WAYS["script"] = [
        "-c",
        "import sys; from {0} import {1}; sys.exit({1}())".format(*CONSOLE_SCRIPT.groups()),
    ]


@pytest.mark.parametrize("way", ["module", "script"])
@pytest.mark.parametrize("heavy", ["click", "numpy"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_fault_43_interrupted_before_the_imports_end(
    tone: MakeFile, tmp_path: Path, way: str, heavy: str, number: int, code: int
) -> None:
    """A module of that name tells that it is being imported, and does not come back."""
    (tmp_path / "path").mkdir()
    stub = "import os, time\nos.write(1, b'importing')\ntime.sleep(60)\n"
    (tmp_path / "path" / f"{heavy}.py").write_text(stub)
    process = subprocess.Popen(
        [sys.executable, *WAYS[way], "encode", tone(), tmp_path / "a.dpc"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join((str(tmp_path / "path"), str(ROOT)))},
    )
    assert piped(process.stdout).read(9) == b"importing"
    process.send_signal(number)
    said = process.communicate(timeout=30)[1].decode()
    Outcome(process.returncode, b"", said).fails(code, "interrupted")


def test_fault_43_nothing_heavy_comes_before_the_handlers() -> None:
    program = "import sys; import dpcodec.cli.entry; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert not {"click", "numpy", "rich", "inspect", "dpcodec.errors"}.intersection(loaded.split())
