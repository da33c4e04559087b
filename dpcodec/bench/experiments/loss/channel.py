"""A channel that loses packets: what each codec still makes of a clip when some did not arrive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dpcodec import Audio, DecodeSettings, EncodeSettings
from dpcodec.bench.clips import load_clip
from dpcodec.bench.experiments.loss.ogg import audio_packets, without_frames
from dpcodec.bench.experiments.peers import peer
from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, run_program, write_16_bit
from dpcodec.bench.trial import decode_timed, encode_timed
from dpcodec.container.constants import MAGIC_BYTES, TYPE_DATA
from dpcodec.container.packets import Head, parse_head

Choose = Callable[[int], Collection[int]]
"""From a number of packets to the indices of those that are lost."""
GOLDEN_RATIO = (1 + 5**0.5) / 2
FLAC_BLOCK = 4096
"""Samples of a frame of the reference encoder at its presets."""


@dataclass(frozen=True)
class Received:
    """What came through.

    bytes          of the whole file, before anything was lost
    packets, lost  of coded audio; headers are never lost
    audio          decoded, [C, N] as the clip
    """

    bytes: int
    packets: int
    lost: int
    audio: Audio


def losing(share: float, draw: int) -> Choose:
    """A share of the packets, 0..1, at random but the same for the same draw: what 5 % loses 10 % loses too.

    Where the share is no whole number of packets some draws round it up and others down, in turns that make
    their mean the share (multiples of the golden ratio, modulo 1, are spread evenly).
    """

    def choose(packets: int) -> Collection[int]:
        count = int(share * packets + (0.5 + GOLDEN_RATIO * draw) % 1)
        order = np.random.Generator(np.random.Philox(draw)).permutation(packets)
        return frozenset(order[:count].tolist())

    return choose


def through_dpc(clip: Audio, settings: EncodeSettings, solver: str, choose: Choose) -> Received:
    """A `.dpc` file of which data packets are lost, decoded by a solver on the CPU."""
    data, _ = encode_timed(clip, settings)
    packets = sum(head.type == TYPE_DATA for _, head in packet_heads(data))
    lost = choose(packets)
    decoding = DecodeSettings(solver=solver, device="cpu")
    return Received(
        len(data), packets, len(lost), decode_timed(without_data_packets(data, lost), decoding)[0]
    )


def through_opus(clip: Audio, kbps: float, expected: float, folder: Path, choose: Choose) -> Received:
    """An Opus file of which packets' frames are lost, and concealed by opusdec.

    kbps      kbit/s that the file may take: opusenc, whose bit rate varies, is asked for the most that stays
              below, of 6 to 255
    expected  the share of packets, 0..1, that opusenc is told will be lost
    folder    empty, and thrown away afterwards

    Raises `FileAccessError` if a program fails or is not there.
    """
    write_16_bit(folder / SOURCE, clip)
    file = folder / peer("opus").coded

    def size_at(asked: int) -> float:
        encode = peer("opus").commands(asked, clip.sample_rate, 1)[0]
        run_program([encode[0], "--expect-loss", f"{100 * expected:.0f}", *encode[1:]], folder)
        return 8e-3 * file.stat().st_size / clip.duration

    size_at(_most(size_at, kbps, 6, 256))
    data = file.read_bytes()
    packets = audio_packets(data)
    lost = choose(packets)
    file.write_bytes(without_frames(data, lost))
    run_program(peer("opus").commands(kbps, clip.sample_rate, 1)[1], folder)
    return Received(len(data), packets, len(lost), _decoded(clip, folder))


def through_flac(clip: Audio, folder: Path, choose: Choose) -> Received:
    """A FLAC file of which frames are lost, decoded by flac, which is told to go on where there are errors.

    Arguments and errors as for `through_opus`.
    """
    write_16_bit(folder / SOURCE, clip)
    coded = peer("flac").coded
    run_program(peer("flac").commands(0, clip.sample_rate, 1)[0], folder)
    run_program(["flac", "--silent", "--analyze", coded, "-o", "frames.txt"], folder)
    data = (folder / coded).read_bytes()
    starts = flac_frames((folder / "frames.txt").read_text())
    lost = choose(len(starts))
    ends = [*starts[1:], len(data)]
    frames = [data[a:b] for i, (a, b) in enumerate(zip(starts, ends, strict=True)) if i not in lost]
    (folder / coded).write_bytes(data[: starts[0]] + b"".join(frames))
    run_program(["flac", "--silent", "-d", "-F", "-f", "-o", DECODED, coded], folder)
    return Received(len(data), len(starts), len(lost), _decoded(clip, folder))


def silenced(clip: Audio, choose: Choose) -> Received:
    """Lossless audio with silence where blocks of `FLAC_BLOCK` samples are lost; no file, its size is 0."""
    blocks = -(-clip.samples.shape[1] // FLAC_BLOCK)
    lost = choose(blocks)
    x = clip.samples.copy()
    for i in lost:
        x[:, i * FLAC_BLOCK : (i + 1) * FLAC_BLOCK] = 0
    return Received(0, blocks, len(lost), Audio(x, clip.sample_rate))


def without_data_packets(data: bytes, lost: Collection[int]) -> bytes:
    """A `.dpc` file without the data packets of these indices, counted through all segments."""
    kept, index = [data[:MAGIC_BYTES]], 0
    for at, head in packet_heads(data):
        if head.type != TYPE_DATA or index not in lost:
            kept.append(data[at : at + head.packet_bytes])
        index += head.type == TYPE_DATA
    return b"".join(kept)


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


def flac_frames(analysis: str) -> list[int]:
    """The byte at which each frame starts, from what `flac --analyze` writes."""
    lines = [line for line in analysis.splitlines() if line.startswith("frame=")]
    return [int(line.partition("\toffset=")[2].partition("\t")[0]) for line in lines]


def _most(size_at: Callable[[int], float], size: float, low: int, high: int) -> int:
    """The most of low .. high - 1 whose size, which grows, is not above; `low` where all are."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size_at(middle) <= size else (low, middle)
    return low


def _decoded(clip: Audio, folder: Path) -> Audio:
    """What a program decoded, at the clip's length: silence stands for an end that was lost."""
    decoded = load_clip(folder / DECODED, clip.sample_rate, clip.duration).samples
    x = np.zeros_like(clip.samples)
    x[:, : decoded.shape[1]] = decoded
    return Audio(x, clip.sample_rate)
