"""Notes -> a standard MIDI file of one track (MIDI 1.0, "Standard MIDI Files", format 0)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DRUMS = 9
"""The channel whose keys are drums."""

_TICKS_PER_QUARTER, _TICKS_PER_SECOND = 480, 960  # 120 quarters a minute, the tempo where none is told
_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM = 0x80, 0x90, 0xB0, 0xC0
_PAN, _REVERB = 10, 91
_END_OF_TRACK = b"\x00\xff\x2f\x00"


@dataclass(frozen=True)
class Note:
    """start and length in seconds; channel 0 .. 15; key (60 is middle C) and velocity 1 .. 127."""

    start: float
    length: float
    channel: int
    key: int
    velocity: int


@dataclass(frozen=True)
class Voice:
    """A channel's instrument (0 .. 127), place between left (0) and right (127), and share of reverberation
    (0 .. 127)."""

    program: int
    pan: int = 64
    reverb: int = 40


def midi_file(notes: Sequence[Note], voices: Mapping[int, Voice]) -> bytes:
    """A file of these notes, voices by channel.

    >>> midi_file([Note(0.0, 1.0, 0, 60, 100)], {0: Voice(40)})[:4]
    b'MThd'
    """
    events: list[tuple[int, int, bytes]] = []
    for channel, voice in voices.items():
        events.append((0, 0, bytes([_PROGRAM | channel, voice.program])))
        events.append((0, 0, bytes([_CONTROL | channel, _PAN, voice.pan])))
        events.append((0, 0, bytes([_CONTROL | channel, _REVERB, voice.reverb])))
    for note in notes:
        first, last = _ticks(note.start), _ticks(note.start + note.length)
        events.append((first, 2, bytes([_NOTE_ON | note.channel, note.key, note.velocity])))
        events.append((max(last, first + 1), 1, bytes([_NOTE_OFF | note.channel, note.key, 0])))
    track, now = b"", 0
    for tick, _, event in sorted(events):
        track += _variable_length(tick - now) + event
        now = tick
    track += _END_OF_TRACK
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_PER_QUARTER)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS_PER_SECOND)


def _variable_length(number: int) -> bytes:
    """Seven bits a byte, most significant first; all bytes but the last have the top bit set."""
    digits = [number & 127]
    while number := number >> 7:
        digits.append(number & 127 | 128)
    return bytes(reversed(digits))
