"""Codecs that bear loss, each as tasks can hold it: names, settings, a measurement of one clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dpcodec import Audio, DecodeSettings, EncodeSettings, encode, profile
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.evaluation import compare
from dpcodec.bench.experiments.loss import channel, others
from dpcodec.bench.experiments.loss.holes import in_holes
from dpcodec.bench.experiments.loss.patterns import BYTES, pattern
from dpcodec.bench.experiments.loss.survival import protected
from dpcodec.bench.experiments.peers import available_peers
from dpcodec.bench.target import fit
from dpcodec.bench.trial import decode_timed, encode_timed

FAMILIES = ("default", "parts", "parity", "opus", "stft", "paper", "flac", "silence")
SOLVERS: tuple[str, ...] = ("none", "least-squares")
PARITY_PERCENT = 25.0
PARTS = 2
"""Of family "parts": a segment in so many packets."""
IN_SEGMENTS = {"stft, drop 0.9": profile("stft", drop=0.9), "paper, drop 0.5": profile("paper", rate=None)}
"""What loses the same number of parts in every segment."""


@dataclass(frozen=True)
class System:
    """A codec with a way to bear loss.

    name      in tables
    key       what else tells its rows apart
    measure   clip, way to lose packets, amount, draw, metrics and `arguments` -> a row
    cost_s    seconds of one measurement, from the amount
    """

    name: str
    key: Row
    measure: Callable[..., Row]
    arguments: dict[str, Any]
    cost_s: Callable[[float], float]


def systems_for(
    clip: Audio, bitrate: float, families: Sequence[str], coded: bytes
) -> tuple[list[System], list[str]]:
    """Those of these families that can run here, profile stft and Opus at `bitrate` kbit/s, and a note for
    each program that is absent. `coded` is the clip by the default.

    Raises `SettingsError` for a bit rate below that of the smallest file.
    """
    systems = [*_of_default(clip, bitrate, coded, families), *_of_stft(clip, bitrate, families)]
    found, notes = available_peers([name for name in ("opus", "flac") if name in families])
    for peer in found:
        key, cost = {"program": peer.version()}, cost_of(clip, "none")
        if peer.name == "opus":
            for name, told in (("opus", False), ("opus, told", True)):
                systems.append(System(name, key, measure_opus, {"bitrate": bitrate, "told": told}, cost))
        else:
            systems.append(System("flac", key, measure_flac, {}, cost))
    if "silence" in families:
        systems.append(System("silence", {}, measure_silence, {}, cost_of(clip, "none")))
    return systems, notes


def _of_default(clip: Audio, bitrate: float, data: bytes, families: Sequence[str]) -> Iterator[System]:
    """The default, in several parts, and with parity, which comes beside the bit rate."""
    cost = cost_of(clip, "none")
    if "default" in families:
        yield System("default", {}, measure_dpc, {"data": data, "solver": "auto"}, cost)
    if "parts" in families:
        parted = encode(clip, EncodeSettings(bitrate=bitrate, parts=PARTS))
        yield System(f"default, {PARTS} parts", {}, measure_dpc, {"data": parted, "solver": "auto"}, cost)
    if "parity" in families:
        arguments = {"data": protected(data, PARITY_PERCENT), "solver": "auto", "headers_too": True}
        yield System(f"default, parity {PARITY_PERCENT:g}", {}, measure_dpc, arguments, cost)


def _of_stft(clip: Audio, bitrate: float, families: Sequence[str]) -> Iterator[System]:
    for name in ("stft", "paper"):
        if name not in families:
            continue
        settings = profile("paper", rate=None)
        if name == "stft":
            settings = profile("stft", drop=fit(clip, bitrate)[1])
        data = encode(clip, settings)
        for solver in SOLVERS:
            arguments, key = {"data": data, "solver": solver}, {"drop": settings.drop}
            yield System(f"{name}, {solver}", key, measure_dpc, arguments, cost_of(clip, solver))


def cost_of(clip: Audio, solver: str) -> Callable[[float], float]:
    """Seconds from the loss in percent: with little lost least squares is over soon."""
    patient = 1.2 * clip.duration
    return lambda loss: patient if loss > 5 and solver == "least-squares" else 0.5 + 0.05 * clip.duration


def measure_dpc(
    clip: Audio,
    way: str,
    loss: float,
    draw: int,
    metrics: Sequence[str],
    data: bytes,
    solver: str,
    headers_too: bool = False,
) -> Row:
    """Packets of a `.dpc` file lost or damaged, whatever their segment."""
    choose, flip = pattern(way, loss, draw), draw if way == BYTES else None
    return _row(clip, channel.through_dpc(clip, data, solver, choose, flip, headers_too), metrics)


def measure_opus(
    clip: Audio, way: str, loss: float, draw: int, metrics: Sequence[str], bitrate: float, told: bool
) -> Row:
    """Packets of an Opus file lost; `told`: opusenc was told of the share."""
    expected = loss / 100 if told and way != BYTES else 0.0
    return _row(clip, others.through_opus(clip, bitrate, expected, pattern(way, loss, draw)), metrics)


def measure_flac(clip: Audio, way: str, loss: float, draw: int, metrics: Sequence[str]) -> Row:
    """Frames of a FLAC file lost."""
    return _row(clip, others.through_flac(clip, pattern(way, loss, draw)), metrics)


def measure_silence(clip: Audio, way: str, loss: float, draw: int, metrics: Sequence[str]) -> Row:
    """Silence for what was lost, nothing else wrong."""
    return _row(clip, channel.silenced(clip, pattern(way, loss, draw)), metrics)


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
        **in_holes(clip, received.clean, received.audio),
    }
