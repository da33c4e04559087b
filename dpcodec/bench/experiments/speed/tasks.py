"""How fast, in how much memory: real-time factors, start-up, length, cores, a network's step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dpcodec
from dpcodec.bench.engine.canvas import slug
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import grouped, rounded
from dpcodec.bench.experiments.speed.beside import (
    RATIOS,
    measure_beside,
    tables_beside,
)
from dpcodec.bench.experiments.speed.shared import (
    measure_memory,
    measure_shared,
    tables_memory,
    tables_shared,
)
from dpcodec.bench.experiments.speed.startup import LOADED, STARTS, measure_start, table_of_starts
from dpcodec.bench.experiments.speed.timed_work import (
    CASES,
    RUNS,
    SECONDS,
    SHORT_S,
    STEP,
    measure_case,
    measure_length,
    measure_step,
)
from dpcodec.bench.fitting import CPU_STEP_S
from dpcodec.errors import SettingsError
from dpcodec.inpainting.device import resolve_device
from dpcodec.inpainting.network_size import NETWORKS, network_size

LENGTHS = (5.0, 60.0, 600.0, 3600.0)
ON_CORES = (
    "encode, profile stft, 44.1 kHz mono",
    "decode least-squares, random 0.5, paper profile",
    "decode least-squares, random 0.8, paper profile",
)
SECONDS_ON_CORES = 10.0
START_COST_S = 3.0
"""To start a process that has loaded what it needs, on a busy machine."""
LENGTH_COST = 0.2
"""Seconds for one of audio: encoded once, decoded twice."""
BESIDE_COST, SHARED_COST_S, MEMORY_COST = 0.3, 180.0, 0.06
KINDS = ("start", "case", "cores", "step", "length", "beside", "shared", "memory")
IN_LENGTH = {"encode": "encode", "none": "decode none", "least-squares": "decode least-squares"}


def experiment(
    lengths: Sequence[float] = LENGTHS,
    cores: Sequence[int] | None = None,
    networks: Sequence[str] = tuple(NETWORKS),
    device: str = "cpu",
    kinds: Sequence[str] = KINDS,
    clip: str | None = None,
) -> Experiment:
    """Tasks with the short ones first: a budget cuts the long ones.

    lengths   seconds of audio
    cores     to run on; those that are not there are left out with a note. None: 1, 2, 4 ... and all
    networks  whose step is timed, on `device`
    kinds     of measurements, out of KINDS
    clip      a file that is repeated beside other codecs; None: music made by formula

    Raises `SettingsError` for an unknown network or kind, `DeviceError` for a device that is not there.
    """
    device = resolve_device(device)
    there = os.cpu_count() or 1
    asked = sorted(cores or {*(2**i for i in range(there.bit_length())), there})
    notes = [f"there are no {n} cores here: left out" for n in asked if n > there]
    some = [n for n in asked if n <= there]
    if unknown := set(kinds) - set(KINDS):
        raise SettingsError(f"{min(unknown)!r} is no kind of measurement: take some of {', '.join(KINDS)}")
    found = (*_tasks(lengths, some, networks, device), *_beside(lengths, max(some, default=1), clip))
    tasks = sorted((task for task in found if task.key["what"] in kinds), key=lambda task: task.cost_s)
    return Experiment("speed", tasks, tables, plots, timed=True, notes=notes)


def _tasks(
    lengths: Sequence[float], cores: Sequence[int], networks: Sequence[str], device: str
) -> Iterator[Task]:
    for name in (*STARTS, LOADED):
        yield _task("start", measure_start, START_COST_S, name=name)
    for name in CASES:
        yield _task("case", measure_case, _cost_of(name, SECONDS), name=name, seconds=SECONDS)
    for n in cores:
        for name in ON_CORES:
            for copies in sorted({1, n}):
                how = {"name": name, "seconds": SECONDS_ON_CORES, "cores": n, "copies": copies}
                yield _task("cores", measure_case, _cost_of(name, SECONDS_ON_CORES), **how)
        for network in networks:
            how = {"network": network, "device": device, "cores": n}
            yield _task("step", measure_step, _cost_of_step(network, device), **how)
    for seconds in lengths:
        cost_s = 3 * START_COST_S + LENGTH_COST * seconds
        yield _task("length", measure_length, cost_s, seconds=seconds)


def _beside(lengths: Sequence[float], cores: int, clip: str | None) -> Iterator[Task]:
    for seconds in lengths:
        cost_s = 3 * START_COST_S + BESIDE_COST * seconds
        yield _on_clip("beside", measure_beside, cost_s, clip, seconds=seconds)
    if cores > 1:
        yield _on_clip("shared", measure_shared, SHARED_COST_S, clip, cores=cores)
        for seconds in lengths:
            cost_s = START_COST_S + MEMORY_COST * seconds
            yield _on_clip("memory", measure_memory, cost_s, clip, seconds=seconds, cores=cores)


def _on_clip(
    what: str, measure: Callable[..., Row], cost_s: float, clip: str | None, **arguments: Any
) -> Task:
    task = _task(what, measure, cost_s, **arguments)
    return replace(
        task, key=task.key | {"clip": clip and Path(clip).name}, arguments={**arguments, "clip": clip}
    )


def _task(what: str, measure: Callable[..., Row], cost_s: float, **arguments: Any) -> Task:
    key = {"what": what, **arguments, "of_cores": os.cpu_count(), "version": dpcodec.__version__}
    return Task(key, measure, arguments, cost_s)


def _cost_of(name: str, seconds: float) -> float:
    work_s = seconds / CASES[name].factor
    return START_COST_S + work_s * (RUNS if work_s < SHORT_S else 1)


def _cost_of_step(network: str, device: str) -> float:
    network_size(network, device)
    return START_COST_S + 2 * CPU_STEP_S.get(network, 0.0)


def tables(rows: Sequence[Row]) -> list[Table]:
    """A table for each kind of measurement that there is."""
    by_kind = {kind: group for (kind,), group in grouped(rows, "what").items()}
    found = {
        f"Real-time factors on {SECONDS:g} s of melody, all cores": _cases(by_kind.get("case", [])),
        "From the command to its end": table_of_starts(by_kind.get("start", [])),
        "Length: profile stft, 44.1 kHz mono": _lengths(by_kind.get("length", [])),
        f"Cores: times real time, all files together, {SECONDS_ON_CORES:g} s each": _cores(
            by_kind.get("cores", [])
        ),
        f"One step of a network on {STEP}": _steps(by_kind.get("step", [])),
    }
    found["Beside compiled codecs: CPU seconds of the command, 44.1 kHz stereo"] = tables_beside(
        by_kind.get("beside", [])
    )
    found["The command on all cores"] = tables_shared(by_kind.get("shared", []))
    found["The command's memory on all cores, MB, its processes together"] = tables_memory(
        by_kind.get("memory", [])
    )
    return [Table(title, shown) for title, shown in found.items() if shown]


def _cases(rows: Sequence[Row]) -> list[Row]:
    return [
        {
            "what": row["name"],
            "times real time": rounded(row["times_real_time"], 1),
            "bar": CASES[row["name"]].bar,
            "peak MB": row["peak_mb"],
        }
        for row in _in_order(rows, "name", list(CASES))
    ]


def _lengths(rows: Sequence[Row]) -> list[Row]:
    shown = []
    for row in sorted(rows, key=lambda row: row["seconds"]):
        columns = {"seconds": row["seconds"], "file MB": rounded(row["bytes"] / 1e6)}
        for name, verb in IN_LENGTH.items():
            columns |= {f"{verb}, x": row[f"{name}_times_real_time"], f"{verb}, MB": row[f"{name}_peak_mb"]}
        shown.append(columns)
    return shown


def _cores(rows: Sequence[Row]) -> list[Row]:
    """A row a case, for one file on all of the cores and for a file a core; a column a number of cores."""
    counts = sorted({row["cores"] for row in rows})
    shown = []
    for (name,), group in grouped(_in_order(rows, "name", list(ON_CORES)), "name").items():
        one = {row["cores"]: row["times_real_time"] for row in group if row["copies"] == 1}
        many = {row["cores"]: row["times_real_time"] for row in group if row["copies"] == row["cores"]}
        for way, factors in (("one file", one), ("a file a core", many)):
            columns = {str(n): rounded(factors.get(n), 1) for n in counts}
            if way == "one file" or max(counts) > 1:
                shown.append({"what": name, "at a time": way, **columns})
    return shown


def _steps(rows: Sequence[Row]) -> list[Row]:
    return [
        {name: row[name] for name in ("network", "device", "cores", "seconds")} | {"peak MB": row["peak_mb"]}
        for row in rows
    ]


def _in_order(rows: Sequence[Row], name: str, values: Sequence[str]) -> list[Row]:
    return sorted((row for row in rows if row[name] in values), key=lambda row: values.index(row[name]))


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Speed and memory over length."""
    beside = sorted((row for row in rows if row["what"] == "beside"), key=lambda row: row["seconds"])
    rows = sorted((row for row in rows if row["what"] == "length"), key=lambda row: row["seconds"])
    return [*_plots_of_length(rows, folder), *_plots_beside(beside, folder)]


def _plots_beside(rows: Sequence[Row], folder: Path) -> list[Path]:
    """CPU seconds over those of a compiled codec, over length."""
    lines = {}
    for own, peer, _ in RATIOS:
        some = [row for row in rows if row[f"{peer}, CPU s"]]
        ratios = [row[f"{own}, CPU s"] / row[f"{peer}, CPU s"] for row in some]
        lines[f"{own} / {peer}"] = Line([row["seconds"] for row in some], ratios)
    lines = {label: line for label, line in lines.items() if line.x}
    if not lines:
        return []
    panel = Panel("CPU seconds over the other's", "audio, s", lines, "beside", log_x=True)
    return draw_panels([panel], folder / "speed", "44.1 kHz stereo, one core")


def _plots_of_length(rows: Sequence[Row], folder: Path) -> list[Path]:
    if not rows:
        return []
    seconds = [row["seconds"] for row in rows]
    panels = [
        Panel(
            title,
            "audio, s",
            {
                verb: Line(seconds, [row[f"{name}_{column}"] for row in rows])
                for name, verb in IN_LENGTH.items()
            },
            slug(title.partition(",")[0]),
            ticks=seconds,
            log_x=True,
        )
        for title, column in (("Speed, times real time", "times_real_time"), ("Peak memory, MB", "peak_mb"))
    ]
    return draw_panels(panels, folder / "speed", "profile stft, 44.1 kHz mono")
