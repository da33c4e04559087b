"""The measurements: each clip through each codec at each bit rate, and this codec among them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import dpcodec
from dpcodec import Audio, DecodeSettings, SettingsError
from dpcodec.bench.clips import clips_of, digest
from dpcodec.bench.engine.experiment import Experiment, Row, Table, Task
from dpcodec.bench.evaluation import compare, metrics_s
from dpcodec.bench.experiments.peers.adapter import quantised_16_bit
from dpcodec.bench.experiments.peers.choice import PEER_NAMES, available_peers, peer
from dpcodec.bench.experiments.peers.figures import plots, tables
from dpcodec.bench.experiments.peers.foreign import read_classes, read_foreign
from dpcodec.bench.experiments.peers.ratios import ratio_tables
from dpcodec.bench.target import fit
from dpcodec.bench.trial import decode_timed
from dpcodec.container.constants import TYPE_DATA
from dpcodec.container.packets import Packet
from dpcodec.container.scan import Source, scan
from dpcodec.metrics.catalogue import select

OURS = "dpcodec"
CODECS = (OURS, *PEER_NAMES)
BITRATES = (16.0, 24.0, 32.0, 48.0, 64.0)
SOLVERS: tuple[str, ...] = ("none", "least-squares")
PROFILES = ("perceptual", "mdct", "stft")
"""Of this codec. The first two make their own bit rate and have one way to be decoded that matters."""
METRICS = ("snr", "si-sdr", "peaq", "peaq-advanced", "2f", "pemoq")
CODING_S = 0.2
FITTING_S = 1.5
"""Seconds that a peer, and finding this codec's drop, take for 5 s of audio, about."""


@dataclass(frozen=True)
class Case:
    """A column of the experiment: a codec, the version of its program, the bit rate asked for, our solver and
    profile."""

    codec: str
    codec_version: str
    kbps: float | None
    solver: str | None = None
    profile: str | None = None


def experiment(
    folder: Path | None,
    bitrates: Sequence[float] = BITRATES,
    codecs: Sequence[str] = CODECS,
    solvers: Sequence[str] = SOLVERS,
    profiles: Sequence[str] = PROFILES,
    metrics: Sequence[str] | None = None,
    rate: int | None = None,
    seconds: float = 5.0,
    count: int | None = None,
    mono: bool = False,
    start: float = 0.0,
    foreign: Path | None = None,
    classes: Path | None = None,
) -> Experiment:
    """A task a clip, codec and bit rate; clip by clip, so that any beginning has all codecs side by side.

    bitrates  kbit/s asked for
    codecs    of `CODECS`; peers that cannot run here are left out, with a note
    solvers   for profile stft, each counted as a codec of its own
    profiles  of `PROFILES`
    metrics   None: `METRICS`, and ViSQOL where it is installed
    rate      Hz that clips are resampled to; None: each clip's own
    count     the first so many clips; None: all
    mono      clips are mixed to one channel; else taken as they are
    start     seconds of each clip left out before the part that is taken, fewer where it is shorter
    foreign   CSV of scores that others have measured so (`read_foreign`), for the ratios of rates
    classes   CSV of kinds of clips (`read_classes`), for the same

    Raises `FileAccessError` if there are no clips, or a CSV cannot be read, `SettingsError` for metrics that
    cannot be measured here.
    """
    clips = clips_of(folder, rate, seconds, mono=mono, start=start)
    scores = read_foreign(foreign) if foreign else []
    kinds = read_classes(classes) if classes else {}
    measured = tuple(select(metrics)) if metrics else default_metrics()
    peers, notes = available_peers([name for name in codecs if name != OURS])
    cases = []
    if OURS in codecs:
        cases = _our_cases(profiles, solvers, bitrates)
    for one in peers:
        version = one.version()
        # None: what a lossless one comes to.
        asked: Sequence[float | None] = [None] if one.lossless else bitrates
        cases += [Case(one.name, version, kbps) for kbps in asked]
    tasks = [
        _task(name, quantised_16_bit(clips[name]), seconds, start, case, measured)
        for name in islice(clips, count)
        for case in cases
    ]
    told = partial(_all_tables, foreign=scores, classes=kinds)
    return Experiment("peers", tasks, told, plots, notes=notes)


def _all_tables(rows: Sequence[Row], foreign: Sequence[Row], classes: dict[str, str]) -> list[Table]:
    return [*tables(rows), *ratio_tables(rows, foreign, classes)]


def _our_cases(profiles: Sequence[str], solvers: Sequence[str], bitrates: Sequence[float]) -> list[Case]:
    ways: list[tuple[str, str]] = [(name, "auto") for name in profiles if name != "stft"]
    if "stft" in profiles:
        ways += [("stft", solver) for solver in solvers]
    return [
        Case(OURS, dpcodec.__version__, kbps, solver, profile)
        for profile, solver in ways
        for kbps in bitrates
    ]


def default_metrics() -> tuple[str, ...]:
    """`METRICS`, and ViSQOL where it is installed."""
    try:
        return (*METRICS, *select(["visqol"]))
    except SettingsError:
        return METRICS


def measure_ours(clip: Audio, kbps: float, solver: str, profile: str, metrics: Sequence[str]) -> Row:
    """This codec: profiles that make a bit rate themselves, of others the drop whose file is the largest
    within it."""
    if not dpcodec.PROFILES[profile].accepts("bitrate"):
        data, drop = fit(clip, kbps)
        command = f"dpcodec encode --drop {drop:.8f}; dpcodec decode --solver {solver}"
    else:
        data = dpcodec.encode(clip, dpcodec.profile(profile, bitrate=kbps))
        command = f"dpcodec encode --profile {profile} --bitrate {kbps:g}; dpcodec decode"
    decoded, _, _ = decode_timed(data, DecodeSettings(solver=solver, device="cpu"))
    told = {"delay": 0, "command": command, "stream_bytes": payload_bytes(data)}
    return {**told, **_weighed(len(data), clip, decoded, metrics)}


def measure_peer(clip: Audio, kbps: float | None, codec: str, metrics: Sequence[str]) -> Row:
    """A peer's programs, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="dpcodec-peer-") as folder:
        coded = peer(codec).encode_decode(clip, kbps or 0.0, Path(folder))
    told = {"delay": coded.delay, "command": coded.command}
    return {**told, **_weighed(coded.bytes, clip, coded.audio, metrics)}


def payload_bytes(data: bytes) -> int:
    """Bytes of a .dpc file without magic, header and end, whose sizes depend on neither rate nor length."""
    packets = (packet for packet in scan(Source(io.BytesIO(data))) if isinstance(packet, Packet))
    return sum(packet.head.packet_bytes for packet in packets if packet.head.type == TYPE_DATA)


def _weighed(size: int, clip: Audio, decoded: Audio, metrics: Sequence[str]) -> Row:
    """Sizes and scores; what was decoded is rounded to 16 bits first, as players and other programs do."""
    return {
        "bytes": size,
        "kbps_on_disk": 8e-3 * size / clip.duration,
        **compare(clip, quantised_16_bit(decoded), metrics),
    }


def _task(name: str, clip: Audio, seconds: float, start: float, case: Case, metrics: tuple[str, ...]) -> Task:
    key = {
        "clip": name,
        "clip_digest": digest(clip),
        "codec": case.codec,
        "solver": case.solver,
        "kbps": case.kbps,
        "rate": clip.sample_rate,
        "seconds": seconds,
        "codec_version": case.codec_version,
        "metrics": list(metrics),
        "version": dpcodec.__version__,
    }
    if case.profile not in (None, "stft"):
        key["profile"] = case.profile
    if clip.samples.shape[0] > 1:
        key["channels"] = clip.samples.shape[0]
    if start:
        key["start"] = start
    arguments = {"clip": clip, "kbps": case.kbps, "metrics": metrics}
    measuring_s = metrics_s(metrics, clip.duration)
    scale = clip.duration / 5.0
    if case.solver:
        ours = {**arguments, "solver": case.solver, "profile": case.profile}
        return Task(key, measure_ours, ours, FITTING_S * scale + measuring_s)
    return Task(key, measure_peer, {**arguments, "codec": case.codec}, CODING_S * scale + measuring_s)
