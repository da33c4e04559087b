"""Audio files made by other programs, with metadata of every kind, and what other readers find in them."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy as np
import pytest
import soundfile

RATE = 44100
TAGS = {
    "TITLE": ["Müll"],
    "ARTIST": ["One", "Two"],
    "ALBUMARTIST": ["Various"],
    "COMPOSER": ["Somebody"],
    "DISCNUMBER": ["2"],
    "TRACKNUMBER": ["3"],
    "DATE": ["2021-05-04"],
    "GENRE": ["Rock", "Noise"],
    "MUSICBRAINZ_ALBUMID": ["f4a261bd-5b3f-4f3c-9c3b-000000000001"],
    "LYRICS": ["la\nla"],
    "REPLAYGAIN_TRACK_GAIN": ["-6.50 dB"],
    "COMMENT": ["a=b"],
    "CHAPTER001": ["00:00:00.000"],
    "CHAPTER001NAME": ["Start"],
    "MyOwn": ["1"],
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154089963f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def need(*programs: str) -> None:
    """Skip the test unless these are installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def call(*command: object) -> bytes:
    """Standard output of a program that must succeed."""
    done = subprocess.run([str(c) for c in command], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says."""
    need("ffprobe")
    asked = ("-show_format", "-show_streams", "-show_chapters")
    found: dict[str, Any] = json.loads(call("ffprobe", "-v", "error", "-of", "json", *asked, path))
    return found


def wave(path: Path, channels: int = 2, seconds: float = 0.3, rate: int = RATE) -> Path:
    """A WAV file of 16 bits with another tone in each channel."""
    t = np.arange(round(seconds * rate)) / rate
    x = np.stack([0.3 * np.sin(2 * np.pi * 200 * (c + 1) * t) for c in range(channels)], axis=1)
    soundfile.write(path, x, rate, "PCM_16", format="WAV")
    return path


def loudest(samples: np.ndarray, rate: int = RATE) -> list[int]:
    """The frequency of each channel of [N, C] in units of 200 Hz, as `wave` numbers them from 1."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
    return [round(k * rate / len(samples) / 200) for k in spectrum.argmax(axis=0)]


def chunk(name: bytes, data: bytes, order: str = "<") -> bytes:
    """A chunk of RIFF or, with order ">", of AIFF."""
    return struct.pack(f"{order}4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def chunks(data: bytes, order: str = "<") -> list[tuple[bytes, bytes]]:
    """All chunks of a RIFF or AIFF file, by a reader of its own."""
    found, position = [], 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from(f"{order}4sI", data, position)
        found.append((name, data[position + 8 : position + 8 + size]))
        position += 8 + size + size % 2
    return found


def add_chunks(path: Path, extra: bytes, order: str = "<") -> None:
    """Append chunks, and mend the length of the file."""
    data = path.read_bytes() + extra
    path.write_bytes(data[:4] + struct.pack(f"{order}I", len(data) - 8) + data[8:])


def vorbis_tags(comments: Any) -> dict[str, list[str]]:
    """Values by key of what mutagen read, without what encoders say of themselves."""
    found: dict[str, list[str]] = {}
    for key, value in list(comments):
        if not key.upper().startswith(("ENCODER", "METADATA_BLOCK_PICTURE")):
            found.setdefault(key, []).append(value)
    return found


def id3_frames() -> list[Any]:
    """Frames of ID3 of every sort, some of them with the same key."""
    m = mutagen.id3
    sub = m.CTOCFlags.TOP_LEVEL | m.CTOCFlags.ORDERED
    return [
        m.TIT2(encoding=3, text=["Müll"]),
        m.TPE1(encoding=3, text=["One", "Two"]),
        m.TPE2(encoding=1, text=["Various"]),
        m.TDRC(encoding=3, text=["2021-05-04"]),
        m.TRCK(encoding=0, text=["3/12"]),
        m.TPOS(encoding=0, text=["2/2"]),
        m.TCON(encoding=3, text=["Rock", "Noise"]),
        m.COMM(encoding=3, lang="deu", desc="", text=["Kommentar"]),
        m.COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0001"]),
        m.USLT(encoding=3, lang="eng", desc="", text="la\nla"),
        m.TXXX(encoding=3, desc="MusicBrainz Album Id", text=["f4a261bd"]),
        m.TXXX(encoding=3, desc="replaygain_track_gain", text=["-6.50 dB"]),
        m.UFID(owner="http://musicbrainz.org", data=b"0123"),
        m.UFID(owner="http://example.org", data=b"\0\1\2"),
        m.PRIV(owner="a", data=b"\xff\0"),
        m.POPM(email="a@b", rating=196, count=7),
        m.RVA2(desc="track", channel=1, gain=-3.5, peak=0.5),
        m.WOAR(url="http://example.org/"),
        m.CTOC(element_id="toc", flags=sub, child_element_ids=["c1"], sub_frames=[]),
        m.CHAP(
            element_id="c1",
            start_time=50,
            end_time=200,
            start_offset=0xFFFFFFFF,
            end_offset=0xFFFFFFFF,
            sub_frames=[m.TIT2(encoding=3, text=["Chapter"])],
        ),
        m.APIC(encoding=3, mime="image/png", type=3, desc="front", data=PNG),
        m.APIC(encoding=3, mime="image/png", type=4, desc="back", data=PNG + b"2"),
    ]
