"""The peers that are networks: EnCodec and DAC, run by the commands their Python packages bring.

They are offered only if package and weights are here already: nothing is downloaded. Each has the bit rates
it was trained for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, Peer


def encodec(kbps: float, rate: int, options: Sequence[str] = ()) -> list[list[str]]:
    """EnCodec 0.1.1: resamples to the model's rate, and leaves the decoded file at it."""
    run = [sys.executable, "-m", "encodec", "--force"]
    return [[*run, *options, "-b", f"{kbps:g}", SOURCE, "coded.ecdc"], [*run, "coded.ecdc", DECODED]]


def dac(kbps: float, rate: int) -> list[list[str]]:
    """DAC 1.0.0, the 44.1 kHz models. Output options name folders; files keep the name of the source."""
    run = [sys.executable, "-m", "dac"]
    model = ["--model_bitrate", f"{kbps:g}kbps", "--device", "cpu"]
    return [
        [*run, "encode", SOURCE, "--output", ".", *model],
        [*run, "decode", "in.dac", "--output", "decoded", *model],
    ]


def torch_checkpoints() -> Path:
    """Where torch keeps weights that packages have fetched with it."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TORCH_HOME") or Path(cache) / "torch") / "hub" / "checkpoints"


def dac_checkpoints() -> Path:
    """Where DAC keeps its weights."""
    return Path.home() / ".cache" / "descript" / "dac"


def lacking(name: str, module: str, package: str, folder: Callable[[], Path], weights: str) -> str | None:
    """What is missing: the package, or its file of weights."""
    if find_spec(module) is None:
        return f"{name}: the package is not installed: pip install {package}"
    if not (folder() / weights).exists():
        return f"{name}: its weights are not at {folder() / weights}: run {package} once, which fetches them"
    return None


def _peer(
    name: str, module: str, package: str, folder: Callable[[], Path], weights: str, **of_peer: Any
) -> Peer:
    return Peer(
        name,
        (),
        partial(_version, package),
        absent=partial(lacking, name, module, package, folder, weights),
        **of_peer,
    )


def _version(package: str) -> str:
    return f"{package} {metadata.version(package)}"


_ENCODEC = ("encodec", "encodec", torch_checkpoints)
_DAC = ("dac", "descript-audio-codec", dac_checkpoints)
NETWORKS = (
    _peer(
        "encodec-24k",
        *_ENCODEC,
        "encodec_24khz-d7cc33bc.th",
        coded="coded.ecdc",
        commands=encodec,
        rates=(1.5, 3, 6, 12, 24),
    ),
    _peer(
        "encodec-48k",
        *_ENCODEC,
        "encodec_48khz-7e698e3e.th",
        coded="coded.ecdc",
        commands=partial(encodec, options=("--hq",)),
        rates=(3, 6, 12, 24),
    ),
    _peer(
        "dac-8",
        *_DAC,
        "weights_44khz_8kbps_0.0.1.pth",
        coded="in.dac",
        commands=dac,
        rates=(8,),
        decoded="decoded/in.wav",
    ),
    _peer(
        "dac-16",
        *_DAC,
        "weights_44khz_16kbps_1.0.0.pth",
        coded="in.dac",
        commands=dac,
        rates=(16,),
        decoded="decoded/in.wav",
    ),
)
