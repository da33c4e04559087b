"""What parity survives: the share of draws in which `repair` writes the file bit for bit."""

from __future__ import annotations

import io

from dpcodec import DpcodecError, protect_stream, repair
from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.experiments.loss.channel import packet_heads, without_packets
from dpcodec.bench.experiments.loss.patterns import BURST, RANDOM, Choose, burst, losing, losing_each

EACH = "each by itself"
WAYS = (EACH, RANDOM, BURST)
"""Packets lost one by one with a probability; a share of them, of the same number in each draw; that share in
one piece."""


def protected(data: bytes, percent: float) -> bytes:
    """The file with so much parity."""
    out = io.BytesIO()
    protect_stream(io.BytesIO(data), out, percent)
    return out.getvalue()


def measure_survival(data: bytes, percent: float, way: str, loss: float, draws: int) -> Row:
    """Every packet of the file may be lost: header, parity and end as those of coefficients."""
    safe = protected(data, percent)
    lengths = [head.packet_bytes for _, head in packet_heads(safe)]
    lost = (_choice(way, loss / 100, draw)(lengths) for draw in range(draws))
    exact = sum(_repaired(without_packets(safe, some)) == safe for some in lost)
    return {"packets": len(lengths), "more": 100 * (len(safe) / len(data) - 1), "exact": exact / draws}


def _choice(way: str, share: float, draw: int) -> Choose:
    return {EACH: losing_each, RANDOM: losing, BURST: burst}[way](share, draw)


def _repaired(hurt: bytes) -> bytes:
    try:
        return repair(hurt)
    except DpcodecError:  # no header is left
        return b""
