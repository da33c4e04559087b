"""WAV and RF64 read forward from any file object, pipes included.

RIFF/WAVE as in Multimedia Programming Interface 1.0, and WAVE_FORMAT_EXTENSIBLE; RF64 and BW64 as in EBU Tech
3306 and ITU-R BS.2088. Lengths in headers are often wrong (programs that write to a pipe cannot know them),
so they are weighed against the file: what is there is read, and one warning tells.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.metadata.model import MAX_ATTACHMENTS_BYTES, speakers_attachment, unusual
from dpcodec.audio.metadata.riff import DERIVED, interpret
from dpcodec.audio.raw import PcmReader, RawFormat
from dpcodec.audio.samples import SUBTYPE_ENCODINGS
from dpcodec.audio.speakers import usual_mask
from dpcodec.audio.streams import Attachments, Tags, check_stream
from dpcodec.errors import AudioError

MAGICS = (b"RIFF", b"RF64", b"BW64")
FORMAT_PCM, FORMAT_FLOAT, FORMAT_EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format code in the identifiers of WAVE_FORMAT_EXTENSIBLE."""

_SUBTYPES = {
    (FORMAT_PCM, 8): "PCM_U8",
    (FORMAT_PCM, 16): "PCM_16",
    (FORMAT_PCM, 24): "PCM_24",
    (FORMAT_PCM, 32): "PCM_32",
    (FORMAT_FLOAT, 32): "FLOAT",
    (FORMAT_FLOAT, 64): "DOUBLE",
}
_FMT_LIMIT_BYTES = 1 << 16
_DS64_BYTES = 28
_TRAILER_LIMIT_BYTES = 1 << 20
_TRAILER_LIMIT_CHUNKS = 4096
_COMMON_IDS = (b"fmt ", b"data", b"LIST", b"fact", b"JUNK", b"bext", b"PEAK", b"cue ", b"id3 ")


class WavFormat(NamedTuple):
    """What the fmt chunk says: the format code, and as libsndfile names them the `stored` subtype and the
    `subtype` whose bits are in use (24 of 32, say). Both are None for codes other than PCM and float.
    `speakers` is the channel mask, 0 where there is none."""

    code: int
    channels: int
    sample_rate: int
    stored: str | None
    subtype: str | None
    speakers: int = 0


@dataclass
class WavHeader:
    """A header read up to the first sample. `promised` bytes of audio follow; None: until the end."""

    container: str
    fmt: WavFormat
    promised: int | None = None
    tags: Tags = ()
    attachments: Attachments = ()
    warnings: list[str] = field(default_factory=list)


class _Chunks:
    """Chunks that may hold metadata, as far as there is room for them."""

    def __init__(self) -> None:
        self.found: list[tuple[bytes, bytes]] = []
        self.warnings: list[str] = []
        self._left = MAX_ATTACHMENTS_BYTES

    def take(self, source: ByteSource, name: bytes, size: int) -> None:
        """Read a chunk's body, unless it is nothing to keep."""
        if name in DERIVED:
            return
        if size > self._left:
            text = name.decode("ascii", "backslashreplace")
            self.warnings.append(f"the chunk {text} of {size} bytes is left out: it is over the limit")
            return
        body = source.read(size)
        self._left -= len(body)
        if len(body) == size:
            self.found.append((name, body))


class WavReader(PcmReader):
    """The samples behind a header whose format is PCM or float."""

    def __init__(self, source: ByteSource, header: WavHeader, opened: BinaryIO | None = None) -> None:
        fmt = header.fmt
        if fmt.stored is None or fmt.subtype is None:
            raise AudioError(f"the WAV holds format 0x{fmt.code:04X}, not PCM: decode it with ffmpeg first")
        raw = RawFormat(SUBTYPE_ENCODINGS[fmt.stored], fmt.sample_rate, fmt.channels)
        sample_format = SampleFormat(header.container, fmt.subtype)
        super().__init__(source, raw, sample_format, header.promised, header.tags, opened, header.attachments)
        self.warnings = list(header.warnings)

    def _end(self, missing: int, over: int) -> None:
        if not self.warnings:  # one warning on the length is enough
            super()._end(missing, over)
        if self._source.size is None and not missing:
            self._drain()

    def _drain(self) -> None:
        """Read what follows the audio in a pipe, so that its writer does not fail."""
        trailer = self._source.read(_TRAILER_LIMIT_BYTES)
        if not trailer.strip(b"\0"):
            return
        if re.match(rb"\0?[ -~]{4}", trailer):
            self.warnings.append("chunks after the audio of a pipe are left out: give a file to keep them")
        else:
            self.warnings.append("bytes after the audio are left out")


def read_header(source: ByteSource) -> WavHeader:
    """Read a WAV, RF64 or BW64 file up to its first sample.

    Raises `AudioError` where there is no usable fmt chunk before the data, or no data.
    """
    magic, _, form = struct.unpack("<4sI4s", _exactly(source, 12, "RIFF header"))
    if magic not in MAGICS or form != b"WAVE":
        raise AudioError("the file is RIFF but not WAVE: give a WAV file")
    header = None
    chunks = _Chunks()
    wide_bytes = None
    while True:
        name, size = struct.unpack("<4sI", _exactly(source, 8, "header before its data chunk"))
        if name == b"data":
            break
        start = source.position
        if name == b"fmt ":
            fmt = _parse_fmt(_exactly(source, min(size, _FMT_LIMIT_BYTES), "fmt chunk"))
            header = WavHeader("wav" if magic == b"RIFF" else "rf64", fmt)
        elif name == b"ds64" and size >= _DS64_BYTES:
            wide_bytes = struct.unpack_from("<Q", _exactly(source, _DS64_BYTES, "ds64 chunk"), 8)[0]
        else:
            chunks.take(source, name, size)
        source.skip(start + size - source.position)
        _skip_padding(source, size)
    if header is None:
        raise AudioError("the WAV has no fmt chunk before its data: repair it with ffmpeg first")
    declared = size if wide_bytes is None or size != 0xFFFFFFFF else wide_bytes
    _weigh_length(source, header, declared, chunks)
    found = interpret(chunks.found)
    mask = header.fmt.speakers
    first = [speakers_attachment(mask)] if unusual(mask, usual_mask(header.fmt.channels)) else []
    header.tags, header.attachments = tuple(found.tags), (*first, *found.attachments)
    header.warnings += [*chunks.warnings, *found.warnings]
    return header


def _parse_fmt(body: bytes) -> WavFormat:
    if len(body) < 16:
        raise AudioError(
            f"the WAV's fmt chunk is cut short at {len(body)} bytes: repair it with ffmpeg first"
        )
    code, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", body)
    valid, speakers = bits, 0
    if code == FORMAT_EXTENSIBLE:
        if len(body) < 40:
            raise AudioError("the WAV's extensible fmt chunk is cut short: repair it with ffmpeg first")
        valid, speakers = struct.unpack_from("<HI", body, 18)
        valid = valid or bits
        if body[26:40] == GUID_TAIL:
            code = struct.unpack_from("<H", body, 24)[0]
    check_stream(rate, channels)
    if code not in (FORMAT_PCM, FORMAT_FLOAT):
        return WavFormat(code, channels, rate, None, None)
    stored_bits = -(-bits // 8) * 8
    stored = _SUBTYPES.get((code, stored_bits))
    if stored is None or not 0 < valid <= bits:
        kind = "float" if code == FORMAT_FLOAT else "integers"
        raise AudioError(f"the WAV holds {bits}-bit {kind} ({valid} valid): convert it with ffmpeg first")
    if align != channels * stored_bits // 8:
        raise AudioError(
            f"the WAV's block of {align} bytes does not fit {channels} x {bits} bits: repair it first"
        )
    subtype = _SUBTYPES.get((code, -(-valid // 8) * 8), stored)
    return WavFormat(code, channels, rate, stored, subtype, speakers)


def _weigh_length(source: ByteSource, header: WavHeader, declared: int, chunks: _Chunks) -> None:
    """Decide how many bytes of audio to promise, given what the header declares and what is there."""
    if source.size is None:
        header.promised = None if _is_placeholder(declared) else declared
        if header.promised is None:
            header.warnings.append(f"the WAV header has no length (0x{declared:X}): reading to the end")
        return
    left = source.size - source.position
    header.promised = declared
    trailer = _read_trailer(source, declared)
    if trailer is not None:
        chunks.found += trailer.found
        chunks.warnings += trailer.warnings
    elif _is_placeholder(declared) or declared > left:
        header.promised = left
        header.warnings.append(
            f"the WAV header says {declared} bytes of audio, {left} are there: reading those"
        )
    else:
        header.warnings.append(f"{left - declared} bytes after the audio are left out")


def _is_placeholder(declared: int) -> bool:
    """Lengths that programs write when they do not know better: 0, and close under 2^31, 2^32 or 2^64."""
    return (
        declared == 0
        or 0x7FFF0000 <= declared <= 0x80000000
        or 0xFFFF0000 <= declared <= 0xFFFFFFFF
        or (declared >= 1 << 63)
    )


def _read_trailer(source: ByteSource, declared: int) -> _Chunks | None:
    """The chunks after the audio of a regular file; None where those do not end with the file."""
    audio, size = source.position, source.size or 0
    end, length = audio + declared, declared
    chunks = _Chunks()
    try:
        for _ in range(_TRAILER_LIMIT_CHUNKS):
            if size in (end, end + length % 2):
                return chunks
            if end > size:
                return None
            source.seek(end)
            _skip_padding(source, length)
            head = source.read(8)
            if not re.fullmatch(rb"[ -~]{4}.{4}", head, re.DOTALL):
                return None
            name, length = struct.unpack("<4sI", head)
            end = source.position + length
            chunks.take(source, name, length)
    finally:
        source.seek(audio)
    return None


def _skip_padding(source: ByteSource, size: int) -> None:
    """Chunks of odd length are padded to even, except by programs that forget it."""
    if size % 2 and source.peek(4) not in _COMMON_IDS:
        source.skip(1)


def _exactly(source: ByteSource, count: int, what: str) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise AudioError(f"the WAV ends within its {what}: nothing can be read from it")
    return data
