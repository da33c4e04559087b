"""Random music as notes: one instrument, a few, or a band with drums. All randomness is the generator's."""

from __future__ import annotations

import numpy as np

from dpcodec.training.midi import DRUMS, Note, Voice

PITCHED = 112
"""General MIDI's instruments before its percussion and effects."""

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
_BASSES = (32, 40)
_KICK, _SNARE, _CLOSED_HAT, _OPEN_HAT, _CRASH = 36, 38, 42, 46, 49
_PERCUSSION = (37, 39, 41, 45, 48, 50, 51, 54, 56, 62, 63, 69, 70, 75, 76)
_MELODY_CHANNELS = (2, 3, 4, 5)

Score = tuple[list[Note], dict[int, Voice]]


def solo(rng: np.random.Generator, seconds: float) -> Score:
    """One instrument: a melody, sometimes in two or more voices."""
    voice = Voice(int(rng.integers(PITCHED)), _pan(rng), int(rng.integers(0, 100)))
    key, scale = _tonality(rng)
    notes = _melody(rng, seconds, 0, _in_scale(key, scale, int(rng.integers(-12, 13))), _beat(rng))
    if rng.random() < 0.4:
        notes += _chords(rng, seconds, 0, key - int(rng.integers(0, 13)), scale, 4 * _beat(rng))
    return notes, {0: voice}


def ensemble(rng: np.random.Generator, seconds: float) -> Score:
    """Chords, a bass and one to three melodies."""
    beat = _beat(rng)
    key, scale = _tonality(rng)
    voices = {
        0: Voice(int(rng.integers(PITCHED)), _pan(rng)),
        1: Voice(int(rng.integers(*_BASSES)), 64),
    }
    notes = _chords(rng, seconds, 0, key, scale, beat * int(rng.choice([2, 4, 8])))
    notes += _melody(rng, seconds, 1, _in_scale(key - 24, scale, 0)[:10], beat * int(rng.choice([1, 2])))
    for channel in _MELODY_CHANNELS[: int(rng.integers(1, 4))]:
        voices[channel] = Voice(int(rng.integers(PITCHED)), _pan(rng), int(rng.integers(0, 100)))
        pace = beat * float(rng.choice([0.5, 1, 2]))
        notes += _melody(rng, seconds, channel, _in_scale(key, scale, int(rng.integers(-12, 13))), pace)
    return notes, voices


def band(rng: np.random.Generator, seconds: float) -> Score:
    """An ensemble with drums: dense, with attacks."""
    notes, voices = ensemble(rng, seconds)
    return notes + _drums(rng, seconds, _beat(rng)), voices | {DRUMS: Voice(0)}


def percussion(rng: np.random.Generator, seconds: float) -> Score:
    """Drums alone."""
    return _drums(rng, seconds, _beat(rng)), {DRUMS: Voice(0, 64, int(rng.integers(0, 100)))}


def _tonality(rng: np.random.Generator) -> tuple[int, tuple[int, ...]]:
    return int(rng.integers(54, 72)), _SCALES[int(rng.integers(len(_SCALES)))]


def _beat(rng: np.random.Generator) -> float:
    """Seconds."""
    return float(60 / rng.uniform(60, 180))


def _pan(rng: np.random.Generator) -> int:
    return int(np.clip(rng.normal(64, 30), 0, 127))


def _in_scale(key: int, scale: tuple[int, ...], shift: int) -> list[int]:
    """Keys of two octaves."""
    keys = [key + shift + 12 * octave + step for octave in (0, 1) for step in scale]
    return [min(max(k, 24), 103) for k in keys]


def _melody(
    rng: np.random.Generator, seconds: float, channel: int, keys: list[int], pace: float
) -> list[Note]:
    """Steps and leaps through keys, some notes short, some long, some left out."""
    notes, now, place = [], float(rng.uniform(0, 0.3)), int(rng.integers(len(keys)))
    loud = int(rng.integers(50, 110))
    while now < seconds:
        length = pace * float(rng.choice([0.5, 1, 1, 1, 2, 4]))
        place = int(np.clip(place + rng.integers(-3, 4), 0, len(keys) - 1))
        velocity = int(np.clip(rng.normal(loud, 12), 20, 127))
        if rng.random() > 0.1:
            notes.append(Note(now, length * float(rng.uniform(0.4, 1.1)), channel, keys[place], velocity))
        now += length
    return notes


def _chords(
    rng: np.random.Generator, seconds: float, channel: int, key: int, scale: tuple[int, ...], pace: float
) -> list[Note]:
    """Three or four voices in thirds of the scale, struck together or one after another."""
    notes, size = [], int(rng.integers(3, 5))
    spread = float(rng.choice([0.0, 0.0, 0.02, 0.15]))
    loud = int(rng.integers(40, 100))
    for start in np.arange(0, seconds, pace):
        root = int(rng.integers(len(scale)))
        for i in range(size):
            octave, step = divmod(root + 2 * i, len(scale))
            tone = min(max(key + scale[step] + 12 * octave, 24), 103)
            notes.append(Note(float(start) + spread * i, pace * 0.95, channel, tone, loud))
    return notes


def _drums(rng: np.random.Generator, seconds: float, beat: float) -> list[Note]:
    """Kick, snare and hats on a grid of half beats, and other percussion now and then."""
    notes = []
    extra = rng.choice(_PERCUSSION, 3)
    for i, start in enumerate(np.arange(0.02, seconds, beat / 2)):
        keys = [_OPEN_HAT if rng.random() < 0.1 else _CLOSED_HAT]
        if i % 4 == 0 or rng.random() < 0.15:
            keys.append(_KICK)
        if i % 4 == 2:
            keys.append(_SNARE)
        if i % 32 == 0:
            keys.append(_CRASH)
        if rng.random() < 0.3:
            keys.append(int(rng.choice(extra)))
        for key in keys:
            if rng.random() < 0.9:
                late = float(abs(rng.normal(0, 0.005)))
                notes.append(Note(float(start) + late, 0.1, DRUMS, key, int(rng.integers(50, 120))))
    return notes
