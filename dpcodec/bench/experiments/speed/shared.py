"""The command on several cores beside one, and its memory then, of all its processes together."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.statistics import rounded
from dpcodec.bench.experiments.speed.beside import DPCODEC, REPEATS, run, write_stereo
from dpcodec.errors import DpcodecError

LONG_S, FILES, FILE_S = {"three minutes": 180.0, "ten minutes": 600.0}, 50, 3.0
"""What is no work for several cores, the start and the end, counts more the shorter a file is."""
NAMES = [f"{i}.wav" for i in range(FILES)]
Work = dict[str, tuple[str, list[str]]]


def _on_one(what: str, stem: str) -> Work:
    """Verbs and operands on one file."""
    wav, dpc = f"{stem}.wav", f"{stem}.dpc"
    return {
        what: ("encode", [wav, dpc]),
        f"{what} at 64 kbit/s": ("encode", ["--bitrate", "64", wav, "rate.dpc"]),
        f"{what} decoded, noise": ("decode", ["--solver", "noise", dpc, "back.wav"]),
    }


WORK: Work = {k: work for what in LONG_S for k, work in _on_one(what, what).items()}
WORK |= {"many short files": ("encode", NAMES)}
WEIGHED = {k: work for k, work in _on_one("one long file", "long").items() if "--bitrate" not in work[1]}
SAMPLE_S = 0.05


def measure_shared(cores: int, clip: str | None = None) -> Row:
    """Seconds and CPU seconds of one core and of `cores`, in turn: of long files, and of many short ones."""
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, seconds in LONG_S.items():
            write_stereo(Path(folder) / f"{what}.wav", seconds, clip)
        for name in NAMES:
            write_stereo(Path(folder) / name, FILE_S, clip)
        for what, (verb, operands) in WORK.items():
            times = [
                [run((*DPCODEC, verb, "-qqf", f"-j{n}", *operands), folder) for n in (1, cores)]
                for _ in range(REPEATS)
            ]
            for i, name in enumerate(("one", "all")):
                row[f"{what}, {name}, s"] = round(min(pair[i][1] for pair in times), 3)
                row[f"{what}, {name}, CPU s"] = round(min(pair[i][0] for pair in times), 3)
    return row


def measure_memory(seconds: float, cores: int, clip: str | None = None) -> Row:
    """The most memory of the command and its processes on `cores`, MB of 10^6 bytes, of so much stereo."""
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        write_stereo(Path(folder) / "long.wav", seconds, clip)
        for what, (verb, operands) in WEIGHED.items():
            row[f"{what}, MB"] = weigh((*DPCODEC, verb, "-qqf", f"-j{cores}", *operands), folder)
    return row


def weigh(command: Sequence[str], folder: str) -> float | None:
    """The most memory that a command and the processes below it have had at a time, what they share counted
    once (proportional set size); None where the system does not tell. Raises `DpcodecError` where it
    fails."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    most = 0
    with subprocess.Popen(command, cwd=folder, **quiet) as process:  # type: ignore[call-overload]
        while process.poll() is None:
            most = max(most, sum(map(_held, _below(process.pid))))
            time.sleep(SAMPLE_S)
    if process.returncode:
        raise DpcodecError(f"{' '.join(command[:4])} ended with code {process.returncode}")
    return round(most / 1e6, 1) if most else None


def _below(pid: int) -> list[int]:
    """A process and all that it has begun."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            told = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(told[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += parents.get(found[-1], [])
    return found


def _held(pid: int) -> int:
    """Bytes of a process, those that it shares divided by who shares them; 0 where it has ended."""
    with contextlib.suppress(OSError):
        told = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        return int(told[1]) * 1024 if told else 0
    return 0


def tables_shared(rows: Sequence[Row]) -> list[Row]:
    """A row for each kind of work. `ratio at best` is what the work on all cores would gain if none of them
    did anything else: what it takes more than on one core is in it, waiting is not."""
    return [
        {
            "what": what,
            "cores": row["cores"],
            "one core, s": row[f"{what}, one, s"],
            "all, s": row[f"{what}, all, s"],
            "ratio": rounded(row[f"{what}, one, s"] / row[f"{what}, all, s"], 2),
            "ratio at best": rounded(
                row["cores"] * row[f"{what}, one, CPU s"] / row[f"{what}, all, CPU s"], 2
            ),
        }
        for row in rows
        for what in WORK
    ]


def tables_memory(rows: Sequence[Row]) -> list[Row]:
    """A row a length."""
    return [
        {"audio, s": row["seconds"], "jobs": row["cores"], **{what: row[f"{what}, MB"] for what in WEIGHED}}
        for row in sorted(rows, key=lambda row: row["seconds"])
    ]
