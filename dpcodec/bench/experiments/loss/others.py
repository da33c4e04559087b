"""Opus and FLAC through the same channel."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from dpcodec import Audio
from dpcodec.bench.clips import load_clip
from dpcodec.bench.experiments.loss.channel import Received, as_long
from dpcodec.bench.experiments.loss.ogg import audio_packets, packet_lengths, without_frames
from dpcodec.bench.experiments.loss.patterns import Choose
from dpcodec.bench.experiments.peers import peer
from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, run_program, write_16_bit


def through_opus(clip: Audio, kbps: float, expected: float, choose: Choose) -> Received:
    """An Opus file of which packets' frames are lost, and concealed by opusdec.

    kbps      kbit/s that the file may take: opusenc, whose bit rate varies, is asked for the most that stays
              below, of 6 to 255
    expected  the share of packets, 0..1, that opusenc is told will be lost: it then codes each frame more for
              itself, and where it codes speech at low rates puts the frame before into each packet too

    Packets that are hit by flipped bytes are lost. Raises `FileAccessError` if a program fails or is not
    there.
    """
    samples = clip.samples.astype(np.float32)
    data = opus_file(samples.tobytes(), clip.sample_rate, kbps, expected)
    lost = choose(packet_lengths(data))
    heard = _opus_decoded(without_frames(data, lost), clip.sample_rate, clip.duration)
    clean = _opus_decoded(data, clip.sample_rate, clip.duration)
    return Received(len(data), audio_packets(data), len(lost), as_long(heard, clip), as_long(clean, clip))


@lru_cache(maxsize=8)
def opus_file(samples: bytes, rate: int, kbps: float, expected: float) -> bytes:
    """The largest Opus file of float32 samples of one channel that is not above `kbps`."""
    clip = Audio(np.frombuffer(samples, np.float32)[np.newaxis], rate)
    coded = peer("opus").coded
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_16_bit(folder / SOURCE, clip)

        def size_at(asked: int) -> float:
            program, *rest = peer("opus").commands(asked, rate, 1)[0]
            run_program([program, "--expect-loss", f"{100 * expected:.0f}", *rest], folder)
            return 8e-3 * (folder / coded).stat().st_size / clip.duration

        size_at(_most(size_at, kbps, 6, 256))
        return (folder / coded).read_bytes()


@lru_cache(maxsize=8)
def _opus_decoded(data: bytes, rate: int, seconds: float) -> Audio:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / peer("opus").coded).write_bytes(data)
        run_program(peer("opus").commands(64, rate, 1)[1], folder)
        return load_clip(folder / DECODED, rate, seconds)


def through_flac(clip: Audio, choose: Choose) -> Received:
    """A FLAC file of which frames are lost, decoded by flac, which is told to go on where there are errors.

    Errors as for `through_opus`.
    """
    coded = peer("flac").coded
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_16_bit(folder / SOURCE, clip)
        run_program(peer("flac").commands(0, clip.sample_rate, 1)[0], folder)
        run_program(["flac", "--silent", "--analyze", coded, "-o", "frames.txt"], folder)
        data = (folder / coded).read_bytes()
        starts = flac_frames((folder / "frames.txt").read_text())
        ends = [*starts[1:], len(data)]
        lost = choose([end - start for start, end in zip(starts, ends, strict=True)])
        frames = [data[a:b] for i, (a, b) in enumerate(zip(starts, ends, strict=True)) if i not in lost]
        (folder / coded).write_bytes(data[: starts[0]] + b"".join(frames))
        run_program(["flac", "--silent", "-d", "-F", "-f", "-o", DECODED, coded], folder)
        heard = load_clip(folder / DECODED, clip.sample_rate, clip.duration)
    return Received(len(data), len(starts), len(lost), as_long(heard, clip), clip)


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
