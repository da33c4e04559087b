"""The files of good/, each as the settings that made it; README.md says what each is for."""

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


def _grid() -> list[Good]:
    """Masks, kinds of coefficients and drops against each other."""
    return [
        Good(
            f"{mask}-{'exact' if exact else 'quantised'}-drop-{round(100 * drop):02d}",
            {
                "mask": mask,
                "exact": exact,
                "drop": drop,
                "seed": 5,
                "segment_frames": 10,
            },
            samples=1300,
        )
        for mask in ("energy", "random")
        for exact in (False, True)
        for drop in (0.0, 0.5, 0.9)
    ]


def _lengths() -> list[Good]:
    """Lengths where frame counts change, N against n_fft = 64, hop = 32, 8 frames a segment."""
    lengths = (0, 1, 2, 31, 32, 33, 63, 64, 65, 224, 225, 480)
    return [
        *(Good(f"length-{n}", SHORT, samples=n) for n in lengths),
        *(Good(f"length-{n}-random-exact", {**EXACT, "seed": 9}, samples=n) for n in (0, 1, 225)),
    ]


def _shapes() -> list[Good]:
    return [
        Good("channels-2", channels=2),
        Good("channels-3", channels=3),
        Good("channels-8", {**SHORT, "drop": 0.8}, channels=8, samples=700),
        Good("channels-8-random-exact", EXACT, channels=8, samples=250),
        Good("channels-255", {**SHORT, "parts": 1, "drop": 0.9}, channels=255, samples=40),
        Good("rate-1", SHORT, rate=1, samples=100),
        Good("rate-44100", rate=44100),
        Good("rate-192000", rate=192000),
        Good("rate-1048575", SHORT, rate=1048575, samples=500),
        Good("n-fft-64-hop-1", {**SHORT, "hop": 1, "drop": 0.9}, samples=40),
        Good("n-fft-66-odd-hop", {**SHORT, "n_fft": 66, "hop": 27, "window": "hann"}, samples=700),
        Good("n-fft-100-hop-50", {**SHORT, "n_fft": 100, "hop": 50, "parts": 4}, samples=900),
        Good("n-fft-512-hann-odd-hop", {"n_fft": 512, "hop": 171, "window": "hann"}),
        Good("n-fft-1000-sine", {"n_fft": 1000, "hop": 400}, samples=3000),
        Good("n-fft-2048-default", {"n_fft": 2048, "hop": 1024}, samples=9000),
        Good(
            "n-fft-2048-paper",
            {"n_fft": 2048, "hop": 512, "window": "hann", "mask": "random", "exact": True, "drop": 0.9},
            samples=2100,
            rate=16000,
        ),
        Good("parts-1", {"parts": 1}, samples=2500),
        Good("parts-3", {"parts": 3}),
        Good("parts-6", {**SHORT, "parts": 6}),
        Good("parts-16", {**SHORT, "parts": 16}, samples=500),
        Good(
            "segment-of-one-frame", {**SHORT, "mask": "random", "segment_frames": 1, "parts": 1}, samples=300
        ),
    ]


def _contents() -> list[Good]:
    columns = {"mask": "columns", "columns": ((0, 1), (5, 5), (9, 12), (4000, 2**47)), "exact": True}
    return [
        Good("seed-0", {**SHORT, "mask": "random", "seed": 0}),
        Good("seed-max", {**SHORT, "mask": "random", "seed": 2**64 - 1}),
        Good("seed-high-half", {**SHORT, "mask": "random", "seed": 0xDEADBEEF << 32}),
        Good("drop-all", {**EXACT, "drop": 1 - 2**-40}),
        Good("drop-all-quantised", {**SHORT, "mask": "random", "drop": 1 - 2**-40}),
        Good("columns-exact", {**SHORT, **columns}, samples=700),
        Good("columns-quantised", {**SHORT, **columns, "exact": False}, samples=700),
        Good("columns-all", {**SHORT, "mask": "columns", "columns": ((0, 10**9),)}, samples=300),
        Good("silence", kind="silence", samples=4000, channels=2),
        Good("silence-random", {**SHORT, "mask": "random"}, kind="silence"),
        Good("silent-channel", channels=3, kind="tones but a silent channel 1"),
        Good("silent-last-channel", channels=2, kind="tones but a silent channel 1"),
        Good("silent-middle", SHORT, kind="tones with a silent middle", samples=2000),
        Good("constant", kind="constant"),
        Good("impulses", {**SHORT, "hop": 16}, kind="impulses", samples=900),
        Good("nyquist", kind="alternating", channels=2),
        Good("square-full-scale", kind="square"),
        Good("loud", kind="loud"),
        Good("faint", kind="faint"),
        Good("noise", kind="noise", samples=1000),
        Good("snr-140", {**SHORT, "drop": 0.0, "mask": "random", "snr": 140.0}, samples=400),
        Good("snr-minus-20", {**SHORT, "snr": -20.0}),
        Good("snr-60", {**SHORT, "snr": 60.0}, samples=700),
        Good(
            "tags",
            SHORT,
            samples=100,
            tags=(("TITLE", "déjà vu"), ("EMPTY", ""), ("A", "1"), ("A", "2"), ("X", "a=b\n\x1b[31m")),
        ),
        Good("tags-compressed", SHORT, samples=100, tags=tuple((f"KEY{i}", "value") for i in range(1000))),
        Good("tags-long-value", SHORT, samples=100, tags=(("K", "v"),), change=long_tag),
        Good(
            "attachments",
            SHORT,
            channels=4,
            samples=100,
            attachments=(
                ("speakers", bytes.fromhex("33000000")),
                ("riff:cue ", bytes(4)),
                ("riff:odd!", bytes(range(256))),
                ("kind of the future", b""),
            ),
        ),
        Good(
            "attachments-compressed",
            SHORT,
            samples=100,
            tags=(("TITLE", "Hi"),),
            attachments=(("riff:bext", b"A description" + bytes(600)), ("riff:bext", b"2")),
            change=repeated_attachment,
        ),
        Good("origin-flac-24", SHORT, samples=100, origin=("flac", "PCM_24")),
        Good(
            "origin-unknown", SHORT, samples=100, change=with_headers(lambda h: h[:43] + b"\xc8\xc9" + h[45:])
        ),
    ]


def _containers() -> list[Good]:
    many = {**SHORT, "segment_frames": 2, "parts": 1}
    six = {**BASE, "parts": 2, "segment_frames": 4}
    return [
        Good("six-segments", six, samples=2500, tags=(("TITLE", "Six segments"),)),
        Good("one-part-exact", {**SHORT, "exact": True, "parts": 1}, samples=200),
        Good("segments-16", many, samples=960),
        Good("segments-17", many, samples=1024),
        Good(
            "header-copies",
            {"exact": True, "drop": 0.0, "mask": "random", "parts": 2},
            kind="noise",
            samples=22000,
        ),
        Good("from-a-pipe", SHORT, samples=777, pipe=True),
        Good("from-a-pipe-empty", SHORT, samples=0, pipe=True),
        Good("layout-progressive", SHORT, samples=900, change=progressive),
        Good(
            "minor-version-9",
            SHORT,
            samples=300,
            change=with_headers(lambda h: b"\1\x09" + h[2:] + b"new field"),
        ),
        Good("parity", {**SHORT, "parity": 50.0}, samples=900),
        Good("parity-brings-back", {**SHORT, "parity": 50.0}, samples=900, change=without_some),
        Good(
            "parity-start-lost",
            {**SHORT, "parity": 50.0, "tags": (("TITLE", "Start"),)},
            samples=900,
            change=without_start,
        ),
        Good("unknown-ancillary", SHORT, samples=300, change=with_packet(0x8777, 0x8000)),
        Good("unknown-safe-to-copy", SHORT, samples=300, change=with_packet(0xC777)),
        Good(
            "repaired", SHORT, samples=300, change=with_headers(lambda h: h[:2] + bytes([h[2] | 2]) + h[3:])
        ),
    ]


def _mdct() -> list[Good]:
    """The MDCT: masks, lengths, block switching, shapes; and the significance mask of both transforms."""
    exact = {**MDCT, "exact": True}
    columns = {"mask": "columns", "columns": ((0, 1), (5, 5), (9, 12))}
    return [
        *(Good(f"mdct-length-{n}", MDCT, samples=n) for n in (0, 1, 63, 64, 65, 449)),
        Good("mdct-significance-exact", exact, samples=700),
        Good("mdct-snr-60", {**MDCT, "snr": 60.0}, samples=700),
        Good("mdct-snr-140", {**MDCT, "snr": 140.0}, samples=300),
        Good("mdct-energy", {**MDCT, "mask": "energy"}),
        Good("mdct-energy-exact", {**exact, "mask": "energy"}, samples=700),
        Good("mdct-random", {**MDCT, "mask": "random", "seed": 5, "drop": 0.5}),
        Good("mdct-random-exact", {**exact, "mask": "random", "seed": 5, "drop": 0.5}, samples=700),
        Good("mdct-columns", {**MDCT, **columns}),
        Good("mdct-drop-all", {**exact, "mask": "random", "drop": 1 - 2**-40}, samples=300),
        Good("mdct-impulses", MDCT, kind="impulses", samples=2000),
        Good("mdct-impulses-exact", exact, kind="impulses", samples=900),
        Good("mdct-square-split-7", {**MDCT, "n_fft": 512, "hop": 256, "max_block_split": 7}, kind="square"),
        Good("mdct-unsplit", {**MDCT, "max_block_split": 0}, kind="impulses"),
        Good("mdct-sine", {**MDCT, "window": "sine"}, kind="impulses"),
        Good("mdct-noise", MDCT, kind="noise", samples=1000),
        Good("mdct-silence", MDCT, kind="silence", channels=2),
        Good("mdct-silent-channel", MDCT, channels=3, kind="tones but a silent channel 1"),
        Good(
            "mdct-silent-middle",
            {**MDCT, "segment_frames": 4},
            kind="tones with a silent middle",
            samples=2000,
        ),
        Good("mdct-channels-8", MDCT, channels=8, samples=500),
        Good("mdct-parts-1", {**MDCT, "parts": 1}),
        Good("mdct-parts-16", {**MDCT, "parts": 16}),
        Good("mdct-segment-of-one-frame", {**MDCT, "segment_frames": 1}, kind="impulses", samples=700),
        Good("mdct-2048", {**MDCT, "n_fft": 2048, "hop": 1024, "max_block_split": 4}, samples=9000),
        Good("mdct-loud", MDCT, kind="loud"),
        Good("mdct-faint", MDCT, kind="faint"),
        Good("mdct-from-a-pipe", MDCT, samples=777, pipe=True),
        Good("significance-quantised", {"mask": "significance"}),
        Good("significance-exact", {**SHORT, "mask": "significance", "exact": True}, samples=700),
        Good("significance-snr-20", {"mask": "significance", "snr": 20.0}),
    ]


def _perceptual() -> list[Good]:
    """The perceptual mask: lengths, controls, pairs of channels, contents, shapes."""
    by_drop = {**PERCEPTUAL, "quality": None, "drop": 0.9}
    by_snr = {**PERCEPTUAL, "quality": None, "snr": 10.0}
    wide = {**PERCEPTUAL, "n_fft": 2048, "hop": 1024, "max_block_split": 4, "parts": 1}
    return [
        *(Good(f"shaped-length-{n}", PERCEPTUAL, samples=n) for n in (0, 1, 64, 65, 500)),
        Good("shaped-quality-0", {**PERCEPTUAL, "quality": 0.0}),
        Good("shaped-quality-10", {**PERCEPTUAL, "quality": 10.0}),
        Good("shaped-bitrate", {**PERCEPTUAL, "quality": None, "bitrate": 48.0, "parts": 1}),
        Good("shaped-snr-140", {**PERCEPTUAL, "quality": None, "snr": 140.0}, samples=300),
        Good("shaped-drop-90", by_drop, rate=22050),
        Good("shaped-equal", PERCEPTUAL, channels=2, kind="tones in all channels"),
        Good("shaped-opposite", PERCEPTUAL, channels=2, kind="tones and their opposite"),
        Good(
            "shaped-unequal",
            {**PERCEPTUAL, "segment_frames": 14},
            channels=2,
            kind="tones, louder and softer",
        ),
        Good("shaped-channels-3", PERCEPTUAL, channels=3),
        Good("shaped-channels-8", {**PERCEPTUAL, "parts": 1}, channels=8, samples=500),
        Good("shaped-silent-first", PERCEPTUAL, channels=2, kind="tones but a silent channel 0"),
        Good("shaped-silent-second", PERCEPTUAL, channels=2, kind="tones but a silent channel 1"),
        Good("shaped-silence", PERCEPTUAL, kind="silence", channels=2),
        Good("shaped-silent-middle", PERCEPTUAL, kind="tones with a silent middle", samples=2000),
        Good("shaped-impulses", PERCEPTUAL, kind="impulses", samples=2000),
        Good("shaped-noise", {**by_drop, "segment_frames": 40}, kind="noise", samples=2400, rate=44100),
        Good("shaped-constant", {**by_snr, "parts": 16}, kind="constant", rate=192000),
        Good("shaped-weights-63", PERCEPTUAL, kind="loud impulses", samples=900),
        Good(
            "shaped-frames-300", {**PERCEPTUAL, "n_fft": 64, "hop": 32, "segment_frames": 300}, samples=9500
        ),
        Good("shaped-parts-1", {**PERCEPTUAL, "parts": 1}),
        Good("shaped-parts-4", {**PERCEPTUAL, "parts": 4}, kind="square", channels=2),
        Good(
            "shaped-parts-16",
            {**PERCEPTUAL, "n_fft": 72, "hop": 36, "max_block_split": 1, "parts": 16},
            samples=500,
        ),
        Good(
            "shaped-segment-of-one-frame", {**PERCEPTUAL, "segment_frames": 1}, kind="impulses", samples=700
        ),
        Good("shaped-2048", wide, samples=9000, rate=44100, channels=2),
        Good("shaped-rate-1", PERCEPTUAL, samples=500, rate=1),
        Good("shaped-rate-1048575", {**wide, "max_block_split": 3}, samples=3000, rate=1048575),
        Good("shaped-unsplit", {**PERCEPTUAL, "max_block_split": 0}, kind="impulses", samples=2000),
        Good("shaped-sine", {**PERCEPTUAL, "window": "sine"}, kind="impulses"),
        Good("shaped-loud", PERCEPTUAL, kind="loud"),
        Good("shaped-faint", PERCEPTUAL, kind="faint"),
        Good("shaped-from-a-pipe", PERCEPTUAL, samples=777, pipe=True),
        Good(
            "shaped-minor-version-9",
            PERCEPTUAL,
            samples=300,
            change=with_headers(lambda h: b"\1\x09" + h[2:] + b"new field"),
        ),
    ]


def _revised() -> list[Good]:
    """The perceptual mask as it is coded since version 1.3."""
    wide = {**PERCEPTUAL, "n_fft": 2048, "hop": 1024, "max_block_split": 4, "parts": 1}
    low = {**PERCEPTUAL, "quality": 0.0}
    return [
        *(Good(f"revised-length-{n}", PERCEPTUAL, samples=n) for n in (0, 1, 500)),
        Good("revised-quality-0", low),
        Good("revised-quality-10", {**PERCEPTUAL, "quality": 10.0}),
        Good("revised-snr-140", {**PERCEPTUAL, "quality": None, "snr": 140.0}, samples=300),
        Good("revised-equal", PERCEPTUAL, channels=2, kind="tones in all channels"),
        Good("revised-unequal", {**low, "segment_frames": 14}, channels=2, kind="tones, louder and softer"),
        Good("revised-channels-3", low, channels=3, kind="noise", samples=700),
        Good("revised-silent-first", PERCEPTUAL, channels=2, kind="tones but a silent channel 0"),
        Good("revised-silent-second", PERCEPTUAL, channels=2, kind="tones but a silent channel 1"),
        Good("revised-bursts", low, kind="bursts", samples=2000),
        Good("revised-bursts-parts", {**low, "parts": 7}, kind="bursts", channels=2, samples=1200),
        Good("revised-weights-63", PERCEPTUAL, kind="loud impulses", channels=2, samples=900),
        Good(
            "revised-frames-300",
            {**low, "n_fft": 64, "hop": 32, "max_block_split": 1, "segment_frames": 300},
            kind="noise",
            channels=2,
            samples=9500,
        ),
        Good("revised-2048", {**wide, "quality": 1.0}, kind="bursts", samples=9000, rate=44100, channels=2),
        Good(
            "revised-minor-version-9",
            PERCEPTUAL,
            samples=300,
            change=with_headers(lambda h: b"\1\x09" + h[2:] + b"new field"),
        ),
    ]


def _frames() -> list[Good]:
    """The perceptual mask as it is coded since version 1.4: parts of frames."""
    wide = {**PERCEPTUAL, "n_fft": 2048, "hop": 1024, "max_block_split": 4}
    low = {**PERCEPTUAL, "quality": 0.0}
    return [
        *(Good(f"frames-length-{n}", PERCEPTUAL, samples=n) for n in (0, 1, 500)),
        Good("frames-quality-10", {**PERCEPTUAL, "quality": 10.0}),
        Good("frames-snr-140", {**PERCEPTUAL, "quality": None, "snr": 140.0}, samples=300),
        Good("frames-equal", PERCEPTUAL, channels=2, kind="tones in all channels"),
        Good("frames-unequal", {**low, "segment_frames": 14}, channels=2, kind="tones, louder and softer"),
        Good("frames-channels-3", low, channels=3, kind="noise", samples=700),
        Good("frames-silent-first", PERCEPTUAL, channels=2, kind="tones but a silent channel 0"),
        Good("frames-silent-second", PERCEPTUAL, channels=2, kind="tones but a silent channel 1"),
        Good("frames-silent-middle", PERCEPTUAL, kind="tones with a silent middle", samples=2000),
        Good("frames-bursts", {**low, "parts": 1}, kind="bursts", samples=2000),
        Good("frames-bursts-parts", {**low, "parts": 3}, kind="bursts", channels=2, samples=1200),
        Good("frames-parts-16", {**PERCEPTUAL, "parts": 16}, kind="square", channels=2),
        Good(
            "frames-noise",
            {**low, "segment_frames": 40, "parts": 2},
            kind="noise",
            channels=2,
            samples=2400,
            rate=44100,
        ),
        Good(
            "frames-frames-700",
            {**low, "n_fft": 64, "hop": 32, "max_block_split": 1, "segment_frames": 700},
            kind="noise",
            channels=2,
            samples=22000,
        ),
        Good(
            "frames-segment-of-one-frame", {**PERCEPTUAL, "segment_frames": 1}, kind="impulses", samples=700
        ),
        Good("frames-2048", {**wide, "quality": 1.0}, kind="bursts", samples=18000, rate=44100, channels=2),
        Good("frames-from-a-pipe", PERCEPTUAL, samples=777, pipe=True),
        Good(
            "frames-minor-version-9",
            PERCEPTUAL,
            samples=300,
            change=with_headers(lambda h: b"\1\x09" + h[2:] + b"new field"),
        ),
    ]


GOOD: list[Good] = [
    *(*_grid(), *_lengths(), *_shapes(), *_contents(), *_containers(), *_mdct(), *_perceptual(), *_revised()),
    *_frames(),
]
