"""What a file of good/ is made from, and what may be done to its packets."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from streams import ATTACHMENT, DATA, END, HEAD, TAGS, Packet, Pipe, join, split

from dpcodec import Audio, SampleFormat, encode_stream, profile
from dpcodec.audio.streams import ArrayReader

from .ingredients import signal

Change = Callable[[list[Packet]], list[Packet]]
BASE: dict[str, Any] = {"n_fft": 256, "hop": 128, "segment_frames": 8, "parts": 4, "drop": 0.8}
SHORT: dict[str, Any] = {"n_fft": 64, "hop": 32, "segment_frames": 8, "parts": 2, "drop": 0.5}
MDCT: dict[str, Any] = {
    **{"transform": "mdct", "mask": "significance", "window": "kbd", "n_fft": 128, "hop": 64, "drop": 0.8},
    **{"max_block_split": 3, "segment_frames": 8, "parts": 2},
}
PERCEPTUAL: dict[str, Any] = {
    **{
        "transform": "mdct",
        "mask": "perceptual",
        "window": "kbd",
        "n_fft": 128,
        "hop": 64,
        "quality": 5.0,
        "drop": None,
    },
    **{"max_block_split": 3, "segment_frames": 8, "parts": 2},
}
EXACT: dict[str, Any] = {**SHORT, "exact": True, "mask": "random"}


@dataclass(frozen=True)
class Good:
    """One file: how the audio is made and encoded, and what is done to the packets then."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    channels: int = 1
    samples: int = 1600
    kind: str = "tones"
    rate: int = 8000
    tags: tuple[tuple[str, str], ...] = ()
    attachments: tuple[tuple[str, bytes], ...] = ()
    origin: tuple[str, str] = ("wav", "PCM_16")
    pipe: bool = False
    change: Change = list

    def make(self) -> bytes:
        """The bytes of the file."""
        x = signal(self.kind, self.channels, self.samples)
        reader = ArrayReader(Audio(x, self.rate, SampleFormat(*self.origin), self.tags, self.attachments))
        out = Pipe() if self.pipe else io.BytesIO()
        if self.pipe:
            reader.samples = None
        encode_stream(reader, out, profile("stft", **{**BASE, **self.settings}))
        data = out.getvalue()
        return data if self.change is list else join(self.change(split(data)))


def with_headers(edit: Callable[[bytes], bytes]) -> Change:
    """The body of HEAD, and the same within END, edited."""

    def change(packets: list[Packet]) -> list[Packet]:
        at = {HEAD: 0, END: 20}
        return [
            replace(p, body=p.body[: at[p.type]] + edit(p.body[at[p.type] :])) if p.type in at else p
            for p in packets
        ]

    return change


def without_some(packets: list[Packet]) -> list[Packet]:
    """The first header, two parts and the end are lost; parity has them."""
    parts = [i for i, p in enumerate(packets) if p.type == DATA]
    return [p for i, p in enumerate(packets[1:-1], 1) if i not in (parts[1], parts[4])]


def without_start(packets: list[Packet]) -> list[Packet]:
    """Everything before the audio is lost, and a part."""
    parts = [i for i, p in enumerate(packets) if p.type == DATA]
    return packets[parts[1] :]


def progressive(packets: list[Packet]) -> list[Packet]:
    """Part 0 of all segments first, then part 1 of all, and so on."""
    data = sorted((p for p in packets if p.type == DATA), key=lambda p: (p.part, p.segment))
    rest = [p for p in packets if p.type != DATA]
    return [*rest[:-1], *data, rest[-1]]


def with_packet(kind: int, flags: int = 0) -> Change:
    """One more packet, after the first coefficients."""
    extra = Packet(kind, flags, 0, 0, 0, b"from the future")
    return lambda packets: [*packets[:3], extra, *packets[3:]]


def long_tag(packets: list[Packet]) -> list[Packet]:
    """Another tag, not compressed."""
    text = "K=" + "v" * 300
    body = len(text).to_bytes(4, "little") + text.encode()
    return [replace(p, flags=0, body=body) if p.type == TAGS else p for p in packets]


def repeated_attachment(packets: list[Packet]) -> list[Packet]:
    """The first attachment once more, behind the coefficients."""
    first = next(p for p in packets if p.type == ATTACHMENT)
    return [*packets[:-1], first, packets[-1]]
