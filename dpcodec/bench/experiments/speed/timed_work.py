"""What `bench speed` times, each in fresh processes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from dpcodec import Audio, DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.experiments.peers.adapter import write_16_bit
from dpcodec.bench.experiments.speed.apart import (
    apart,
    decode_away,
    encode_tiled,
    network_step,
)

SECONDS = 20.0
"""Of audio, for the factors."""
TILE_SECONDS = 10.0
"""Of the melody that is repeated to any length."""
BINS, FRAMES = 1024, 160
"""Cells that a step of a network is timed on: 5 s of the paper profile."""
STEP = f"{BINS} bins x {FRAMES} frames"
SHORT_S = 10.0
"""Work that takes less is timed RUNS times."""
RUNS = 3


@dataclass(frozen=True)
class Case:
    """Encoding, or decoding with a solver, at a sample rate in Hz.

    factor  times real time on one slow core, for estimates
    bar     what is asked of it on two cores
    """

    rate: int
    encoding: EncodeSettings
    solver: str | None
    factor: float
    bar: str


CASES = {
    "encode, profile perceptual, 44.1 kHz mono": Case(44100, profile("perceptual"), None, 15, ">= 10"),
    "encode at 32 kbit/s, profile perceptual, 44.1 kHz mono": Case(
        44100, profile("perceptual", bitrate=32.0), None, 5, ">= 10"
    ),
    "decode noise, profile perceptual, 44.1 kHz mono": Case(
        44100, profile("perceptual"), "noise", 60, ">= 20"
    ),
    "decode refine, profile perceptual, 44.1 kHz mono": Case(
        44100, profile("perceptual"), "refine", 20, ">= 15"
    ),
    "encode, profile stft, 44.1 kHz mono": Case(44100, profile("stft"), None, 40, ">= 20"),
    "decode none, profile stft, 44.1 kHz mono": Case(44100, profile("stft"), "none", 30, ">= 20"),
    "decode none, random 0.5, paper profile": Case(16000, profile("paper"), "none", 30, ">= 20"),
    "decode least-squares, random 0.5, paper profile": Case(
        16000, profile("paper"), "least-squares", 6, ">= 3"
    ),
    "decode least-squares, random 0.8, paper profile": Case(
        16000, profile("paper", drop=0.8), "least-squares", 0.6, ">= 0.63"
    ),
}


def measure_case(name: str, seconds: float, cores: int | None = None, copies: int = 1) -> Row:
    """A case out of `CASES` on so many seconds of melody; `copies` processes share the cores, each with its
    own: the factor is that of all together."""
    case = CASES[name]
    runs = RUNS if seconds / case.factor < SHORT_S else 1
    with tempfile.TemporaryDirectory() as folder:
        tile, coded = _tile(Path(folder), case.rate), Path(folder) / "coded.dpc"
        if case.solver is None:
            work = apart(encode_tiled, tile, seconds, case.encoding, None, runs, copies=copies, cores=cores)
        else:
            encode_tiled(tile, seconds, case.encoding, coded, 1)
            work = apart(decode_away, coded, _solving(case.solver), runs, copies=copies, cores=cores)
    return {
        "times_real_time": sum(seconds / median(done["times_s"]) for done in work),
        "peak_mb": max(done["peak_mb"] for done in work),
    }


def measure_length(seconds: float) -> Row:
    """Profile stft on so much melody at 44.1 kHz mono: encoding, and decoding with two solvers."""
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        tile, coded = _tile(Path(folder), 44100), Path(folder) / "coded.dpc"
        runs = RUNS if seconds <= 60 else 1
        (done,) = apart(encode_tiled, tile, seconds, profile("stft"), coded, runs)
        row |= {"bytes": done["bytes"], **_as_columns("encode", done, seconds)}
        for solver in ("none", "least-squares"):
            (done,) = apart(decode_away, coded, _solving(solver), runs)
            row |= _as_columns(solver, done, seconds)
    return row


def measure_step(network: str, device: str, cores: int | None = None) -> Row:
    """One optimisation step of a network on BINS x FRAMES cells."""
    (done,) = apart(network_step, network, BINS, FRAMES, device, cores=cores)
    return {"seconds": round(median(done["times_s"]), 3), "peak_mb": done["peak_mb"]}


def _as_columns(name: str, done: Row, seconds: float) -> Row:
    return {
        f"{name}_times_real_time": round(seconds / median(done["times_s"]), 2),
        f"{name}_peak_mb": done["peak_mb"],
    }


def _solving(solver: str) -> DecodeSettings:
    return DecodeSettings(solver=solver, device="cpu")


def _tile(folder: Path, rate: int) -> Path:
    path = folder / "tile.wav"
    write_16_bit(path, _melody(rate))
    return path


@cache
def _melody(rate: int) -> Audio:
    return melody(rate, TILE_SECONDS)
