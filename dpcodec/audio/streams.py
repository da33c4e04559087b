"""Audio that comes and goes block by block: what readers and writers are, and the two that live in memory."""

from __future__ import annotations

from types import TracebackType
from typing import BinaryIO, Protocol, TypeVar

import numpy as np

from dpcodec.audio.audio import Audio, SampleFormat
from dpcodec.errors import AudioError, FileAccessError
from dpcodec.settings import CHANNELS_RANGE, RATE_RANGE_HZ

Tags = tuple[tuple[str, str], ...]
Attachments = tuple[tuple[str, bytes], ...]
"""What a file holds beside samples and tags, as (kind, data); `audio/metadata/model.py` lists the kinds."""
_Reader = TypeVar("_Reader", bound="AudioReader")
_Writer = TypeVar("_Writer", bound="AudioWriter")


_SKIPPED_AT_ONCE = 1 << 16


class AudioReader(Protocol):
    """Audio read once, from its beginning to its end.

    samples        per channel, as far as the source says so; None where only its end will tell
    sample_format  how the source stored them
    tags           (KEY, value) pairs; keys as Vorbis comments spell them ("TITLE", "ARTIST", ...)
    attachments    (kind, data) pairs: pictures, the speaker layout, chunks of the container
    warnings       what was odd about the source, one line each; may grow until the end has been read
    at_hand        whether all of it is there to be read, so that nobody waits where more is read at once
    """

    sample_rate: int
    channels: int
    samples: int | None
    sample_format: SampleFormat
    tags: Tags
    attachments: Attachments = ()
    warnings: list[str]
    at_hand: bool = False

    def read(self, samples: int) -> np.ndarray:
        """The next samples, float32 [C, n] with n <= samples; n == 0 only at the end.

        Raises `AudioError` where the source is damaged, OSError where it cannot be read.
        """

    def skip(self, samples: int) -> int:
        """Pass over samples, as far as there are any, and return how many there were."""
        left = samples
        while left and (found := self.read(min(left, _SKIPPED_AT_ONCE)).shape[1]):
            left -= found
        return samples - left

    def close(self) -> None:
        """Let go of the source; a file object that the caller opened stays open."""

    def __enter__(self: _Reader) -> _Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AudioWriter(Protocol):
    """Audio written block by block. `clipped` counts samples beyond full scale; `warnings` tells what was
    left out, one line each."""

    clipped: int
    warnings: list[str]

    def write(self, block: np.ndarray) -> None:
        """Append float32 [C, n]. Raises OSError where it cannot be written."""

    def close(self) -> None:
        """Finish the output; a file object that the caller opened stays open."""

    def abandon(self) -> None:
        """Let go of the output without finishing it."""

    def __enter__(self: _Writer) -> _Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class ArrayReader(AudioReader):
    """Reads an `Audio` that is in memory."""

    at_hand = True

    def __init__(self, audio: Audio) -> None:
        self.sample_rate = audio.sample_rate
        self.channels, self.samples = audio.samples.shape
        self.sample_format = audio.sample_format
        self.tags = audio.tags
        self.attachments = audio.attachments
        self.warnings = []
        self._audio = audio.samples
        self._position = 0

    def read(self, samples: int) -> np.ndarray:
        block = self._audio[:, self._position : self._position + samples]
        self._position += block.shape[1]
        return block

    def close(self) -> None:
        """Nothing is held."""


class ArrayWriter(AudioWriter):
    """Collects blocks; `audio` holds them all once the writer is closed."""

    audio: Audio

    def __init__(
        self,
        sample_rate: int,
        channels: int,
        sample_format: SampleFormat,
        tags: Tags = (),
        attachments: Attachments = (),
    ) -> None:
        self.clipped = 0
        self.warnings = []
        self._about = (sample_rate, sample_format, tags, attachments)
        self._blocks = [np.zeros((channels, 0), np.float32)]

    def write(self, block: np.ndarray) -> None:
        self._blocks.append(np.array(block, np.float32))

    def close(self) -> None:
        self.audio = Audio(np.concatenate(self._blocks, axis=1), *self._about)

    def abandon(self) -> None:
        self._blocks.clear()


def check_stream(sample_rate: int, channels: int) -> None:
    """Raise `AudioError` unless dpcodec takes this rate, Hz, and this number of channels."""
    low, high = RATE_RANGE_HZ
    if not low <= sample_rate <= high:
        raise AudioError(f"the sample rate is {sample_rate} Hz: dpcodec takes {low} to {high} Hz")
    low, high = CHANNELS_RANGE
    if not low <= channels <= high:
        raise AudioError(f"there are {channels} channels: dpcodec takes {low} to {high}")


def write_all(fo: BinaryIO, data: bytes) -> None:
    """Write every byte; an unbuffered pipe may take them piecemeal."""
    view = memoryview(data)
    while view:
        written = fo.write(view)
        if written is None:
            raise FileAccessError("the output is full and does not wait: open it in blocking mode")
        view = view[written:]
