"""Files to start from: the small ones of the conformance set, and smaller ones of every kind made here."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from streams import Packet, Pipe, join, split
from waves import chunk, extensible, riff

from dpcodec import Audio, SampleFormat, create_audio, encode_stream, profile
from dpcodec.audio.streams import ArrayReader
from dpcodec.mask.table import MaskParameters

GOOD = Path(__file__).parent.parent / "conformance" / "good"
LARGEST_BYTES = 600
"""Of the conformance files taken: larger ones would be slow."""
RATE = 8000


def every_third(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """A custom mask: bool [C, K, L]."""
    return np.reshape(np.arange(X.size) % 3 != segment % 3, X.shape)


_STFT: dict[str, Any] = {
    **{"n_fft": 64, "hop": 32, "window": "sine", "segment_frames": 2, "parts": 2, "drop": 0.5, "seed": 3},
}
_MDCT: dict[str, Any] = {
    **{"transform": "mdct", "window": "kbd", "n_fft": 64, "hop": 32, "max_block_split": 2},
    **{"segment_frames": 3, "parts": 2, "drop": 0.5},
}
_MASKS: dict[str, dict[str, Any]] = {
    **{mask: {"mask": mask} for mask in ("energy", "random", "significance")},
    "columns": {"mask": "columns", "columns": ((1, 1),), "drop": None},
}
CUSTOM: dict[str, Any] = {**_STFT, "mask": "custom", "custom": every_third, "drop": 0.0}
_SHAPED: dict[str, Any] = {**_MDCT, "mask": "perceptual", "drop": None}


@dataclass(frozen=True)
class Seed:
    """A whole file. Those that are quick to decode have more weight."""

    name: str
    data: bytes
    weight: int = 1


@dataclass(frozen=True)
class _Recipe:
    settings: dict[str, Any]
    channels: int = 1
    samples: int = 100
    tags: tuple[tuple[str, str], ...] = ()
    pipe: bool = False
    extra: int = 0
    """Type of an additional packet."""

    @property
    def weight(self) -> int:
        """No entropy decoder is quickest; adaptive tables without networks are next."""
        return 6 if self.settings.get("exact") else 3 if "transform" not in self.settings else 1

    def make(self) -> bytes:
        reader = ArrayReader(Audio(tones(self.channels, self.samples), RATE, SampleFormat(), self.tags))
        out = Pipe() if self.pipe else io.BytesIO()
        if self.pipe:
            reader.samples = None
        encode_stream(reader, out, profile("stft", **self.settings))
        data = out.getvalue()
        if self.extra:
            packets = split(data)
            data = join([*packets[:1], Packet(self.extra, 0, 0, 0, 0, b"from the future"), *packets[1:]])
        return data


def tones(channels: int, samples: int) -> np.ndarray:
    """Float32 [C, N], with a transient in the middle, so that MDCT frames are cut."""
    n, c = np.arange(samples), np.arange(channels)[:, None]
    x = 0.3 * np.sin(0.2 * (c + 1) * n) + 0.1 * np.sin(1.3 * n + c)
    x[:, samples // 2 : samples // 2 + 1] = 0.9
    return np.asarray(x, np.float32)


def _recipes() -> dict[str, _Recipe]:
    grid = {
        f"{name}-{mask}-{'exact' if exact else 'quantised'}": _Recipe(
            {**base, **masked, "exact": exact}, 1, 60 if exact else 30
        )
        for name, base in (("stft", _STFT), ("mdct", _MDCT))
        for mask, masked in _MASKS.items()
        for exact in (False, True)
    }
    exact = {**_STFT, "mask": "random", "exact": True}
    energy, significance = {**_STFT, "mask": "energy"}, {**_MDCT, "mask": "significance"}
    return {
        **grid,
        "stft-segments": _Recipe({**energy, "parts": 1}, 1, 70),
        "stft-stereo": _Recipe({**energy, "parts": 1}, 2, 30),
        "stft-stereo-exact": _Recipe({**energy, "exact": True}, 2, 60),
        "stft-hann": _Recipe({**energy, "window": "hann", "hop": 16, "segment_frames": 4}, 1, 40),
        "stft-one-part": _Recipe({**_STFT, "mask": "random", "parts": 1}, 1, 30),
        "mdct-segments": _Recipe({**significance, "parts": 1}, 1, 100),
        "mdct-stereo": _Recipe({**significance, "parts": 1}, 2, 30),
        "mdct-stereo-exact": _Recipe({**significance, "exact": True}, 2, 60),
        "mdct-snr": _Recipe({**significance, "snr": 90.0, "drop": None, "parts": 1}, 1, 30),
        "shaped": _Recipe(_SHAPED, 1, 30),
        "shaped-segments": _Recipe({**_SHAPED, "parts": 1, "segment_frames": 2}, 1, 70),
        "shaped-stereo": _Recipe({**_SHAPED, "parts": 1, "max_block_split": 0}, 2, 30),
        "shaped-three": _Recipe({**_SHAPED, "parts": 1, "quality": 0.0}, 3, 30),
        "index": _Recipe({**exact, "segment_frames": 1, "parts": 1, "drop": 0.9}, 1, 560),
        "tags": _Recipe(exact, 1, 30, (("TITLE", "x" * 60), ("B", ""))),
        "pipe": _Recipe(exact, 1, 40, pipe=True),
        "extra": _Recipe(exact, 1, 30, extra=0xC777),
        "ignored": _Recipe(exact, 1, 30, extra=0x8777),
        "nothing": _Recipe(energy, 1, 0),
        "parity": _Recipe({**exact, "parity": 20.0}, 1, 30, (("TITLE", "x"),)),
        "custom-quantised": _Recipe(CUSTOM, 1, 30),
        "custom-exact": _Recipe({**CUSTOM, "exact": True}, 1, 30),
        "custom-stereo": _Recipe({**CUSTOM, "parts": 1, "segment_frames": 3}, 2, 40),
        "parity-pipe": _Recipe({**energy, "parity": 25.0, "segment_frames": 1}, 1, 60, pipe=True),
    }


@cache
def made() -> tuple[Seed, ...]:
    """Encoded here."""
    return tuple(Seed(name, recipe.make(), recipe.weight) for name, recipe in _recipes().items())


@cache
def dpc_seeds() -> tuple[Seed, ...]:
    """All files to start from."""
    stored = (Seed(path.stem, path.read_bytes()) for path in sorted(GOOD.glob("*.dpc")))
    return (*made(), *(seed for seed in stored if len(seed.data) <= LARGEST_BYTES))


@cache
def audio_seeds() -> tuple[Seed, ...]:
    """WAV and what libsndfile reads, in memory."""
    x = tones(2, 150)
    ours = {
        "wav": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
        "rf64": ("PCM_16",),
        "w64": ("PCM_16", "FLOAT"),
        "aiff": ("PCM_S8", "PCM_16", "PCM_24", "FLOAT"),
        "flac": ("PCM_16", "PCM_24"),
        "ogg": ("VORBIS", "OPUS"),
    }
    found = []
    for container, subtypes in ours.items():
        for subtype in subtypes:
            out = io.BytesIO()
            tags = (("TITLE", "seed"),) if subtype == "PCM_16" else ()
            with create_audio(out, RATE, 2, SampleFormat(container, subtype), x.shape[1], tags) as writer:
                writer.write(x)
            found.append(Seed(f"{container}-{subtype}", out.getvalue()))
    theirs = {
        "CAF": ("PCM_16", "ALAC_16", "ULAW"),
        "AU": ("PCM_16", "FLOAT"),
        "WAV": ("IMA_ADPCM", "MS_ADPCM", "GSM610", "ULAW", "ALAW"),
        "W64": ("IMA_ADPCM",),
        "AIFF": ("IMA_ADPCM", "ULAW"),
    }
    for container, subtypes in theirs.items():
        for subtype in subtypes:
            out = io.BytesIO()
            samples = x[:1] if subtype in ("GSM610", "IMA_ADPCM") else x
            soundfile.write(out, samples.T, RATE, subtype, format=container)
            found.append(Seed(f"{container}-{subtype}", out.getvalue()))
    wide = riff(chunk(b"fmt ", extensible(1, 2, 32, 24)), chunk(b"data", bytes(range(80))))
    return (*found, Seed("wav-extensible", wide))
