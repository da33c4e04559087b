"""WAV written to any file object, RF64 where 4 GiB do not suffice.

With the number of samples given, the header is right from the start and nothing is sought. Without it, a
header with placeholder lengths is written, and set right at the end if the file can seek; a pipe keeps the
placeholders.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, NamedTuple

from dpcodec.audio.metadata.model import speakers_of
from dpcodec.audio.metadata.riff import build
from dpcodec.audio.raw import PcmWriter
from dpcodec.audio.samples import ENCODINGS, SUBTYPE_ENCODINGS
from dpcodec.audio.speakers import usual_mask
from dpcodec.audio.streams import Attachments, Tags, write_all
from dpcodec.audio.wav import FORMAT_EXTENSIBLE, FORMAT_FLOAT, FORMAT_PCM, GUID_TAIL
from dpcodec.errors import FileAccessError

_UNKNOWN = 0xFFFFFFFF
_WIDE_CHUNK_BYTES = 36


class WavLayout(NamedTuple):
    """All that decides the bytes of a header. `samples` None: not known yet; `speakers`: the channel mask, 0
    for what one or two channels usually are."""

    sample_rate: int
    channels: int
    subtype: str
    samples: int | None
    chunks: bytes = b""
    rf64: bool = False
    reserve: bool = False
    """Keep room for RF64's lengths although they are not needed yet."""
    speakers: int = 0


def build_header(layout: WavLayout) -> bytes:
    """The bytes before the first sample."""
    frame_bytes = layout.channels * ENCODINGS[SUBTYPE_ENCODINGS[layout.subtype]].width_bytes
    fmt = _fmt_chunk(layout, frame_bytes)
    fact = b"" if layout.subtype.startswith("PCM") else struct.pack("<4sII", b"fact", 4, _UNKNOWN)
    wide = struct.pack("<4sI28x", b"JUNK", 28) if layout.reserve else b""
    body_bytes = 4 + len(fmt) + len(fact) + len(layout.chunks) + 8
    if layout.samples is None:
        return _riff(b"RIFF", _UNKNOWN, wide + fmt + fact + layout.chunks, _UNKNOWN)
    data_bytes = layout.samples * frame_bytes
    wide_bytes = body_bytes + _WIDE_CHUNK_BYTES + data_bytes + data_bytes % 2
    if layout.rf64 or wide_bytes > _UNKNOWN:
        wide = struct.pack("<4sIQQQI", b"ds64", 28, wide_bytes, data_bytes, layout.samples, 0)
        return _riff(b"RF64", _UNKNOWN, wide + fmt + fact + layout.chunks, _UNKNOWN)
    if fact:
        fact = struct.pack("<4sII", b"fact", 4, layout.samples)
    size = body_bytes + len(wide) + data_bytes + data_bytes % 2
    return _riff(b"RIFF", size, wide + fmt + fact + layout.chunks, data_bytes)


class WavWriter(PcmWriter):
    """Writes a WAV file; `opened` is closed with the writer.

    `close` raises `FileAccessError` where a pipe was promised another number of samples than it got.
    """

    def __init__(
        self,
        fo: BinaryIO,
        sample_rate: int,
        channels: int,
        subtype: str,
        samples: int | None = None,
        tags: Tags = (),
        rf64: bool = False,
        opened: BinaryIO | None = None,
        attachments: Attachments = (),
    ) -> None:
        super().__init__(fo, SUBTYPE_ENCODINGS[subtype], opened)
        chunks, warnings = build(tags, attachments) if tags or attachments else (b"", [])
        self.warnings += warnings
        self._start = _position(fo)
        reserve = samples is None and self._start is not None
        speakers = speakers_of(attachments)
        self._layout = WavLayout(sample_rate, channels, subtype, samples, chunks, rf64, reserve, speakers)
        write_all(fo, build_header(self._layout))

    def close(self) -> None:
        layout = self._layout
        frame_bytes = layout.channels * self._encoding.width_bytes
        if self.written * frame_bytes % 2:
            write_all(self._fo, b"\0")
        if self.written != layout.samples:
            if self._start is not None:
                self._correct(self._start)
            elif layout.samples is not None:
                self.abandon()
                raise FileAccessError(
                    f"{self.written} samples went to a pipe, its header says {layout.samples}: use a file"
                )
        super().close()

    def _correct(self, start: int) -> None:
        """Write the header again, now that the length is known."""
        end = self._fo.tell()
        header = build_header(self._layout._replace(samples=self.written))
        if len(header) != len(build_header(self._layout)):
            raise FileAccessError(
                f"{self.written} samples were written, {self._layout.samples} promised: no RF64 now"
            )
        self._fo.seek(start)
        write_all(self._fo, header)
        self._fo.seek(end)


def _fmt_chunk(layout: WavLayout, frame_bytes: int) -> bytes:
    bits = frame_bytes // layout.channels * 8
    code = FORMAT_PCM if layout.subtype.startswith("PCM") else FORMAT_FLOAT
    # The field of bytes per second has 32 bits, which the largest rates and channel counts overflow.
    bytes_per_second = min(layout.sample_rate * frame_bytes, 0xFFFFFFFF)
    usual = usual_mask(layout.channels)
    extensible = (
        layout.channels > 2 or (code == FORMAT_PCM and bits > 16) or layout.speakers not in (0, usual)
    )
    tag = FORMAT_EXTENSIBLE if extensible else code
    body = struct.pack(
        "<HHIIHH", tag, layout.channels, layout.sample_rate, bytes_per_second, frame_bytes, bits
    )
    if extensible:
        body += struct.pack("<HHIH", 22, bits, layout.speakers or usual, code) + GUID_TAIL
    elif code == FORMAT_FLOAT:
        body += struct.pack("<H", 0)
    return struct.pack("<4sI", b"fmt ", len(body)) + body


def _riff(magic: bytes, size: int, chunks: bytes, data_bytes: int) -> bytes:
    return struct.pack("<4sI4s", magic, size, b"WAVE") + chunks + struct.pack("<4sI", b"data", data_bytes)


def _position(fo: BinaryIO) -> int | None:
    """Where a seekable file object stands, else None."""
    try:
        return fo.tell() if fo.seekable() else None
    except (AttributeError, io.UnsupportedOperation):
        return None
