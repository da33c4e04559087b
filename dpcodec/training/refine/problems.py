"""Pieces -> files -> what a decoder knows of each channel, and the coefficients as they were."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec import Audio, EncodeSettings, encode, profile
from dpcodec.audio.resample import Resampler, downmix
from dpcodec.container.header import frame_count
from dpcodec.container.stream import Reader
from dpcodec.hearing.stereo import rotated
from dpcodec.inpainting.refine.boxes import ChannelBoxes, channel_boxes
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import join
from dpcodec.training.pieces import Piece, Recording
from dpcodec.training.refine.rooms import recorded
from dpcodec.transform.bands import band_of_rows

RATES = (16000, 22050, 32000, 44100, 44100, 44100, 44100, 48000)
MONO = 0.6
"""Share of the files in one channel."""
BITRATES, STEREO = (14, 96), 1.6
"""Of a channel at 44.1 kHz, kbit/s; what two take of it. A sample rate takes its power of 0.7."""
BY_BITRATE, BY_QUALITY = 0.8, 0.9
"""Shares, added up, of files by bit rate and by quality; the rest is of profile mdct."""


@dataclass(frozen=True)
class Example:
    """One coded channel of a piece; `truth` float32 [L, K], its coefficients before they were quantised,
    divided by the level of the cells."""

    name: str
    boxes: ChannelBoxes
    truth: np.ndarray


def examples(piece: Piece | Recording, seed: tuple[int, ...], name: str) -> Iterator[Example]:
    """The piece, encoded in one way at random, channel by channel, but for those of which nothing is left."""
    rng = np.random.default_rng(seed)
    audio = at_rate(recorded(rng, piece.audio()), int(rng.choice(RATES)), bool(rng.random() < MONO))
    data = encode(audio, drawn_settings(rng, audio))
    kbits = 8 * len(data) / audio.samples.shape[1] * audio.sample_rate / 1000
    name = f"{name}, {audio.sample_rate} Hz, {kbits:.0f} kbit/s"
    yield from of_file(name, data, audio.samples)


def at_rate(audio: Audio, rate: int, mono: bool) -> Audio:
    """At another rate, in one channel perhaps."""
    samples = downmix(audio.samples) if mono else audio.samples
    resampler = Resampler(audio.sample_rate, rate, len(samples))
    return Audio(np.clip(resampler.process(samples, last=True), -1, 1).astype(np.float32), rate)


def drawn_settings(rng: np.random.Generator, audio: Audio) -> EncodeSettings:
    """A way to encode."""
    way, low, high = rng.random(), *np.log(BITRATES)
    if way < BY_BITRATE:
        share = (audio.sample_rate / 44100) ** 0.7 * (STEREO if len(audio.samples) == 2 else 1)
        return EncodeSettings(bitrate=round(float(np.exp(rng.uniform(low, high))) * share))
    if way < BY_QUALITY:
        return EncodeSettings(quality=float(rng.uniform(0, 8)))
    keep = float(np.exp(rng.uniform(np.log(0.02), np.log(0.2))))
    return profile("mdct", drop=1 - keep, rate=None, mono=False)


def of_file(name: str, data: bytes, samples: np.ndarray) -> Iterator[Example]:
    """What a decoder knows of each coded channel of a file, beside what `samples`, float32 [C, N], were."""
    reader = Reader(io.BytesIO(data))
    header, mode = reader.header, mode_of_file(reader.header)
    F, frames = header.segment_frames, frame_count(header, samples.shape[1])
    segment = join([mode.read(s, min(F, frames - s.index * F))[0] for s in reader.segments()])
    problems = [mode.problem(segment, c, 0, samples.shape[1]) for c in range(header.channels)]
    truth = np.stack(
        [p.operator.forward(x.astype(np.float64)) for p, x in zip(problems, samples, strict=True)]
    )
    bands = band_of_rows(header.bins, header.sample_rate)
    for pair, angles in enumerate(segment.angles if segment.angles.any() else ()):
        both = slice(2 * pair, 2 * pair + 2)
        truth[both] = rotated(truth[both], angles, rows=bands)
    for c, problem in enumerate(problems):
        boxes = channel_boxes(problem, 0)
        if boxes is not None:
            own = truth[c, : boxes.value.shape[1]].T / boxes.level
            yield Example(f"{name}, channel {c}", boxes, np.ascontiguousarray(own, dtype=np.float32))
