"""The files of good/, each as the settings that made it; README.md says what each is for."""

from __future__ import annotations

from .custom_files import CUSTOM_GOOD
from .good_file import (
    BASE,
    EXACT,
    MDCT,
    SHORT,
    Good,
    long_tag,
    progressive,
    repeated_attachment,
    with_headers,
    with_packet,
    without_some,
    without_start,
)
from .good_perceptual_files import PERCEPTUAL_GOOD


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


GOOD: list[Good] = [
    *(*_grid(), *_lengths(), *_shapes(), *_contents(), *_containers(), *_mdct()),
    *PERCEPTUAL_GOOD,
    *CUSTOM_GOOD,
]
