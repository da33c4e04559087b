"""The command on one second of stereo, where all that counts is how soon it begins: beside `import numpy`,
below which none can be, and beside Opus."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.experiments.speed.apart import apart, nothing
from dpcodec.bench.experiments.speed.beside import DPCODEC, run, write_stereo

SECONDS = 1.0
RUNS = 20
NUMPY = (sys.executable, "-c", "import numpy")
OPUSENC = ("opusenc", "--quiet", "in.wav", "peer.opus")
OPUSDEC = ("opusdec", "--quiet", "peer.opus", "peer.wav")


@dataclass(frozen=True)
class Start:
    """A command line of dpcodec, what Opus has for it, and the CPU seconds that are asked of it."""

    arguments: tuple[str, ...]
    peer: tuple[str, ...] | None = None
    bar: str = ""


STARTS = {
    "dpcodec --help": Start(("--help",), bar="<= 0.12"),
    "dpcodec encode, 1 s": Start(("encode", "-q", "-f", "in.wav", "out.dpc"), OPUSENC, "<= 0.12"),
    "dpcodec info, 1 s": Start(("info", "-q", "in.dpc")),
    "dpcodec decode --solver none, 1 s": Start(
        ("decode", "-q", "-f", "--solver", "none", "in.dpc", "out.wav"), OPUSDEC
    ),
    "dpcodec decode --solver least-squares, 1 s": Start(
        ("decode", "-q", "-f", "--solver", "least-squares", "in.dpc", "out.wav"), OPUSDEC
    ),
    "dpcodec decode, 1 s": Start(("decode", "-q", "-f", "in.dpc", "out.wav"), OPUSDEC),
}
LOADED = "dpcodec loaded"


def measure_start(name: str) -> Row:
    """One of `STARTS`, medians of RUNS in turn with the others: seconds as a user waits for it and CPU
    seconds, those of importing numpy and of Opus (None where it is not on PATH). Of `LOADED` the memory."""
    if name == LOADED:
        return {"seconds": None, "peak_mb": apart(nothing)[0]["peak_mb"]}
    start = STARTS[name]
    commands = {"own": (*DPCODEC, *start.arguments), "numpy": NUMPY}
    if start.peer and shutil.which(OPUSENC[0]) and shutil.which(start.peer[0]):
        commands["peer"] = start.peer
    with tempfile.TemporaryDirectory() as folder:
        write_stereo(Path(folder) / "in.wav", SECONDS)
        run((*DPCODEC, "encode", "-q", "in.wav", "in.dpc"), folder)
        if "peer" in commands:
            run(OPUSENC, folder)
        times = [{which: run(command, folder) for which, command in commands.items()} for _ in range(RUNS)]
    cpu = {which: round(median(one[which][0] for one in times), 4) for which in commands}
    return {
        "seconds": round(median(one["own"][1] for one in times), 3),
        "cpu_s": cpu["own"],
        "numpy_cpu_s": cpu["numpy"],
        "peer_cpu_s": cpu.get("peer"),
        "peak_mb": None,
    }


def table_of_starts(rows: Sequence[Row]) -> list[Row]:
    """A row a command, in the order of `STARTS`."""
    order = [*STARTS, LOADED]
    rows = sorted((row for row in rows if row["name"] in order), key=lambda row: order.index(row["name"]))
    return [
        {
            "what": row["name"],
            "seconds": row["seconds"],
            "CPU s": row.get("cpu_s"),
            "of import numpy": row.get("numpy_cpu_s"),
            "of Opus": row.get("peer_cpu_s"),
            "bar, CPU s": STARTS[row["name"]].bar if row["name"] in STARTS else "",
            "peak MB": row["peak_mb"],
        }
        for row in rows
    ]
