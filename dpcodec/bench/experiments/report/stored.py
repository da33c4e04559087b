"""How a version stands in the page: in the fewest bytes of which a browser makes the same sound again.

The original is FLAC. What follows from it, the anchor and the masked signal, the page computes; `.dpc` files
it decodes itself, those of other codecs the browser does. What a solver made, which takes minutes to make
again, is coded so finely that the noise of that lies MARGIN_DB below the version's own error, and in each
octave OCTAVE_MARGIN_DB below what that is there.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from dpcodec import Audio, DecodeSettings, SampleFormat, create_audio, decode, encode
from dpcodec.bench.experiments.report.anchor import low_pass
from dpcodec.container import constants as c
from dpcodec.container.packets import parse_head
from dpcodec.container.reader import Reader
from dpcodec.profiles import profile
from dpcodec.settings import MASKS

FLAC, DPC, SAME, FILTER, MASKED = "flac", "dpc", "same", "filter", "masked"
TYPES = {
    FLAC: "audio/flac",
    "opus": "audio/ogg; codecs=opus",
    "ogg": "audio/ogg; codecs=vorbis",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4; codecs=mp4a.40.2",
}
"""Kinds that a browser decodes."""
KINDS = (*TYPES, DPC, SAME, FILTER, MASKED)
MARGIN_DB, OCTAVE_MARGIN_DB = 15.0, 6.0
OCTAVES = 7
"""From half the rate down; the last takes all that is below."""
FINE_KBPS = (24, 32, 40, 48, 64, 80, 96, 128)
"""For a channel."""
FINE_PROFILES = ("perceptual", "mdct")
"""The second follows the error alone, and wins where there is little of it."""
IN_PAGES = "noise"
"""Solver of the decoder in JavaScript: what the page plays is what was measured."""


@dataclass(frozen=True)
class Stored:
    """A kind, of `KINDS`, and the bytes of it."""

    kind: str
    content: bytes


def flac(audio: Audio) -> bytes:
    """The audio as FLAC of 16 bits; samples beyond full scale are clipped."""
    target = io.BytesIO()
    channels = audio.samples.shape[0]
    with create_audio(target, audio.sample_rate, channels, SampleFormat("flac", "PCM_16")) as writer:
        writer.write(audio.samples)
    return target.getvalue()


def anchor_filter(rate: int) -> Stored:
    """The middle tap of the anchor's filter and those behind it, float32."""
    taps = low_pass(rate)
    return Stored(FILTER, taps[taps.size // 2 :].astype("<f4").tobytes())


def masked(data: bytes) -> Stored:
    """A `.dpc` file of which solver none makes the sound: its header, where that says which coefficients of
    an STFT are zero and the others are exact, else all of it."""
    header = Reader(io.BytesIO(data)).header
    if header.transform != "stft" or not header.exact or MASKS[header.mask].stored:
        return Stored(DPC, data)
    head = parse_head(data, c.MAGIC_BYTES)
    assert head is not None  # of a file that was read
    return Stored(MASKED, data[: c.MAGIC_BYTES + head.packet_bytes])


def stored(clip: Audio, heard: Audio, found: Stored | None) -> Stored:
    """The shorter of what was found for a version and FLAC; of a version for which nothing was, what
    `_finely` gives. `heard` is the version, as long as the clip."""
    lossless = Stored(FLAC, flac(heard))
    if found is None:
        found = Stored(SAME, b"") if flac(clip) == lossless.content else _finely(clip, heard)
    return found if found is not None and len(found.content) < len(lossless.content) else lossless


def _finely(clip: Audio, heard: Audio) -> Stored | None:
    """The `.dpc` file of the lowest rate that is near enough, None where there is none."""
    own = octaves(heard.samples - clip.samples)
    for kbps, name in product(FINE_KBPS, FINE_PROFILES):
        data = encode(heard, profile(name, bitrate=kbps * heard.samples.shape[0]))
        again = decode(data, DecodeSettings(solver=IN_PAGES))
        added = octaves(again.samples - heard.samples)
        near = added.sum() <= own.sum() * 10 ** (-MARGIN_DB / 10)
        if near and (added <= own * 10 ** (-OCTAVE_MARGIN_DB / 10)).all():
            return Stored(DPC, data)
    return None


def octaves(samples: np.ndarray) -> np.ndarray:
    """Energy in each octave from half the rate down, of real [C, N]: float64 [OCTAVES]."""
    power = (np.abs(np.fft.rfft(samples)) ** 2).sum(axis=0)
    edges = [0, *(power.size >> n for n in range(OCTAVES - 1, 0, -1)), power.size]
    return np.array([power[low:high].sum() for low, high in pairwise(edges)])
