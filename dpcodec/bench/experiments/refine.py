"""What solver refine makes of a file beside solver noise: the same bytes, clip by clip, and what it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec import Audio, DecodeSettings, EncodeSettings
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.statistics import column, grouped, rounded
from dpcodec.bench.evaluation import FIGURES, compare, metrics_s
from dpcodec.bench.trial import decode_timed, encode_timed
from dpcodec.metrics.catalogue import select

BITRATES = (24.0, 32.0, 48.0)
METRICS = ("snr", "peaq", "peaq-advanced")
SOLVERS = ("noise", "refine")


def experiment(
    folder: Path | None,
    bitrates: Sequence[float] = BITRATES,
    metrics: Sequence[str] = METRICS,
    rate: int | None = 44100,
    seconds: float = 10.0,
    start: float = 0.0,
) -> Experiment:
    """A task a clip and bit rate, kbit/s, of the default, mono."""
    tasks = [
        Task(
            {
                "set": "formula" if folder is None else folder.name,
                "clip": name,
                "clip_digest": digest(clip),
                "rate": clip.sample_rate,
                "seconds": round(clip.duration, 3),
                "bitrate": bitrate,
                "metrics": select(metrics),
                "version": dpcodec.__version__,
            },
            measure,
            {"clip": clip, "bitrate": bitrate, "metrics": list(metrics)},
            cost_s=clip.duration + 2 * metrics_s(metrics, clip.duration),
        )
        for name, clip in clips_of(folder, rate, seconds, start=start).items()
        for bitrate in bitrates
    ]
    return Experiment("refine", tasks, tables)


def measure(clip: Audio, bitrate: float, metrics: Sequence[str]) -> Row:
    """A file decoded by both solvers: each figure as FIGURE_SOLVER, and `cpu_SOLVER`, processor seconds."""
    data, _ = encode_timed(clip, EncodeSettings(bitrate=bitrate))
    row: Row = {"bytes": len(data), "kbps": 8e-3 * len(data) / clip.duration}
    for solver in SOLVERS:
        begin = time.process_time()
        decoded, _, _ = decode_timed(data, DecodeSettings(solver=solver, device="cpu"))
        row[f"cpu_{solver}"] = round(time.process_time() - begin, 3)
        row |= {f"{name}_{solver}": value for name, value in compare(clip, decoded, metrics).items()}
    return row


def tables(rows: Sequence[Row]) -> list[Table]:
    """What refine gains at equal bytes, for each set of clips and figure: a row a clip, a column a bit rate,
    their means and the least; then how fast it is."""
    found = [
        Table(f"{clips}, {title} in {unit}: refine less noise, by kbit/s", _gains(of_set, name))
        for (clips,), of_set in grouped(rows, "set").items()
        for name, (title, unit) in FIGURES.items()
        if any(f"{name}_refine" in row for row in of_set)
    ]
    return [*found, Table("Decoding, one core: seconds of audio a second of processor time", _speeds(rows))]


def _gains(rows: Sequence[Row], figure: str) -> list[Row]:
    rows = [{**row, "gain": _gain(row, figure)} for row in rows]
    lines = [_line(str(clip), group, np.mean) for (clip,), group in grouped(rows, "clip").items()]
    bitrates = list(dict.fromkeys(row["bitrate"] for row in rows))
    lines += [_line("mean", rows, np.mean), _line("least", rows, np.min)]
    return [{"clip": line["clip"], **{f"{b:g}": line.get(f"{b:g}") for b in bitrates}} for line in lines]


def _line(name: str, rows: Sequence[Row], of: Callable[[np.ndarray], np.floating]) -> Row:
    """One value a bit rate."""
    found: Row = {"clip": name}
    for (bitrate,), group in grouped(rows, "bitrate").items():
        values = column(group, "gain")
        if values.size:
            found[f"{bitrate:g}"] = rounded(float(of(values)), 3)
    return found


def _gain(row: Row, figure: str) -> float | None:
    after, before = (column([row], f"{figure}_{solver}") for solver in ("refine", "noise"))
    return float(after[0] - before[0]) if after.size and before.size else None


def _speeds(rows: Sequence[Row]) -> list[Row]:
    """Seconds of audio that a second of processor time decodes."""
    return [
        {
            "kbit/s": bitrate,
            "clips": len(group),
            **{solver: rounded(_times_real_time(group, solver), 1) for solver in SOLVERS},
        }
        for (bitrate,), group in grouped(rows, "bitrate").items()
    ]


def _times_real_time(rows: Sequence[Row], solver: str) -> float:
    return float(column(rows, "seconds").sum() / max(column(rows, f"cpu_{solver}").sum(), 1e-3))
