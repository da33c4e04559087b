"""Pieces -> what the coder sees while it encodes them in many ways, and the symbols that came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Protocol

import numpy as np

from dpcodec import Audio, EncodeSettings, encode, profile
from dpcodec.training.coder import NETWORKED, SHAPES, heard_by, inputs_of_networks

KEPT_SHARE = (1.0, 1.0, 1.0, 0.06, 0.06)
"""Of the coefficients that each network sees, drawn at random: the last two see nearly all."""
COUNTED = ("zeros", "real", "imag", "differences", "paired")
"""Tables whose contexts need no network."""

_RATES = (16000, 22050, 24000, 32000, 44100, 44100, 44100, 44100, 48000, 48000)
_WINDOWS = (1024, 2048, 2048, 2048, 2048, 2048, 2048, 2048, 4096)
_LATENCIES_S = (0.5, 1.0, 1.0, 1.0, 1.0, 2.0)


class Source(Protocol):
    """Something to learn from: a `Piece` or a `Recording`."""

    def audio(self) -> Audio: ...


@dataclass(frozen=True)
class Samples:
    """MDCT coefficients of one network.

    inputs   uint8 [n, inputs], what it sees
    classes  uint8 [n], their magnitude classes, 0 for zero
    stages   uint8 [n], of the passes they were coded in
    """

    inputs: np.ndarray
    classes: np.ndarray
    stages: np.ndarray


@dataclass(frozen=True)
class Collection:
    """Samples of each network by its table and number, and of the tables in COUNTED the symbols by context,
    int64 [contexts, symbols]."""

    samples: dict[tuple[str, int], Samples]
    counts: dict[str, np.ndarray]


class _Listener:
    """Gathers what the coder tells."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._samples = {
            (table, i): [Samples(np.zeros((0, inputs), np.uint8), *np.zeros((2, 0), np.uint8))]
            for table in NETWORKED
            for i, inputs in enumerate(inputs_of_networks())
        }
        self._counts = {name: np.zeros(SHAPES[name], np.int64) for name in COUNTED}

    def coefficients(
        self, network: tuple[str, int], stage: int, inputs: np.ndarray, classes: np.ndarray
    ) -> None:
        """Keep some of them."""
        some = np.flatnonzero(self._rng.random(len(classes)) < KEPT_SHARE[network[1]])
        stages = np.full(len(some), stage, np.uint8)
        self._samples[network].append(Samples(inputs[some], classes[some], stages))

    def symbols(self, table: str, context: np.ndarray, symbols: np.ndarray) -> None:
        """Count them."""
        np.add.at(self._counts[table], (context, symbols), 1)

    def gathered(self) -> Collection:
        return Collection({key: _joined(parts) for key, parts in self._samples.items()}, self._counts)


def collect(sources: Sequence[Source], files: int, seed: int, jobs: int) -> Iterator[Collection]:
    """Of each source what came while it was encoded in the ways of `drawn_settings`. The same whatever the
    number of processes `jobs`."""
    one = partial(_collect_one, files=files, seed=seed)
    if jobs == 1:
        yield from map(one, enumerate(sources))
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, enumerate(sources))


def joined(collections: Sequence[Collection]) -> Collection:
    """All in one."""
    samples = {key: _joined([c.samples[key] for c in collections]) for key in collections[0].samples}
    counts = {name: np.sum([c.counts[name] for c in collections], axis=0) for name in COUNTED}
    return Collection(samples, counts)


def drawn_settings(rng: np.random.Generator, files: int) -> list[EncodeSettings]:
    """Ways to encode: `files` perceptual, as many of profile mdct, half as many of profile stft."""
    ways = []
    for _ in range(files):
        parts, latency = int(rng.choice([1, 2, 2, 2, 4])), float(rng.choice(_LATENCIES_S))
        quality = float(rng.uniform(0, 9))
        ways.append(profile("perceptual", quality=quality, parts=parts, latency=latency, **_transform(rng)))
        drop = 1 - float(np.exp(rng.uniform(np.log(0.02), np.log(0.4))))
        parts = int(rng.choice([1, 2, 4, 4, 8]))
        ways.append(profile("mdct", drop=drop, parts=parts, **_transform(rng)))
    for _ in range(-(-files // 2)):
        ways.append(profile("stft", drop=float(rng.uniform(0.7, 0.95)), **_transform(rng)))
    return ways


def _collect_one(item: tuple[int, Source], files: int, seed: int) -> Collection:
    index, source = item
    rng = np.random.default_rng([seed, index])
    audio, listener = source.audio(), _Listener(rng)
    with heard_by(listener):
        for settings in drawn_settings(rng, files):
            encode(audio, settings)
    return listener.gathered()


def _transform(rng: np.random.Generator) -> dict[str, int | bool]:
    n_fft = int(rng.choice(_WINDOWS))
    rate, mono = int(rng.choice(_RATES)), bool(rng.random() < 0.5)
    return {"n_fft": n_fft, "hop": n_fft // 2, "rate": rate, "mono": mono}


def _joined(parts: Sequence[Samples]) -> Samples:
    return Samples(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.stages for part in parts]),
    )
