"""Many files: where outputs go, one pool of workers, lists, and what is said at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import MakeFile, Run, Spawn, piped

from dpcodec.batch import urls
from dpcodec.cli import platforms, trees

from .test_bench import alive, children, until

SINGULAR = ("took_s", "cpu_s", "host", "tries")


@pytest.fixture
def tree(tone: MakeFile, tmp_path: Path) -> Path:
    """Five files in three folders."""
    top = tmp_path / "in"
    for i, name in enumerate(("a.wav", "b.flac", "deep/a.wav", "deep/er/c.wav", "deep/er/d.WAV")):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        tone(f"in/{name}", 0.1 + i / 50)
    return top


def outputs(folder: Path, suffix: str = ".dpc") -> dict[str, bytes]:
    found = sorted(folder.rglob(f"*{suffix}"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in SINGULAR} for row in rows]


# Where outputs go


def test_three_names_are_inputs_and_their_outputs_lie_beside_them(cli: Run, tree: Path) -> None:
    done = cli("encode", tree / "a.wav", tree / "b.flac", tree / "deep/er/c.wav").succeeds()
    assert set(outputs(tree)) == {"a.dpc", "b.dpc", "deep/er/c.dpc"}
    assert "3 files, " in done.err.splitlines()[-1]
    (tree / "b.dpc").rename(tree / "x.dpc")
    cli("decode", tree / "a.dpc", tree / "x.dpc", "-f").fails(2, "named like an input", "-r")
    done = cli("decode", "-r", tree / "x.dpc", tree / "deep", "-f").succeeds()
    assert (tree / "x.wav").exists()


def test_an_output_folder_is_made_and_keeps_the_tree(cli: Run, tree: Path, tmp_path: Path) -> None:
    everything = {"a.dpc", "b.dpc", "deep/a.dpc", "deep/er/c.dpc", "deep/er/d.dpc"}
    cli("encode", "-r", tree, "--output-dir", tmp_path / "new" / "one").succeeds()
    assert set(outputs(tmp_path / "new" / "one")) == everything
    names = [path for path in sorted(tree.rglob("*")) if path.is_file()]
    cli("encode", *names, "--output-dir", tmp_path / "two").succeeds()
    assert outputs(tmp_path / "two") == outputs(tmp_path / "new" / "one")


def test_what_would_be_done(cli: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "b.dpc").write_bytes(b"precious")
    done = cli("encode", "-r", tree, "--dry-run")
    assert done.code == 2
    lines = done.out.decode().splitlines()
    assert len(lines) == 5
    assert [line for line in lines if "exists" in line] == [line for line in lines if "b.flac" in line]
    assert lines[0].endswith("a.wav -> " + str(tree / "a.dpc"))
    done = cli(
        "encode", "-r", tree, "--dry-run", "--skip-existing", "--output-dir", tmp_path / "no"
    ).succeeds()
    assert not (tmp_path / "no").exists()
    assert set(outputs(tree)) == {"b.dpc"}


def test_lists_of_names(cli: Run, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"{tree / 'a.wav'}\r\n\nfile://{tree / 'deep/a.wav'}\n")
    cli("encode", "--files-from", tmp_path / "list", "--output-dir", tmp_path / "out").succeeds()
    assert set(outputs(tmp_path / "out")) == {"a.dpc", "deep/a.dpc"}
    cli("encode", "--files-from", tmp_path / "none").fails(3, "no such file")


# One pool


def test_a_pool_makes_the_same_bytes(command: Run, tree: Path, tmp_path: Path) -> None:
    one = command("encode", "-r", tree, "--output-dir", tmp_path / "1", "--quality", 3).succeeds()
    two = command("encode", "-r", tree, "--output-dir", tmp_path / "2", "--quality", 3, "-j", 2).succeeds()
    assert outputs(tmp_path / "1") == outputs(tmp_path / "2")
    for done, place in ((one, "1"), (two, "2")):
        lines = done.err.splitlines()
        assert len(lines) == 6
        assert lines[-1].startswith("5 files, ")
        source = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
        target = sum(map(len, outputs(tmp_path / place).values()))
        assert f"{source} bytes became {target}, {source / target:.1f} to 1; 0 skipped, 0 failed" in lines[-1]


def test_what_goes_wrong_in_a_pool(command: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "bad.wav").write_text("no audio")
    done = command("encode", "-r", tree, "-j", 2, "--output-dir", tmp_path / "out", "-q")
    assert done.code == 3
    assert len([line for line in done.err.splitlines() if line.startswith("dpcodec: ")]) == 1
    assert "bad.wav" in done.err
    assert len(outputs(tmp_path / "out")) == 5
    again = command("encode", "-r", tree, "-j", 2, "--output-dir", tmp_path / "out", "--skip-existing")
    assert again.code == 3
    assert "5 skipped, 1 failed" in again.err


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_leave_with_the_command(spawn: Spawn, tmp_path: Path, number: int) -> None:
    """They wait on pipes, in mid-work."""
    for name in ("a.wav", "b.wav"):
        os.mkfifo(tmp_path / name)
    names = (tmp_path / "a.wav", tmp_path / "b.wav", "--output-dir", tmp_path / "out", "-j", 2)
    process = spawn("encode", "--raw", "s16le,8000,1", *names)
    writers = [(tmp_path / name).open("wb") for name in ("a.wav", "b.wav")]
    until(lambda: len(list((tmp_path / "out").iterdir())) == 2, "nothing was begun")
    workers = children(process.pid)
    assert workers
    process.send_signal(number)
    process.wait(timeout=10)
    until(lambda: not any(map(alive, workers)), "processes were left", 10)
    assert list((tmp_path / "out").iterdir()) == [], "workers clean up"
    for writer in writers:
        writer.close()


# Manifests


def test_a_batch_that_was_killed_goes_on(command: Run, spawn: Spawn, tone: MakeFile, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for i in range(8):
        tone(f"in/{i}.wav", 0.2 + i / 50)
    os.mkfifo(tmp_path / "in" / "7z.wav")
    source, whole, cut = tmp_path / "in", tmp_path / "whole", tmp_path / "cut"

    def arguments(out: Path) -> tuple[object, ...]:
        raw = ("--raw", "s16le,8000,1", "-j", 2)
        return ("encode", "-r", source, "--output-dir", out, "--manifest", out / "m.jsonl", *raw)

    process = spawn(*arguments(cut))  # it comes to wait for the pipe
    rows = cut / "m.jsonl"
    until(lambda: rows.exists() and rows.read_text().count('"id"') == 8, "nothing was made")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    (source / "7z.wav").unlink()
    (source / "7z.wav").write_bytes(bytes(16000))
    (cut / "7z.dpc").write_bytes(b"made, but not yet told of")
    (cut / "3.dpc").unlink()
    done = command(*arguments(cut)).succeeds()
    assert "2 files, " in done.err
    assert "7 skipped, 0 failed" in done.err
    command(*arguments(whole)).succeeds()
    assert outputs(cut) == outputs(whole)
    told = [rows_of(out / "m.jsonl") for out in (cut, whole)]
    for row in (row for some in told for row in some):
        row.pop("id")
        row["target"] = Path(row["target"]).name
    assert told[0] == told[1]
    assert [Path(row["source"]).name for row in told[0]] == [*(f"{i}.wav" for i in range(8)), "7z.wav"]


def test_a_manifest_tells_of_files_and_failures(cli: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "bad.wav").write_text("no audio")
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "a.dpc").write_bytes(b"precious")
    arguments = ("encode", "-r", tree, "--output-dir", tmp_path / "out", "--manifest", tmp_path / "m")
    done = cli(*arguments)
    assert done.code == 3
    rows = {Path(row["source"]).relative_to(tree).as_posix(): row for row in rows_of(tmp_path / "m")}
    assert len(rows) == 6
    assert "no WAV" in rows["bad.wav"]["error"]
    assert "exists" in rows["deep/a.wav"]["error"]
    assert (tmp_path / "out" / "deep" / "a.dpc").read_bytes() == b"precious"
    good = rows["a.wav"]
    data = (tmp_path / "out" / "a.dpc").read_bytes()
    assert good["bytes"] == len(data)
    assert good["sha256"] == __import__("hashlib").sha256(data).hexdigest()
    assert good["seconds"] == 0.1
    assert good["source_bytes"] == (tree / "a.wav").stat().st_size
    assert [line for line in done.err.splitlines() if line.startswith("failed: ")]
    assert cli(*arguments, "-f").code == 3
    assert len(outputs(tmp_path / "out")) == 5


# Other verbs


def test_info_and_test_take_many(cli: Run, command: Run, tree: Path) -> None:
    cli("encode", "-r", tree, "-q").succeeds()
    done = cli("info", tree, "--json").succeeds()
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [Path(line["file"]).name for line in told] == ["a.dpc", "b.dpc", "a.dpc", "c.dpc", "d.dpc"]
    assert all(line["schema"] == "dpcodec-info/1" for line in told)
    assert cli("info", tree / "a.dpc", tree / "b.dpc").succeeds().out.count(b"state:        whole") == 2
    assert cli("test", tree).succeeds().out.splitlines()[-1] == b"5 files: 5 whole, 0 damaged, 0 not read"
    data = (tree / "a.dpc").read_bytes()
    (tree / "b.dpc").write_bytes(data[:-30])
    (tree / "deep" / "a.dpc").write_bytes(b"junk")
    done = command("test", "-", tree, input=data)
    assert done.code == 5
    assert done.out.splitlines()[-1] == b"6 files: 4 whole, 1 damaged, 1 not read"
    cli("test", tree / "deep" / "er" / "..", "--max-memory", "4G").fails(4, "a.dpc")
    (tree / "empty").mkdir()
    cli("info", tree / "empty").fails(2, "there is no .dpc")


def test_eval_of_two_folders(cli: Run, tree: Path, tmp_path: Path) -> None:
    cli("encode", "-r", tree, "--output-dir", tmp_path / "d", "-q").succeeds()
    cli("decode", "-r", tmp_path / "d", "-q", "--format", "wav").succeeds()
    options = ("--metrics", "snr,lsd")
    done = cli("eval", tree, tmp_path / "d", *options, "--json").succeeds()
    *lines, last = map(json.loads, done.out.splitlines())
    told = {line["degraded"]: line for line in lines}
    assert len(told) == 5
    assert last["files"] == 5
    for name, mean in last["mean"].items():
        assert mean == pytest.approx(sum(line[name] for line in lines) / 5)
    for degraded, line in told.items():
        single = cli("eval", line["reference"], degraded, *options, "--json").succeeds().json
        assert {k: v for k, v in line.items() if k in single["metrics"]} == single["metrics"]
    table = cli("eval", tree, tmp_path / "d", *options, "--manifest", tmp_path / "m").succeeds()
    shown = table.out.decode().splitlines()
    assert shown[0].split() == ["file", "snr", "lsd"]
    assert [row.split()[0] for row in shown[1:6]] == sorted(told)
    assert float(shown[1].split()[1]) == pytest.approx(told[sorted(told)[0]]["snr"], abs=1e-3)
    assert shown[8].split()[0] == "snr"
    assert float(shown[8].split()[1]) == pytest.approx(last["mean"]["snr"], abs=1e-3)
    again = cli("eval", tree, tmp_path / "d", *options, "--manifest", tmp_path / "m").succeeds()
    assert again.out == table.out
    assert "5 known already" in again.err
    cli("eval", tree, tmp_path / "d" / "a.wav").fails(2, "folder")
    (tree / "deep" / "a.wav").unlink()
    assert cli("eval", tree, tmp_path / "d", *options).code == 3


# URLs


def test_urls_in_and_out(cli: Run, tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    top = f"memory://{tmp_path.name}"
    for path in (path for path in tree.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            urls.upload(file, f"{top}/in/{path.relative_to(tree).as_posix()}")
    cli("encode", "-r", f"{top}/in", "--output-dir", f"{top}/out", "--manifest", tmp_path / "m").succeeds()
    cli("encode", "-r", tree, "--output-dir", tmp_path / "out").succeeds()
    for name, data in outputs(tmp_path / "out").items():
        with urls.open_read(f"{top}/out/{name}") as file:
            assert file.read() == data
    cli("encode", f"{top}/in/a.wav", "-o", f"{top}/out/a.dpc").fails(2, "exists")
    cli("encode", f"{top}/in/none.wav", "-o", f"{top}/out/x.dpc").fails(3, "no such file")
    cli("decode", f"{top}/out/a.dpc", tmp_path / "a.wav").succeeds()
    cli("encode", f"{top}/in/a.wav").succeeds()
    cli("test", f"{top}/out").succeeds()
    again = cli("encode", "-r", f"{top}/in", "--output-dir", f"{top}/out", "--manifest", tmp_path / "m")
    assert "5 skipped" in again.succeeds().err


# Other systems, put in the place of this one


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is open there cannot be removed or renamed; folders cannot be opened; there are no links."""
    monkeypatch.setattr(platforms, "WINDOWS", True)
    real_open, real_unlink, real_replace = os.open, Path.unlink, Path.replace

    def is_open(path: Path) -> bool:
        return any(fd.resolve() == path.resolve() for fd in Path("/proc/self/fd").iterdir())

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        if isinstance(path, str | Path) and Path(path).is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *arguments, **named)

    def unlink(path: Path, **named: Any) -> None:
        if is_open(path):
            raise PermissionError(32, "used by another process", str(path))
        real_unlink(path, **named)

    def replace(path: Path, target: Any) -> Path:
        if is_open(path):
            raise PermissionError(32, "used by another process", str(path))
        return real_replace(path, target)

    def missing(*arguments: Any, **named: Any) -> None:
        raise NotImplementedError("not on this system")

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(Path, "unlink", unlink)
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(Path, "hardlink_to", missing)
    monkeypatch.setattr(os, "set_blocking", missing)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see what is open")
@pytest.mark.usefixtures("windows")
def test_outputs_where_what_is_open_stays(cli: Run, tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.dpc"
    cli("encode", tree / "a.wav", target).succeeds()
    cli("encode", tree / "a.wav", target).fails(2, "exists")
    cli("encode", tree / "deep/a.wav", target, "-f", "--verify").succeeds()
    cli("test", target).succeeds()
    (tree / "bad.wav").write_text("no audio")
    cli("encode", tree / "bad.wav", tmp_path / "b.dpc").fails(3, "bad.wav")
    part = tmp_path / ".dpcodec-a.dpc.part"
    part.write_bytes(b"left by a process that was killed")
    assert "is replaced" in cli("encode", tree / "a.wav", target, "-f").succeeds().err
    with part.open("wb"):
        cli("encode", tree / "a.wav", target, "-f").fails(1, "another process is writing")
    part.unlink()
    arguments = ("encode", "-r", tree, "--output-dir", tmp_path / "out", "--manifest", tmp_path / "m")
    assert cli(*arguments).code == 3
    assert cli(*arguments).code == 3
    assert len(outputs(tmp_path / "out")) == 5
    assert not list(tmp_path.rglob("*.part"))


def test_patterns_are_expanded_where_the_shell_does_not(
    tree: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tree / "[odd].wav").touch()
    pattern = str(tree / "*.wav")
    assert trees.expanded([pattern]) == [pattern]
    monkeypatch.setattr(platforms, "WINDOWS", True)
    assert trees.expanded([pattern]) == [str(tree / "[odd].wav"), str(tree / "a.wav")]
    for name in (str(tree / "[odd].wav"), str(tree / "none*"), "s3://bucket/*.wav", "-"):
        assert trees.expanded([name]) == [name]


def test_the_command_needs_no_module_of_posix(tree: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys; sys.modules['fcntl'] = sys.modules['resource'] = None\n"
        "del os.set_blocking, os.mkfifo\n"
        "from dpcodec.cli import platforms; platforms.WINDOWS = True\n"
        "from dpcodec.cli.entry import main; main()"
    )
    arguments = ["encode", str(tree / "a.wav"), str(tmp_path / "a.dpc"), "-q"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupts_need_no_posix(tmp_path: Path) -> None:
    """The watcher waits on a socket there, as Windows can."""
    program = (
        "import os, signal, sys, time\n"
        "from dpcodec.cli import platforms, signals; platforms.WINDOWS = True\n"
        "import select, socket; del os.set_blocking, os.pipe, select.select\n"
        "signals.install()\n"
        "print('ready', flush=True); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    err = process.communicate(timeout=20)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert b"interrupted" in err
    assert piped(process.stdout).closed
