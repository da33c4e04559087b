"""PCM without a header: its description on the command line, and the reader and writer that WAV builds on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.samples import ENCODINGS, SUBTYPE_ENCODINGS, decode_pcm, encode_pcm
from dpcodec.audio.streams import Attachments, AudioReader, AudioWriter, Tags, write_all
from dpcodec.errors import SettingsError
from dpcodec.settings import CHANNELS_RANGE, RATE_RANGE_HZ, check_choice, check_integer


@dataclass(frozen=True)
class RawFormat:
    """Headerless PCM: an encoding by name (`samples.ENCODINGS`), rate in Hz, channels.

    Raises `SettingsError` for values out of range.
    """

    encoding: str
    sample_rate: int
    channels: int

    def __post_init__(self) -> None:
        check_choice("raw encoding", self.encoding, tuple(ENCODINGS))
        check_integer("raw sample rate", self.sample_rate, *RATE_RANGE_HZ)
        check_integer("raw channels", self.channels, *CHANNELS_RANGE)

    @property
    def subtype(self) -> str:
        """The encoding as libsndfile names it; the byte order is not part of that name."""
        little = self.encoding.replace("be", "le")
        return next(subtype for subtype, name in SUBTYPE_ENCODINGS.items() if name == little)


def parse_raw(text: str) -> RawFormat:
    """Read a raw format as the command line spells it: ENCODING,RATE,CHANNELS.

    >>> parse_raw("s16le,44100,2")
    RawFormat(encoding='s16le', sample_rate=44100, channels=2)
    """
    match = re.fullmatch(r"([a-z0-9]+),([0-9]{1,9}),([0-9]{1,9})", text)
    if not match:
        raise SettingsError(
            f"raw format {text!r} is not understood: give ENCODING,RATE,CHANNELS as s16le,44100,2"
        )
    return RawFormat(match[1], int(match[2]), int(match[3]))


class PcmReader(AudioReader):
    """Reads PCM from a byte source, from where it stands.

    promised  bytes of audio that there should be; None: whatever comes until the end
    opened    a file object to close with the reader
    """

    def __init__(
        self,
        source: ByteSource,
        raw: RawFormat,
        sample_format: SampleFormat,
        promised: int | None = None,
        tags: Tags = (),
        opened: BinaryIO | None = None,
        attachments: Attachments = (),
    ) -> None:
        self.attachments = attachments
        self.sample_rate = raw.sample_rate
        self.channels = raw.channels
        self.sample_format = sample_format
        self.tags = tags
        self.warnings: list[str] = []
        self._source, self.at_hand = source, source.size is not None
        self._encoding = ENCODINGS[raw.encoding]
        self._frame_bytes = self._encoding.width_bytes * raw.channels
        self.samples = None if promised is None else promised // self._frame_bytes
        self._left = promised
        self._opened = opened
        self._ended = False

    def read(self, samples: int) -> np.ndarray:
        if self._ended:
            return np.zeros((self.channels, 0), np.float32)
        wanted = samples * self._frame_bytes
        if self._left is not None:
            wanted = min(wanted, self._left)
            self._left -= wanted
        data = self._source.read(wanted)
        over = len(data) % self._frame_bytes
        if len(data) < wanted or self._left == 0:
            self._ended = True
            self._end(wanted - len(data), over)
        return decode_pcm(data[: len(data) - over], self._encoding, self.channels)

    def skip(self, samples: int) -> int:
        if self._left is None or self._ended or samples * self._frame_bytes >= self._left:
            return super().skip(samples)  # the end is told by reading it
        there = self._source.skip(samples * self._frame_bytes)
        self._left -= there
        return there // self._frame_bytes

    def close(self) -> None:
        if self._opened:
            self._opened.close()

    def _end(self, missing: int, over: int) -> None:
        """All has been read: `missing` promised bytes did not come, `over` make no whole sample."""
        if missing and self._left is not None:
            self.warnings.append(f"the audio ends {missing + self._left} bytes early: encoding what is there")
        elif over:
            self.warnings.append(f"{over} bytes at the end make no whole sample: left out")


class PcmWriter(AudioWriter):
    """Writes PCM to a file object. `opened` is closed with the writer."""

    def __init__(self, fo: BinaryIO, encoding: str, opened: BinaryIO | None = None) -> None:
        self.clipped = 0
        self.warnings: list[str] = []
        self._fo = fo
        self._encoding = ENCODINGS[encoding]
        self._opened = opened
        self.written = 0

    def write(self, block: np.ndarray) -> None:
        data, clipped = encode_pcm(block, self._encoding)
        write_all(self._fo, data)
        self.clipped += clipped
        self.written += block.shape[1]

    def close(self) -> None:
        try:
            self._fo.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        if self._opened:
            self._opened.close()


def open_raw(source: ByteSource, raw: RawFormat, opened: BinaryIO | None = None) -> PcmReader:
    """Read headerless PCM; the length is known where the source has a size."""
    left = None if source.size is None else source.size - source.position
    reader = PcmReader(source, raw, SampleFormat("raw", raw.subtype), None, (), opened)
    reader.samples = None if left is None else left // ENCODINGS[raw.encoding].width_bytes // raw.channels
    return reader
