"""What lost packets cost: quality against the share of packets lost, beside other codecs' concealment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dpcodec
from dpcodec import Audio, EncodeSettings, encode
from dpcodec.bench.clips import digest, load_clip, melody
from dpcodec.bench.engine.experiment import Experiment, Row, Task
from dpcodec.bench.evaluation import metrics_s
from dpcodec.bench.experiments.loss.patterns import BURST, BYTES, RANDOM
from dpcodec.bench.experiments.loss.survival import WAYS, measure_survival
from dpcodec.bench.experiments.loss.systems import (
    IN_SEGMENTS,
    SOLVERS,
    System,
    cost_of,
    measure_parts,
    systems_for,
)
from dpcodec.bench.experiments.loss.tables import IN_EACH, SURVIVES, plots, tables
from dpcodec.bench.experiments.peers import quantised_16_bit
from dpcodec.metrics.catalogue import select

LOSSES = (0.0, 1.0, 5.0, 10.0, 20.0)
"""Percent of packets; flipped bytes among 100 000."""
PATTERNS = {"random": RANDOM, "burst": BURST, "bytes": BYTES}
SYSTEMS = ("default", "parts", "parity", "opus")
PARITIES = (5.0, 10.0, 25.0, 50.0)
DRAWS_OF_SURVIVAL = 10
"""For each of the others: these decode nothing."""
REPAIR_S = 0.1


def experiment(
    file: Path | None,
    bitrate: float = 24.0,
    losses: Sequence[float] = LOSSES,
    draws: int = 10,
    patterns: Sequence[str] = tuple(PATTERNS),
    systems: Sequence[str] = SYSTEMS,
    parities: Sequence[float] = PARITIES,
    parts_lost: Sequence[int] = (),
    metrics: Sequence[str] = ("snr", "pemoq"),
    rate: int = 16000,
    seconds: float = 20.0,
) -> Experiment:
    """A task a system, way to lose packets, amount and draw; what parity survives; and, for the research
    profiles, the same number of parts lost in every segment.

    On the file's first seconds, mono at `rate` Hz, or a melody by formula. `bitrate` in kbit/s is that of the
    default, profile stft and Opus; `losses` in percent. Raises `SettingsError` for a bit rate that is too low
    and for metrics that cannot be measured here.
    """
    clip = quantised_16_bit(melody(rate, seconds) if file is None else load_clip(file, rate, seconds))
    key = {
        "clip": "melody" if file is None else file.stem,
        "clip_digest": digest(clip),
        "rate": rate,
        "seconds": round(clip.duration, 3),
        "bitrate": bitrate,
        "metrics": select(metrics),
        "version": dpcodec.__version__,
    }
    own = {"default", "parity"} & set(systems)
    coded = encode(clip, EncodeSettings(bitrate=bitrate)) if own else b""
    chosen, notes = systems_for(clip, bitrate, systems, coded)
    ways = [PATTERNS[name] for name in patterns]
    tasks = [*_by_pattern(clip, key, chosen, ways, losses, draws), *_in_each(clip, key, parts_lost, draws)]
    if "parity" in systems:
        tasks += _of_parity(coded, key, parities, losses, draws)
    return Experiment("loss", tasks, tables, plots, notes=notes)


def _by_pattern(
    clip: Audio, key: Row, systems: Sequence[System], ways: Sequence[str], losses: Sequence[float], draws: int
) -> list[Task]:
    return [
        Task(
            {**key, "pattern": way, "system": system.name, **system.key, "loss": loss, "draw": draw},
            system.measure,
            {"clip": clip, "way": way, "loss": loss, "draw": draw, "metrics": key["metrics"]}
            | system.arguments,
            system.cost_s(loss) + metrics_s(key["metrics"], clip.duration),
        )
        for draw in range(draws)
        for way in ways
        for loss in losses
        for system in systems
        if loss or not draw
    ]


def _of_parity(
    data: bytes, key: Row, parities: Sequence[float], losses: Sequence[float], draws: int
) -> list[Task]:
    draws *= DRAWS_OF_SURVIVAL
    key = {name: value for name, value in key.items() if name != "metrics"}
    return [
        Task(
            {**key, "pattern": SURVIVES, "parity": percent, "way": way, "loss": loss, "draws": draws},
            measure_survival,
            {"data": data, "percent": percent, "way": way, "loss": loss, "draws": draws},
            REPAIR_S * draws,
        )
        for percent in parities
        for way in WAYS
        for loss in losses
        if loss
    ]


def _in_each(clip: Audio, key: Row, parts_lost: Sequence[int], draws: int) -> list[Task]:
    return [
        Task(
            {**key, "pattern": IN_EACH, "system": f"{name}, {solver}", "loss": lost, "draw": draw},
            measure_parts,
            {
                "clip": clip,
                "name": name,
                "solver": solver,
                "lost": lost,
                "draw": draw,
                "metrics": key["metrics"],
            },
            cost_of(clip, solver)(12.5 * lost) + metrics_s(key["metrics"], clip.duration),
        )
        for draw in range(draws)
        for lost in parts_lost
        for name in IN_SEGMENTS
        for solver in SOLVERS
        if lost or not draw
    ]
