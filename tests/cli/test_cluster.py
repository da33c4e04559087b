"""The command over Dask: the same bytes as one by one, also where workers, or the command, are killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import MakeFile, Run, Spawn

pytest.importorskip("distributed")

from dpcodec import batch

from .test_bench import alive, children, until
from .test_many import outputs, rows_of

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A cluster that runs already, as on other machines; its address."""
    engine = batch.open_engine("processes", 2)
    yield engine.about.split()[2].rstrip(",")
    engine.close()


@pytest.fixture
def folder(tone: MakeFile, tmp_path: Path) -> Path:
    """Sixteen short files."""
    (tmp_path / "in").mkdir()
    for i in range(16):
        tone(f"in/{i:02}.wav", 0.1 + i / 40)
    return tmp_path / "in"


def test_a_cluster_makes_the_same_bytes(cli: Run, folder: Path, tmp_path: Path, scheduler: str) -> None:
    (folder / "bad.wav").write_text("no audio")
    manifest = tmp_path / "m.jsonl"
    cli("encode", "-r", folder, "--output-dir", tmp_path / "1", "-q")
    over = ("--scheduler", scheduler, "--manifest", manifest)
    done = cli("encode", "-r", folder, "--output-dir", tmp_path / "2", *over)
    assert done.code == 3
    assert outputs(tmp_path / "1") == outputs(tmp_path / "2")
    assert f"Dask at {scheduler}, 2 threads" in done.err
    assert "16 files, " in done.err
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert [row["tries"] for row in rows if "error" in row] == [3]
    back = cli("decode", "-r", tmp_path / "2", "--scheduler", scheduler, "-q").succeeds()
    assert len(outputs(tmp_path / "2", ".wav")) == 16
    assert back.err == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
def test_a_worker_and_then_the_command_killed(
    spawn: Spawn, command: Run, cli: Run, folder: Path, tmp_path: Path
) -> None:
    """One file waits on a pipe, so that the run cannot end before it is killed."""
    os.mkfifo(folder / "05z.wav")
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    raw = ("--raw", "s16le,8000,1")

    def arguments(out: Path) -> tuple[object, ...]:
        over = ("--scheduler", "processes", "-j", 2, "--manifest", out / "m.jsonl")
        return ("encode", "-r", folder, "--output-dir", out, *over, *raw)

    process = spawn(*arguments(cut))
    until(lambda: (cut / "04.dpc").exists(), "nothing was made", 60)
    started = children(process.pid)
    working = [pid for pid in started if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(working[-1], signal.SIGKILL)
    rows = cut / "m.jsonl"
    until(lambda: rows.read_text().count('"id"') == 16, "nobody took the place of the worker", 60)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    until(lambda: not any(map(alive, started)), "processes were left", 20)
    (folder / "05z.wav").unlink()
    (folder / "05z.wav").write_bytes(bytes(16000))
    done = command(*arguments(cut)).succeeds()
    assert "16 skipped, 0 failed" in done.err
    cli("encode", "-r", folder, "--output-dir", whole, "--manifest", whole / "m.jsonl", *raw, "-q").succeeds()
    assert outputs(cut) == outputs(whole)
    told = [rows_of(out / "m.jsonl") for out in (cut, whole)]
    for row in (row for rows in told for row in rows):
        row.pop("id")
        row["target"] = Path(row["target"]).name
    assert told[0] == told[1]


def test_an_experiment_over_a_cluster(cli: Run, tmp_path: Path, scheduler: str) -> None:
    options = ("--seconds", 0.5, "--solvers", "none,least-squares", "--metrics", "snr", "--drops", "0.5")
    rows = []
    for name, over in (("here", ("-j", 1)), ("there", ("--scheduler", scheduler))):
        done = cli("bench", "paper", *options, *over, "-o", tmp_path / name, "--json").succeeds()
        lines = [json.loads(line) for line in done.out.splitlines()]
        rows.append({line["id"]: {**line, "took_s": 0} for line in lines})
    assert len(rows[0]) == 12
    assert rows[0] == rows[1]
    cli("bench", "speed", "--scheduler", scheduler, "-o", tmp_path).fails(2, "measures times")
    cli("bench", "rate", "--scheduler", "tcp://nonsense", "-o", tmp_path).fails(1, "not reached")
