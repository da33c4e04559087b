"""What stands side by side on the page: the ways to take a clip through."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from dpcodec import Audio, DecodeSettings, EncodeSettings, decode, encode
from dpcodec.bench.experiments.peers import Peer, available_peers, peer
from dpcodec.bench.experiments.report.anchor import low_anchor
from dpcodec.bench.experiments.report.stored import DPC, IN_PAGES, KINDS, Stored, anchor_filter, masked
from dpcodec.profiles import profile

Role = Literal["reference", "anchor", "system"]
NAMES = {
    "none": "masked",
    "least-squares": "least squares",
    "janssen": "Janssen",
    "deep-prior": "deep prior",
    "auto": "auto",
}
"""What a solver's output is called: that of "none" is the masked signal of the paper."""
OURS = "dpcodec"
COST_S = {"none": 0.2, "least-squares": 0.5, "janssen": 3.0, "auto": 60.0, "deep-prior": 600.0}
"""Estimated seconds on one core for a second of audio."""


@dataclass(frozen=True)
class Version:
    """A clip as a system gave it back, and the bytes that the system made of it; None: it makes none.

    stored  what the page makes the same sound of, None where nothing is known that is short
    """

    audio: Audio
    bytes: int | None = None
    stored: Stored | None = None


@dataclass(frozen=True)
class System:
    """A way to take a clip through.

    name       as the page shows it
    about      all that decides what comes out, in words
    make       the way itself; another process can call it
    role       "reference" and "anchor" as ITU-R BS.1534 means them
    cost_s     estimated seconds on one core for a second of audio
    at_most_s  seconds for a clip, however long
    alone      it may fill a GPU
    """

    name: str
    about: str
    make: Callable[[Audio], Version]
    role: Role = "system"
    cost_s: float = 0.1
    at_most_s: float = math.inf
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which systems there are.

    profile, drop, solvers, time_limit  one encoding, rebuilt by each solver within this many seconds
    bitrates, codecs                    this codec and these peers at each of these kbit/s
    decoded                             peers stand in the page decoded, for browsers that cannot
    """

    profile: str = "paper"
    drop: float = 0.8
    solvers: Sequence[str] = ("none", "least-squares")
    time_limit: float | None = None
    bitrates: Sequence[float] = (32,)
    codecs: Sequence[str] = ()
    decoded: bool = False


def choose(choice: Choice) -> tuple[list[System], list[str]]:
    """The systems, the reference first, and a note on what the peers cannot do here."""
    peers, notes = available_peers(choice.codecs)
    systems = [
        System("original", "the clip itself, 16 bits", Version, "reference"),
        System("3.5 kHz anchor", "the clip without what lies above 3.5 kHz", _anchor, "anchor"),
        *_solvers(choice),
        *(_lossless(p, choice.decoded) for p in peers if p.lossless),
    ]
    for kbps in choice.bitrates:
        # What was asked for is not what lies on disk: it tells systems apart only where it must.
        ending = f", {kbps:g} asked for" if len(choice.bitrates) > 1 else ""
        systems.append(_at_rate(kbps, ending))
        systems += [_peer_at_rate(p, kbps, ending, choice.decoded) for p in peers if not p.lossless]
    return systems, notes


def _at_rate(kbps: float, ending: str) -> System:
    about = f"profile perceptual, {kbps:g} kbit/s asked for, solver {IN_PAGES}"
    return System(f"{OURS}{ending}", about, partial(_at_bitrate, kbps=kbps), cost_s=1.0)


def _peer_at_rate(peer: Peer, kbps: float, ending: str, decoded: bool) -> System:
    about = f"{peer.version()}, {kbps:g} kbit/s asked for"
    made = partial(_by_peer, name=peer.name, kbps=kbps, decoded=decoded)
    return System(f"{peer.name}{ending}", about, made)


def _lossless(peer: Peer, decoded: bool) -> System:
    made = partial(_by_peer, name=peer.name, kbps=0.0, decoded=decoded)
    return System(peer.name, f"{peer.version()}, lossless", made)


def _solvers(choice: Choice) -> list[System]:
    # The clip's rate stays, so that all systems can be compared.
    encoding = profile(choice.profile, drop=choice.drop, rate=None, mono=False)
    limit = "" if choice.time_limit is None else f", at most {choice.time_limit:g} s"
    return [
        System(
            NAMES[solver],
            f"{choice.profile} profile, drop {choice.drop:g}, solver {solver}{limit}",
            partial(
                _rebuilt,
                encoding=encoding,
                decoding=DecodeSettings(solver=solver, time_limit=choice.time_limit),
            ),
            cost_s=COST_S[solver],
            at_most_s=choice.time_limit or math.inf,
            alone=solver in ("auto", "deep-prior"),
        )
        for solver in choice.solvers
    ]


def _anchor(clip: Audio) -> Version:
    return Version(low_anchor(clip), stored=anchor_filter(clip.sample_rate))


def _rebuilt(clip: Audio, encoding: EncodeSettings, decoding: DecodeSettings) -> Version:
    data = encode(clip, encoding)
    stored = masked(data) if decoding.solver == "none" else None
    return Version(decode(data, decoding), len(data), stored)


def _at_bitrate(clip: Audio, kbps: float) -> Version:
    data = encode(clip, profile("perceptual", bitrate=kbps))
    return Version(decode(data, DecodeSettings(solver=IN_PAGES)), len(data), Stored(DPC, data))


def _by_peer(clip: Audio, name: str, kbps: float, decoded: bool) -> Version:
    one = peer(name)
    with tempfile.TemporaryDirectory(prefix="dpcodec-") as folder:
        coded = one.encode_decode(clip, kbps, Path(folder))
    kind = Path(one.coded).suffix[1:]
    stored = Stored(kind, coded.file) if kind in KINDS and not decoded else None
    return Version(coded.audio, coded.bytes, stored)
