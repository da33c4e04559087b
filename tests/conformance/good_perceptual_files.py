"""The files of good/ with the perceptual mask, in each of the ways that they were coded."""

from __future__ import annotations

from .good_file import PERCEPTUAL, Good, with_headers


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


PERCEPTUAL_GOOD: list[Good] = [*_perceptual(), *_revised(), *_frames()]
