"""Small files that ask for very much, each with its checksums right, and what they cost: `make bombs`.

It prints a table: bytes of the file, and for each way of reading it the exit code, seconds and MB of memory.
"""

from __future__ import annotations

import argparse
import io
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from dpcodec.audio.audio import SampleFormat
from dpcodec.coding.body import write_body
from dpcodec.coding.stft_channel import encode_stft_channel
from dpcodec.container import constants as c
from dpcodec.container.header import Header, pack_header
from dpcodec.container.packets import End, add_digests, pack_end, pack_packet, packet_digest
from dpcodec.container.stream import Writer
from dpcodec.varint import write_varint

STFT = Header(
    sample_rate=44100,
    channels=1,
    samples=44100 * 2,
    n_fft=2048,
    hop=1024,
    window="sine",
    mask="energy",
    drop_q32=2**31,
    segment_frames=64,
    parts=1,
)
EXACT = replace(STFT, exact=True, parts=16)
MDCT = replace(STFT, transform="mdct", window="kbd", mask="significance", max_block_split=4)
PERCEPTUAL = replace(MDCT, mask="perceptual")
LARGE = {"n_fft": 65536, "hop": 32768, "segment_frames": 2**20, "samples": 2**46}
FORMAT = SampleFormat("wav", "PCM_16")
SILENT = b"\x00"
"""Body of a channel."""


def file_of(header: Header, bodies: dict[int, list[bytes]] | None = None, flags: int = 0) -> bytes:
    """A file of a header and bodies of parts by segment: unlike `Writer`, with whatever header."""
    bodies = {0: [write_varint(1) + SILENT * header.channels]} if bodies is None else bodies
    digest, packets = 0, []
    for segment, parts in bodies.items():
        for part, body in enumerate(parts):
            digest = add_digests(digest, packet_digest(segment, part, len(parts), flags, body))
            packets.append(
                pack_packet(c.TYPE_DATA, body, segment=segment, part=part, parts=len(parts), flags=flags)
            )
    end = pack_end(End(digest, header.segments or len(bodies), header))
    head = pack_packet(c.TYPE_HEAD, pack_header(header))
    return b"".join([c.MAGIC, head, *packets, pack_packet(c.TYPE_END, end)])


def silence(header: Header) -> bytes:
    """All segments of a header, silent: valid."""
    out = io.BytesIO()
    writer = Writer(out, header)
    left = header.frames or 0
    for segment in range(header.segments or 0):
        frames = min(header.segment_frames, left)
        writer.write_segment(segment, [write_varint(frames) + SILENT * header.channels])
        left -= frames
    writer.close(header.samples)
    return out.getvalue()


def zstd(stated: int, content: int) -> bytes:
    """A zstandard frame that states its size, of blocks of one byte many times over."""
    frame = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", stated)
    while content:
        size = min(content, 1 << 17)
        content -= size
        frame += struct.pack("<I", size << 3 | 1 << 1 | (not content))[:3] + b"\x00"
    return frame


def _raw_head(header: Header, **fields: int) -> bytes:
    """A HEAD packet with fields that no `Header` takes, by their place in the table of docs/format.md."""
    places = {"n_fft": (24, "<I"), "hop": (28, "<I")}
    body = bytearray(pack_header(header))
    for name, value in fields.items():
        offset, kind = places[name]
        struct.pack_into(kind, body, offset, value)
    return c.MAGIC + pack_packet(c.TYPE_HEAD, bytes(body))


def _head_of_nothing(length: int) -> bytes:
    packet = pack_packet(c.TYPE_DATA, b"", parts=1)
    head = packet[:14] + struct.pack("<I", length)
    return head + struct.pack("<I", zlib.crc32(head))


def _stft_bodies(frames: int, step: float, rows: int) -> list[bytes]:
    return [write_varint(frames) + b"\x01" + struct.pack("<f", step) + write_varint(rows)]


def _windows_many_times_the_hop() -> bytes:
    data = _raw_head(replace(STFT, samples=2**20), n_fft=65536, hop=1)
    return data + pack_packet(c.TYPE_DATA, b"\x01\x00", parts=1)


FORGED: dict[str, Callable[[], bytes]] = {
    "windows 65 536 times the hop": _windows_many_times_the_hop,
    "a year of audio": lambda: file_of(replace(STFT, samples=2**40)),
    "a year of audio, MDCT": lambda: file_of(replace(MDCT, samples=2**40)),
    "two hours in one packet": lambda: file_of(replace(PERCEPTUAL, samples=2**30, segment_frames=2**20)),
    "255 channels of an hour": lambda: file_of(replace(STFT, channels=255, samples=2**27)),
    "the largest segment": lambda: file_of(replace(STFT, **LARGE)),  # type: ignore[arg-type]
    "the largest segment, MDCT": lambda: file_of(replace(MDCT, **LARGE)),  # type: ignore[arg-type]
    "the largest segment, perceptual": lambda: file_of(replace(PERCEPTUAL, **LARGE)),  # type: ignore[arg-type]
    "the largest segment, length unknown": lambda: file_of(
        replace(STFT, **{**LARGE, "samples": None})  # type: ignore[arg-type]
    ),
    "the largest random mask": lambda: file_of(
        replace(STFT, mask="random", seed=1, **LARGE)  # type: ignore[arg-type]
    ),
    "columns that reach far": lambda: file_of(
        replace(STFT, mask="columns", columns=((0, 2**46),), **LARGE)  # type: ignore[arg-type]
    ),
    "2^32 segments": lambda: file_of(replace(STFT, samples=2**41, hop=1024, segment_frames=1)),
    "a last segment without an end": lambda: (
        _raw_head(replace(STFT, samples=None))
        + pack_packet(c.TYPE_DATA, b"\x01\x00", segment=2**31, parts=1)
        + pack_packet(c.TYPE_DATA, b"\x01\x00", segment=2**31 + 1, parts=1)
    ),
    "a packet of 4 GB": lambda: _raw_head(STFT) + _head_of_nothing(2**32 - 1),
    "heads inside heads": lambda: _raw_head(STFT) + _head_of_nothing(1 << 24) * 100_000,
    "a compressed body of 1 TB": lambda: file_of(EXACT, {0: [zstd(1 << 40, 1 << 17)]}, c.FLAG_COMPRESSED),
    "sixteen compressed bodies of 16 MB": lambda: file_of(
        EXACT, {0: [zstd(1 << 24, 1 << 24)] * 16}, c.FLAG_COMPRESSED
    ),
}
"""Refused, exit code 6, whatever reads them."""

MALFORMED: dict[str, Callable[[], bytes]] = {
    "a row count of 2^60": lambda: file_of(STFT, {0: _stft_bodies(64, 1.0, 2**60)}),
    "2^40 frames": lambda: file_of(STFT, {0: [write_varint(2**40) + SILENT]}),
    "a payload of 2^60 bytes": lambda: file_of(
        replace(STFT, channels=2),
        {0: [_stft_bodies(64, 1.0, 1)[0] + write_varint(2**60)]},
    ),
    "tags of 1 TB": lambda: (
        _raw_head(STFT)
        + pack_packet(c.TYPE_TAGS, zstd(1 << 40, 1 << 17), flags=c.FLAG_COMPRESSED)
        + pack_packet(c.TYPE_DATA, b"\x40\x00", parts=1)
    ),
    "an index of 2^60 segments": lambda: (
        _raw_head(STFT)
        + pack_packet(c.TYPE_INDEX, write_varint(2**60))
        + pack_packet(c.TYPE_DATA, b"\x40\x00", parts=1)
    ),
    "a stray packet": lambda: file_of(STFT, {0: [b"\x40\x00"], 1: [b"\x18\x00"], 9000: [b"\x40\x00"]}),
    "the largest step": lambda: file_of(STFT, {0: [_loudest()], 1: [b"\x18\x00"]}),
}
"""Damaged, exit code 5, or odd: the audio has the length that the header says and is finite."""


def _loudest() -> bytes:
    """A body of 64 frames that decodes, its step the largest there is."""
    X = np.zeros((1025, 64), np.complex128)
    X[3:9] = 2.0**127 * 7
    return write_body(64, [encode_stft_channel(X, X != 0, True, 2.0**127)])


WAYS = {
    "decode": ("decode", "FILE", "-o", "OUT.wav", "-f"),
    "decode none": ("decode", "--solver", "none", "FILE", "-o", "OUT.wav", "-f"),
    "decode least-squares": ("decode", "--solver", "least-squares", "FILE", "-o", "OUT.wav", "-f"),
    "pipe": ("decode", "-", "-o", "OUT.wav", "-f"),
    "info": ("info", "FILE"),
    "test": ("test", "-"),
    "repair": ("repair", "FILE", "OUT.dpc", "-f"),
}


def _measure(way: str, path: Path) -> tuple[int, float, float]:
    """Exit code, seconds, MB of a command of its own."""
    names = {"FILE": str(path), "OUT.wav": str(path.with_suffix(".wav")), "OUT.dpc": f"{path}.repaired"}
    arguments = [names.get(word, word) for word in WAYS[way]]
    program = (
        "import resource, sys; from dpcodec.cli.main import run; code = run(sys.argv[1:]);"
        "print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    with path.open("rb") as stdin:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program, "-qq", *arguments],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
        seconds = time.monotonic() - started
    code, size = done.stderr.split()[-2:]
    unit = 1 if sys.platform == "darwin" else 1024
    return int(code), seconds, int(size) * unit / 1e6


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, resource.RLIM_INFINITY))
    print("| file | bytes | " + " | ".join(WAYS) + " |\n|---|---|" + "---|" * len(WAYS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.dpc")
        for name, make in {"(whole)": lambda: silence(STFT), **FORGED, **MALFORMED}.items():
            path.write_bytes(make())
            cells = [f"{code}, {s:.1f} s, {mb:.0f} MB" for code, s, mb in (_measure(w, path) for w in WAYS)]
            print(f"| {name} | {path.stat().st_size} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
