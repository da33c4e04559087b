"""Pieces to learn from and to measure on: each is made again, sample by sample, from its kind and seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dpcodec import Audio
from dpcodec.errors import FileAccessError, SettingsError
from dpcodec.training import scores, synthetic
from dpcodec.training.midi import midi_file
from dpcodec.training.programs import SOUND_FONT, made_by, read
from dpcodec.training.speech import speech

_MUSIC = {
    "solo": scores.solo,
    "ensemble": scores.ensemble,
    "band": scores.band,
    "percussion": scores.percussion,
}
KINDS = (*_MUSIC, "speech", "synthetic")

FORBIDDEN = ("sqam", "shared/data/music")
"""Recordings that the benchmarks measure on: nothing may be learnt from them. As parts of a path."""

SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".ogg")


@dataclass(frozen=True)
class Piece:
    """A piece by its kind and seeds; `seconds` long, in one or two channels."""

    kind: str
    seed: tuple[int, ...]
    seconds: float = 6.0

    def audio(self) -> Audio:
        """Float32 [2, N], peak between 0.1 and 0.9, at 44100 Hz, speech at 22050. Raises `FileAccessError`
        where a program that makes it is missing or fails."""
        rng = np.random.default_rng([*self.seed, KINDS.index(self.kind)])
        rate = synthetic.RATE
        if self.kind in _MUSIC:
            x = _played(rng, self.kind, self.seconds)
        elif self.kind == "speech":
            spoken = speech(rng, self.seconds)
            rate, x = spoken.sample_rate, _placed(rng, spoken.samples[0].astype(np.float64))
        else:
            make = synthetic.KINDS[self.seed[-1] % len(synthetic.KINDS)]
            x = _placed(rng, make(rng, round(self.seconds * rate)))
        return Audio(_levelled(rng, _fitted(x, round(self.seconds * rate))), rate)


@dataclass(frozen=True)
class Recording:
    """An own recording, beside the pieces."""

    path: Path

    def audio(self) -> Audio:
        """All of it. Raises `SettingsError` where the benchmarks measure on it."""
        check_allowed(self.path)
        return read(self.path)


def recordings(folder: Path) -> list[Recording]:
    """Audio files of a folder and all below it, in order of name. Raises `SettingsError` where the benchmarks
    measure on one, `FileAccessError` if there is none."""
    check_allowed(folder)
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for path in paths:
        check_allowed(path)
    if not paths:
        raise FileAccessError(f"{folder}: no audio files here: name a folder of WAV, FLAC, AIFF or Ogg files")
    return [Recording(path) for path in paths]


def check_allowed(path: Path) -> None:
    """Raise `SettingsError` for a path, as given or with links followed, that the benchmarks measure on."""
    for name in (path.absolute(), path.resolve()):
        text = name.as_posix().lower()
        for word in FORBIDDEN:
            if word in text:
                raise SettingsError(
                    f"{path}: the benchmarks measure on {word}, so nothing may be learnt from it"
                )


def _played(rng: np.random.Generator, kind: str, seconds: float) -> np.ndarray:
    """Float64 [2, n] that fluidsynth plays from the sound font."""
    notes, voices = _MUSIC[kind](rng, seconds)
    output = ["-g", "0.5", "-r", f"{synthetic.RATE}", "-O", "s24", "-T", "wav", "-F", "out.wav"]
    command = ["fluidsynth", "-n", "-i", "-q", *output, str(SOUND_FONT), "song.mid"]
    return made_by(command, {"song.mid": midi_file(notes, voices)}).samples.astype(np.float64)


def _placed(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """One source between two channels, one of them late and softer, sometimes with an echo: [n] -> [2, n]."""
    late, gain = int(rng.integers(0, 40)), float(rng.uniform(0.3, 1))
    other = gain * np.concatenate([np.zeros(late), x])[: len(x)]
    pair = np.stack([x, other] if rng.random() < 0.5 else [other, x])
    if rng.random() < 0.5:
        for channel in pair:
            away = int(rng.integers(500, 6000))
            channel[away:] += rng.uniform(0.05, 0.4) * channel[:-away].copy()
    return pair


def _fitted(x: np.ndarray, samples: int) -> np.ndarray:
    """Cut or filled up with silence: float64 [C, samples]."""
    return np.pad(x[:, :samples], ((0, 0), (0, max(0, samples - x.shape[1]))))


def _levelled(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Float32, peak between 0.1 and 0.9."""
    peak = 10 ** rng.uniform(-1, np.log10(0.9))
    levelled: np.ndarray = (x * (peak / np.max(np.abs(x), initial=1e-9))).astype(np.float32)
    return levelled
