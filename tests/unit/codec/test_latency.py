"""From a pipe into a pipe: how long after a sample went in it has come out; samples are counted."""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np
import pytest
from signals import chord
from streams import Pipe

from dpcodec import Audio, DecodeSettings, EncodeSettings, StreamInfo, decode_stream, encode_stream, profile
from dpcodec.audio.streams import ArrayReader, ArrayWriter

RATE = 16000
SECONDS = 4.3


class _Microphone(ArrayReader):
    """A source whose end nobody knows, which counts what was taken of it."""

    at_hand = False

    def __init__(self, audio: Audio, samples: int | None = None) -> None:
        super().__init__(audio)
        self.samples, self.taken = samples, 0

    def read(self, samples: int) -> np.ndarray:
        block = super().read(samples)
        self.taken += block.shape[1]
        return block


class _Cable(Pipe):
    """Notes how many samples had been taken when a byte went in, and how many bytes came out."""

    def __init__(self, microphone: _Microphone) -> None:
        super().__init__()
        self._microphone = microphone
        self._ends: list[int] = []
        self._taken: list[int] = []
        self.read_bytes = 0

    def write(self, data: Any) -> int:
        count = super().write(data)
        self._ends.append(len(self.getvalue()))
        self._taken.append(self._microphone.taken)
        return count

    def read(self, size: int | None = -1) -> bytes:
        data = self.getvalue()[self.read_bytes :][: None if size is None or size < 0 else size]
        self.read_bytes += len(data)
        return data

    @property
    def needed(self) -> int:
        """Samples that had to be taken before all that came out could."""
        return self._taken[bisect.bisect_left(self._ends, self.read_bytes)]


def _longest_wait(settings: EncodeSettings, samples: int | None = None) -> int:
    """Samples that had to go in behind the first of a block before that came out, of the worst block."""
    audio = Audio(chord(round(RATE * SECONDS)), RATE)
    microphone = _Microphone(audio, samples)
    cable, waits = _Cable(microphone), []

    class Loudspeaker(ArrayWriter):
        heard = 0

        def write(self, block: np.ndarray) -> None:
            waits.append(cable.needed - self.heard)
            self.heard += block.shape[1]
            super().write(block)

    loudspeakers: list[Loudspeaker] = []

    def opened(info: StreamInfo) -> Loudspeaker:
        loudspeakers.append(Loudspeaker(info.sample_rate, info.channels, info.sample_format))
        return loudspeakers[0]

    encode_stream(microphone, cable, settings)
    decode_stream(cable, opened, DecodeSettings())
    assert loudspeakers[0].heard == audio.samples.shape[1]
    return max(waits)


def _bound(settings: EncodeSettings, known: bool) -> float:
    """A segment and a window; a hop that block switching looks ahead; and where the end is not known, one
    that may lie beyond it."""
    return settings.latency * RATE + settings.n_fft + settings.hop * (1 if known else 2)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "changes",
    [{}, {"bitrate": 32.0}, {"latency": 0.3}, {"latency": 2.0, "parts": 4}, {"n_fft": 512}],
    ids=str,
)
def test_default_holds_back_a_segment_and_a_window(changes: dict[str, Any], known: bool) -> None:
    settings = profile("perceptual", **changes)
    wait = _longest_wait(settings, round(RATE * SECONDS) if known else None)
    assert wait <= _bound(settings, known)
    assert wait > settings.latency * RATE / 2


def test_mdct_follows() -> None:
    settings = profile("mdct", latency=0.5, parts=2)
    assert _longest_wait(settings) <= _bound(settings, False)


def test_last_block_does_not_wait_for_more() -> None:
    """A whole file shorter than a segment is given out at its end."""
    assert _longest_wait(profile("perceptual", latency=10.0)) == round(RATE * SECONDS)


def test_a_segment_is_no_longer_than_asked() -> None:
    for latency in (0.1, 0.7, 1.0, 10.0):
        settings = profile("perceptual", latency=latency, n_fft=512)
        assert _longest_wait(settings) <= _bound(settings, False)
