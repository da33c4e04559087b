"""A channel that loses and damages packets of `.dpc` files: what is still made of a clip."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dpcodec import Audio, DecodeSettings, DpcodecError
from dpcodec.bench.experiments.loss.patterns import Choose
from dpcodec.bench.trial import decode_timed
from dpcodec.container.constants import MAGIC_BYTES, TYPE_DATA
from dpcodec.container.packets import Head, parse_head

SILENCE_BLOCK = 4096
"""Samples of a block of `silenced`, as of a frame of the FLAC reference encoder at its presets."""


@dataclass(frozen=True)
class Received:
    """What came through.

    bytes          of the whole file, before anything was lost
    packets, lost  of coded audio; of all kinds where the file has parity
    audio          decoded, [C, N] as the clip
    clean          decoded from the same file with nothing lost
    """

    bytes: int
    packets: int
    lost: int
    audio: Audio
    clean: Audio


def through_dpc(
    clip: Audio,
    data: bytes,
    solver: str,
    choose: Choose,
    flip_draw: int | None = None,
    headers_too: bool = False,
) -> Received:
    """A `.dpc` file of the clip of which packets are lost, decoded by a solver on the CPU.

    flip_draw    packets that are hit arrive, a byte of each another, chosen by this seed
    headers_too  every packet may be hit; else those of coefficients alone
    """
    heads = list(packet_heads(data))
    at_risk = [i for i, (_, head) in enumerate(heads) if headers_too or head.type == TYPE_DATA]
    chosen = choose([heads[i][1].packet_bytes for i in at_risk])
    hit = {at_risk[i] for i in chosen}
    hurt = without_packets(data, hit) if flip_draw is None else with_flipped_bytes(data, hit, flip_draw)
    try:
        heard = as_long(decode_timed(hurt, _decoding(solver))[0], clip)
    except DpcodecError:  # no header is left
        heard = Audio(np.zeros_like(clip.samples), clip.sample_rate)
    return Received(len(data), len(at_risk), len(hit), heard, as_long(_clean(data, solver), clip))


def silenced(clip: Audio, choose: Choose) -> Received:
    """Lossless audio, silent where blocks of `SILENCE_BLOCK` samples are lost; no file, its size is 0."""
    blocks = -(-clip.samples.shape[1] // SILENCE_BLOCK)
    lost = choose([SILENCE_BLOCK] * blocks)
    x = clip.samples.copy()
    for i in lost:
        x[:, i * SILENCE_BLOCK : (i + 1) * SILENCE_BLOCK] = 0
    return Received(0, blocks, len(lost), Audio(x, clip.sample_rate), clip)


def without_packets(data: bytes, lost: Collection[int]) -> bytes:
    """A `.dpc` file without the packets of these indices."""
    kept = [packet for i, packet in enumerate(packet_heads(data)) if i not in lost]
    return data[:MAGIC_BYTES] + b"".join(data[at : at + head.packet_bytes] for at, head in kept)


def without_data_packets(data: bytes, lost: Collection[int]) -> bytes:
    """A `.dpc` file without the data packets of these indices, counted through all segments."""
    places = [i for i, (_, head) in enumerate(packet_heads(data)) if head.type == TYPE_DATA]
    return without_packets(data, {places[i] for i in lost})


def with_flipped_bytes(data: bytes, hit: Collection[int], draw: int) -> bytes:
    """A `.dpc` file with another byte, anywhere, in each of the packets of these indices."""
    random = np.random.Generator(np.random.Philox(draw))
    out = bytearray(data)
    for i, (at, head) in enumerate(packet_heads(data)):
        if i in hit:
            out[at + int(random.integers(head.packet_bytes))] ^= int(random.integers(1, 256))
    return bytes(out)


def data_packets_of_parts(data: bytes, parts: Collection[int]) -> frozenset[int]:
    """The indices of a `.dpc` file's data packets that hold these parts of their segments."""
    held = [head.part for _, head in packet_heads(data) if head.type == TYPE_DATA]
    return frozenset(index for index, part in enumerate(held) if part in parts)


def packet_heads(data: bytes) -> Iterator[tuple[int, Head]]:
    """Where each packet of an undamaged `.dpc` file starts, and its head."""
    at = MAGIC_BYTES
    while head := parse_head(data, at):
        yield at, head
        at += head.packet_bytes


def as_long(decoded: Audio, clip: Audio) -> Audio:
    """What was decoded, at the clip's length: silence stands for an end that was lost."""
    x = np.zeros_like(clip.samples)
    n = min(x.shape[1], decoded.samples.shape[1])
    x[:, :n] = decoded.samples[:, :n]
    return Audio(x, clip.sample_rate)


@lru_cache(maxsize=8)
def _clean(data: bytes, solver: str) -> Audio:
    return decode_timed(data, _decoding(solver))[0]


def _decoding(solver: str) -> DecodeSettings:
    return DecodeSettings(solver=solver, device="cpu")
