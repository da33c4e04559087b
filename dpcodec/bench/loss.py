"""What lost packets cost: SNR against the number of parts lost in every segment."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean
from typing import Any

from dpcodec import DecodeSettings, EncodeSettings, profile
from dpcodec.bench.clips import melody
from dpcodec.bench.trial import decode_timed, encode_timed
from dpcodec.container.constants import MAGIC_BYTES, TYPE_DATA
from dpcodec.container.packets import parse_head
from dpcodec.metrics.snr import snr
from dpcodec.settings import Solver

DRAWS = 4
SOLVERS: tuple[Solver, ...] = ("none", "least-squares")
LOST = (0, 1, 2, 4)


def packet_loss() -> Iterator[dict[str, Any]]:
    """A row a profile, solver and number of parts lost of eight, mean over DRAWS choices of parts."""
    clip = melody()
    profiles = {
        "default profile, drop 0.9": EncodeSettings(drop=0.9),
        "paper profile, random 0.5": profile("paper", drop=0.5),
    }
    for name, encoding in profiles.items():
        data, _ = encode_timed(clip, encoding)
        for lost in LOST:
            for solver in SOLVERS:
                decoding = DecodeSettings(solver=solver, device="cpu")
                levels = []
                for draw in range(DRAWS if lost else 1):
                    hurt = without_parts(data, {(draw + i * 3) % encoding.parts for i in range(lost)})
                    levels.append(snr(clip.samples, decode_timed(hurt, decoding)[0].samples))
                yield {
                    "what": name,
                    "solver": solver,
                    "parts_lost_of_8": lost,
                    "snr_db": round(mean(levels), 2),
                }


def without_parts(data: bytes, parts: set[int]) -> bytes:
    """The file with the data packets of these parts cut out, in every segment."""
    kept, at = [data[:MAGIC_BYTES]], MAGIC_BYTES
    while head := parse_head(data, at):
        if head.type != TYPE_DATA or head.part not in parts:
            kept.append(data[at : at + head.packet_bytes])
        at += head.packet_bytes
    return b"".join(kept)
