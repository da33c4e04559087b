"""Codecs that bear loss, each as tasks can hold it: names, settings, a measurement of one clip."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dpcodec import Audio, DecodeSettings, EncodeSettings, profile
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.evaluation import compare
from dpcodec.bench.experiments.loss import channel
from dpcodec.bench.experiments.peers import available_peers
from dpcodec.bench.target import fit
from dpcodec.bench.trial import decode_timed, encode_timed

SOLVERS: tuple[str, ...] = ("none", "least-squares")
IN_SEGMENTS = {"stft, drop 0.9": profile("stft", drop=0.9), "paper, drop 0.5": profile("paper", rate=None)}
"""What loses the same number of parts in every segment."""


@dataclass(frozen=True)
class System:
    """A codec with a way to bear loss.

    name      in tables
    key       what else tells its rows apart
    measure   clip, loss in percent, draw, metrics and `arguments` -> a row
    cost_s    seconds of one measurement, from the loss
    """

    name: str
    key: Row
    measure: Callable[..., Row]
    arguments: dict[str, Any]
    cost_s: Callable[[float], float]


def systems_for(clip: Audio, bitrate: float) -> tuple[list[System], list[str]]:
    """All that can run here, profile stft and Opus at `bitrate` kbit/s, and a note for each program
    that is absent.

    Raises `SettingsError` for a bit rate below that of the smallest file.
    """
    stft = profile("stft", drop=fit(clip, bitrate)[1])
    systems = [
        System(
            f"{name}, {solver}",
            {"drop": encoding.drop},
            measure_dpc,
            {"encoding": encoding, "solver": solver},
            cost_of(clip, solver),
        )
        for name, encoding in (("stft", stft), ("paper", profile("paper", rate=None)))
        for solver in SOLVERS
    ]
    found, notes = available_peers(("opus", "flac"))
    for peer in found:
        key, cost = {"program": peer.version()}, cost_of(clip, "none")
        if peer.name == "opus":
            for name, told in (("opus", False), ("opus, told", True)):
                systems.append(System(name, key, measure_opus, {"bitrate": bitrate, "told": told}, cost))
        else:
            systems.append(System("flac", key, measure_flac, {}, cost))
    systems.append(System("silence", {}, measure_silence, {}, cost_of(clip, "none")))
    return systems, notes


def cost_of(clip: Audio, solver: str) -> Callable[[float], float]:
    """Seconds from the loss in percent: with little lost least squares is over soon."""
    patient = 1.2 * clip.duration
    return lambda loss: patient if loss > 5 and solver == "least-squares" else 0.5 + 0.05 * clip.duration


def measure_dpc(
    clip: Audio, loss: float, draw: int, metrics: Sequence[str], encoding: EncodeSettings, solver: str
) -> Row:
    """Data packets of a `.dpc` file lost, whatever their segment."""
    received = channel.through_dpc(clip, encoding, solver, channel.losing(loss / 100, draw))
    return _row(clip, received, metrics)


def measure_opus(
    clip: Audio, loss: float, draw: int, metrics: Sequence[str], bitrate: float, told: bool
) -> Row:
    """Packets of an Opus file lost; `told`: opusenc was told of the share."""
    with tempfile.TemporaryDirectory() as folder:
        expected = loss / 100 if told else 0.0
        lose = channel.losing(loss / 100, draw)
        return _row(clip, channel.through_opus(clip, bitrate, expected, Path(folder), lose), metrics)


def measure_flac(clip: Audio, loss: float, draw: int, metrics: Sequence[str]) -> Row:
    """Frames of a FLAC file lost."""
    with tempfile.TemporaryDirectory() as folder:
        received = channel.through_flac(clip, Path(folder), channel.losing(loss / 100, draw))
        return _row(clip, received, metrics)


def measure_silence(clip: Audio, loss: float, draw: int, metrics: Sequence[str]) -> Row:
    """Silence for what was lost, nothing else wrong."""
    return _row(clip, channel.silenced(clip, channel.losing(loss / 100, draw)), metrics)


def measure_parts(clip: Audio, name: str, solver: str, lost: int, draw: int, metrics: Sequence[str]) -> Row:
    """The same `lost` parts of every segment lost, others in each draw; `name` out of `IN_SEGMENTS`."""
    encoding = IN_SEGMENTS[name]
    parts = {(draw + 3 * i) % encoding.parts for i in range(lost)}
    data, _ = encode_timed(clip, encoding)
    hurt = channel.without_data_packets(data, channel.data_packets_of_parts(data, parts))
    decoded, _, _ = decode_timed(hurt, DecodeSettings(solver=solver, device="cpu"))
    return {"kbps": 8e-3 * len(data) / clip.duration, **compare(clip, decoded, metrics)}


def _row(clip: Audio, received: channel.Received, metrics: Sequence[str]) -> Row:
    return {
        "bytes": received.bytes,
        "kbps": 8e-3 * received.bytes / clip.duration,
        "packets": received.packets,
        "lost": received.lost,
        **compare(clip, received.audio, metrics),
    }
