"""Pieces -> files -> what is estimated of lost cells, and what they were."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec import EncodeSettings, encode, profile
from dpcodec.container.header import frame_count
from dpcodec.container.stream import Reader
from dpcodec.inpainting.concealment.conceal import with_block_splits
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.concealment.prior import estimates
from dpcodec.inpainting.concealment.trust import Seen, seen
from dpcodec.inpainting.noise import solve
from dpcodec.inpainting.problem import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.modes import mode_of_file
from dpcodec.modes.base import join
from dpcodec.training.concealment import losses
from dpcodec.training.pieces import Piece
from dpcodec.training.refine.problems import at_rate
from dpcodec.training.refine.rooms import recorded
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import block_span

RATES = (16000, 24000, 32000, 44100, 44100, 44100, 44100, 44100, 48000)
MONO, PERCEPTUAL = 0.8, 0.9
"""Shares of the files in one channel, and of the default kind."""
QUALITIES, KEEP = (0.0, 9.0), (0.02, 0.2)
PATTERNS = 2
"""Draws of lost packets a channel."""


@dataclass(frozen=True)
class Example:
    """Lost cells of one channel: what the gate sees of them, and what they were, float32 [n]."""

    name: str
    cells: Seen
    truth: np.ndarray


def examples(piece: Piece, seed: tuple[int, ...]) -> Iterator[Example]:
    """The piece, encoded in one way at random, with packets lost in two."""
    rng = np.random.default_rng(seed)
    audio = at_rate(recorded(rng, piece.audio()), int(rng.choice(RATES)), bool(rng.random() < MONO))
    data = encode(audio, _settings(rng))
    name = f"{piece.kind} {piece.seed[-1]}, {audio.sample_rate} Hz"
    yield from of_file(name, data, audio.samples, rng)


def _settings(rng: np.random.Generator) -> EncodeSettings:
    if rng.random() < PERCEPTUAL:
        return EncodeSettings(quality=float(rng.uniform(*QUALITIES)))
    keep = float(np.exp(rng.uniform(*np.log(KEEP))))
    return profile("mdct", drop=1 - keep, rate=None, mono=False)


def of_file(name: str, data: bytes, samples: np.ndarray, rng: np.random.Generator) -> Iterator[Example]:
    """What is estimated of lost cells of a file, beside what `samples`, float32 [C, N], were there; channels
    of which nothing is left or nothing was there are left out."""
    reader = Reader(io.BytesIO(data))
    header, mode = reader.header, mode_of_file(reader.header)
    F, frames = header.segment_frames, frame_count(header, samples.shape[1])
    segment = join([mode.read(s, min(F, frames - s.index * F))[0] for s in reader.segments()])
    problems = [mode.problem(segment, c, 0, samples.shape[1]) for c in range(header.channels)]
    heard = [solve(problem, SolverSettings(), silent) for problem in problems]
    X = mode.own_channels(np.concatenate(heard), segment)
    span = block_span(mode.transform, 0, frames, samples.shape[1])
    for c in range(len(X)):
        for i in range(PATTERNS):
            lost = losses.drawn(rng, header.bins, frames)
            run = with_block_splits(DecodedRun(0, X, ~lost, segment.block_splits))
            splits = run.block_splits[c]
            operator = MdctOperator(mode.transform, span, splits, (int(splits[0]), int(splits[-1])))
            truth = operator.forward(samples[c].astype(np.float64))[lost]
            found = estimates(X[c], lost, operator, header.sample_rate, lambda: False)
            if found is not None and truth.any():
                cells = seen(found, X[c], lost, splits)
                yield Example(f"{name}, channel {c}, losses {i}", cells, truth.astype(np.float32))
