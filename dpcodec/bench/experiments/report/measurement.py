"""The measurements behind the page: every clip through every system, with its sound."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

import dpcodec
from dpcodec import Audio
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.engine.dots import DotPanel, Dots, draw_dots
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.engine.statistics import FEWEST, column, grouped, interval, mean, plus_minus
from dpcodec.bench.evaluation import compare, file_name, metrics_s
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.bench.experiments.report.stored import FLAC, flac, stored
from dpcodec.bench.experiments.report.systems import NAMES, OURS, Choice, System, choose

OF_OTHERS = ("none", "deep-prior")
"""Solvers that are no method of this project."""
METRICS = ("snr", "si-sdr", "peaq", "pemoq")
HEADINGS = {
    "kbps": "kbit/s on disk",
    "snr": "SNR, dB",
    "si_snr": "SI-SNR, dB",
    "sdr": "SDR, dB",
    "si_sdr": "SI-SDR, dB",
    "segsnr": "SegSNR, dB",
    "lsd": "LSD, dB",
    "peaq_odg": "PEAQ ODG",
    "pemoq_odg": "PEMO-Q-like ODG",
    "visqol": "ViSQOL MOS",
}
"""Columns of results that the tables show, where there are any."""


def experiment(
    folder: Path | None,
    choice: Choice,
    rate: int | None = 16000,
    seconds: float = 5.0,
    count: int | None = None,
    metrics: Sequence[str] = METRICS,
) -> Experiment:
    """A task a clip and system; `count`: of the first so many clips only."""
    systems, notes = choose(choice)
    clips = {name: quantised_16_bit(clip) for name, clip in clips_of(folder, rate, seconds).items()}
    tasks = [
        Task(
            {
                "clip": name,
                "clip_digest": digest(clip),
                "rate": clip.sample_rate,
                "seconds": round(clip.duration, 3),
                **({"synthetic": True} if folder is None else {}),
                **({"decoded": True} if choice.decoded else {}),
                "system": system.name,
                "role": system.role,
                "about": system.about,
                "metrics": ",".join(metrics),
                "version": dpcodec.__version__,
            },
            measure,
            {"clip": clip, "system": system, "metrics": metrics},
            cost_s=min(system.cost_s * clip.duration, system.at_most_s) + metrics_s(metrics, clip.duration),
            alone=system.alone,
        )
        for name, clip in islice(clips.items(), count)
        for system in systems
    ]
    return Experiment("report", tasks, tables, plots, notes=notes)


def measure(clip: Audio, system: System, metrics: Sequence[str]) -> Row:
    """Size, metrics (none for the reference), and the sound in base 64, under what kind of sound it is: one
    of `stored.KINDS`."""
    version = system.make(clip)
    heard = _as_long_as(clip, version.audio)
    if system.role == "reference":
        return {"bytes": None, "kbps": None, FLAC: base64.b64encode(flac(clip)).decode()}
    sound = stored(clip, heard, version.stored)
    return {
        "bytes": version.bytes,
        "kbps": None if version.bytes is None else 8e-3 * version.bytes / clip.duration,
        **compare(clip, heard, metrics),
        sound.kind: base64.b64encode(sound.content).decode(),
    }


def tables(rows: Sequence[Row]) -> list[Table]:
    """Means over clips, and each clip."""
    shown = [name for name in HEADINGS if any(row.get(name) is not None for row in rows)]
    by_system = grouped(rows, "system")
    means = [
        {"system": name, "clips": len(group), **{HEADINGS[c]: plus_minus(group, c) for c in shown}}
        for (name,), group in by_system.items()
    ]
    each = [
        {"clip": clip_name(row), "system": row["system"], **{HEADINGS[c]: _shown(row.get(c)) for c in shown}}
        for row in rows
    ]
    return [Table("Means over clips", means), Table("Each clip", each)]


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """A picture a figure of merit: systems one below the other, each clip a point, and the means."""
    systems = {name: group for (name,), group in grouped(rows, "system").items()}
    systems = {name: group for name, group in systems.items() if group[0]["role"] != "reference"}
    clips = len({row["clip_digest"] for row in rows})
    note = f"each of {clips} clips, and the mean" if clips > 1 else f"of one clip, {clip_name(rows[0])}"
    note += " with its 95 % interval" if clips >= FEWEST else ""
    panels = [
        DotPanel(
            HEADINGS[name],
            [
                Dots(_with_rate(system, group), column(group, name), interval(group, name), _is_ours(system))
                for system, group in systems.items()
            ],
            file_name(name),
        )
        for name in HEADINGS
        if name != "kbps" and any(row.get(name) is not None for row in rows)
    ]
    return draw_dots(panels, folder / "report", note)


def clip_name(row: Row) -> str:
    """Of the row's clip, which is called synthetic where it was made by formula."""
    return f"{row['clip']} (synthetic)" if row.get("synthetic") else str(row["clip"])


def _with_rate(system: str, group: Sequence[Row]) -> str:
    kbps = mean(group, "kbps")
    return system if kbps is None else f"{system}, {kbps:.0f}\u00a0kbit/s"


def _is_ours(system: str) -> bool:
    return system.partition(",")[0] in (OURS, *(NAMES[solver] for solver in NAMES if solver not in OF_OTHERS))


def _shown(value: float | str | None) -> float | str | None:
    return value if value is None or isinstance(value, str) else round(value, 2) + 0.0  # never -0.0


def _as_long_as(clip: Audio, other: Audio) -> Audio:
    """Cut, or lengthened by silence: all versions of a clip loop in step."""
    n = clip.samples.shape[1]
    samples = other.samples[:, :n]
    return Audio(np.pad(samples, ((0, 0), (0, n - samples.shape[1]))), clip.sample_rate)
