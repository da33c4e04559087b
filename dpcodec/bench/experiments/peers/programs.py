"""The peers that are programs: how each is run.

Where a program has a choice its own default is taken; but the file is spared what is no audio (padding, seek
tables), and decoders give floats where they can.
"""

from __future__ import annotations

from functools import partial

from dpcodec.bench.experiments.peers.adapter import DECODED, SOURCE, Peer, program_version

VORBIS_MODES = (
    (44100, 32, 240),
    (32000, 30, 190),
    (22050, 16, 90),
    (16000, 16, 100),
    (11025, 12, 50),
    (8000, 8, 42),
)
"""One channel: rate in Hz from which on, and the lowest and highest kbit/s that oggenc 1.4.2 takes there."""
VORBIS_STEREO_MODES = (
    (44100, 45, 500),
    (32000, 36, 380),
    (22050, 30, 180),
    (16000, 24, 190),
    (11025, 16, 100),
    (8000, 12, 46),
)
"""The same of two channels, which oggenc codes together."""
VORBIS_TOP_RATE = 50000


def opus(kbps: float, rate: int, channels: int = 1) -> list[list[str]]:
    """Variable bit rate; opusenc and opusdec resample to and from 48 kHz and take out the codec's delay."""
    return [
        ["opusenc", "--quiet", "--bitrate", f"{kbps:g}", "--padding", "0", SOURCE, "coded.opus"],
        ["opusdec", "--quiet", "--rate", str(rate), "--float", "coded.opus", DECODED],
    ]


def mp3(kbps: float, rate: int, channels: int = 1) -> list[list[str]]:
    """Average bit rate; lame picks the sample rate, and notes its delay in the file, for the decoder."""
    return [
        ["lame", "--quiet", "--abr", f"{kbps:.0f}", SOURCE, "coded.mp3"],
        ["lame", "--quiet", "--decode", "coded.mp3", DECODED],
    ]


def vorbis(kbps: float, rate: int, channels: int = 1) -> list[list[str]]:
    """Variable bit rate. oggenc refuses low bit rates at high sample rates: it is told to resample to the
    highest rate that takes them, as lame does by itself."""
    modes = VORBIS_STEREO_MODES if channels == 2 else VORBIS_MODES
    own, *lower = [mode for mode in modes if mode[0] <= rate] or modes[-1:]
    chosen = next((mode for mode in (own, *lower) if mode[1] <= kbps), (own, *lower)[-1])
    resample = ["--resample", str(chosen[0])] if chosen != own or rate > VORBIS_TOP_RATE else []
    nominal = min(max(kbps, chosen[1]), chosen[2])
    encode = ["oggenc", "-Q", "-b", f"{nominal:.0f}", *resample, "-o", "coded.ogg", SOURCE]
    return [encode, ["oggdec", "-Q", "-o", DECODED, "coded.ogg"]]


def aac(kbps: float, rate: int, channels: int = 1) -> list[list[str]]:
    """FFmpeg's own encoder; the file notes the encoder's delay."""
    quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i"]
    return [
        [*quiet, SOURCE, "-c:a", "aac", "-b:a", f"{kbps:g}k", "coded.m4a"],
        [*quiet, "coded.m4a", "-c:a", "pcm_f32le", DECODED],
    ]


def flac(kbps: float, rate: int, channels: int = 1) -> list[list[str]]:
    """Lossless, at its highest preset."""
    return [
        ["flac", "--silent", "-8", "--no-padding", "--no-seektable", "-o", "coded.flac", SOURCE],
        ["flac", "--silent", "-d", "-o", DECODED, "coded.flac"],
    ]


PROGRAMS = (
    Peer(
        "opus",
        (("opusenc", "opus-tools"), ("opusdec", "opus-tools")),
        partial(program_version, "opusenc", "--version"),
        "coded.opus",
        opus,
    ),
    Peer("mp3", (("lame", "lame"),), partial(program_version, "lame", "--version"), "coded.mp3", mp3),
    Peer(
        "vorbis",
        (("oggenc", "vorbis-tools"), ("oggdec", "vorbis-tools")),
        partial(program_version, "oggenc", "--version"),
        "coded.ogg",
        vorbis,
    ),
    Peer("aac", (("ffmpeg", "ffmpeg"),), partial(program_version, "ffmpeg", "-version"), "coded.m4a", aac),
    Peer(
        "flac",
        (("flac", "flac"),),
        partial(program_version, "flac", "--version"),
        "coded.flac",
        flac,
        lossless=True,
    ),
)
