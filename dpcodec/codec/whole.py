"""Whole files in memory: `encode`, `decode`, `inspect` and `repair` take and give bytes and arrays; their
`_stream` twins work on file objects in bounded memory."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from dpcodec.audio.audio import Audio
from dpcodec.audio.streams import ArrayReader
from dpcodec.codec.decode_settings import MAX_EXPANSION, MAX_MEMORY, DecodeSettings
from dpcodec.codec.encoder import encode_stream
from dpcodec.codec.files import decode_whole
from dpcodec.codec.inspection import FileInfo, inspect_stream
from dpcodec.codec.memory import check_reading
from dpcodec.container.header import Header
from dpcodec.container.repair import RepairReport
from dpcodec.container.repair import repair_stream as repair_packets
from dpcodec.container.stream import ReadLimits
from dpcodec.mask.custom import ArrayMask
from dpcodec.modes import mode_of_file
from dpcodec.profiles import PROFILES
from dpcodec.settings import EncodeSettings


def encode(audio: Audio, settings: EncodeSettings | None = None, mask: Any = None) -> bytes:
    """Encode audio in memory into the bytes of a `.dpc` file.

    mask  one of the caller's own, bool [K, L] for all channels or [C, K, L], True = kept, K bins and L frames
          of the STFT that the settings name (without settings: profile stft) of the audio as it is coded

    Raises `AudioError` for samples that are not finite, `SettingsError` or `LimitError` for settings that the
    audio cannot be encoded with.

    >>> import numpy as np
    >>> data = encode(Audio(np.sin(np.arange(8000) / 9), 8000))
    >>> data[1:4]
    b'DPC'
    """
    if mask is not None:
        base = settings or PROFILES["stft"]
        settings = replace(base, mask="custom", custom=ArrayMask(np.asarray(mask)), columns=(), drop=0.0)
    out = io.BytesIO()
    encode_stream(ArrayReader(audio), out, settings or EncodeSettings())
    return out.getvalue()


def decode(data: bytes, settings: DecodeSettings | None = None) -> Audio:
    """Decode the bytes of a `.dpc` file.

    Missing packets are inpainted without a word here: `decode_stream` returns a report of them. Raises
    `FormatError`, `VersionError` or `LimitError` where nothing can be decoded, `DeviceError` where the device
    or torch is missing.

    >>> import numpy as np
    >>> audio = Audio(np.sin(np.arange(8000) / 9), 8000)
    >>> decode(encode(audio)).samples.shape
    (1, 8000)
    """
    return decode_whole(io.BytesIO(data), settings or DecodeSettings())


def inspect(data: bytes, *, max_memory: int = MAX_MEMORY, max_expansion: int = MAX_EXPANSION) -> FileInfo:
    """What the bytes of a `.dpc` file say, and whether they are whole; see `inspect_stream`."""
    return inspect_stream(io.BytesIO(data), max_memory=max_memory, max_expansion=max_expansion)


def repair(data: bytes) -> bytes:
    """The good packets of a damaged file as a well-formed one; see `repair_stream`."""
    out = io.BytesIO()
    repair_stream(io.BytesIO(data), out)
    return out.getvalue()


def repair_stream(
    source: BinaryIO,
    out: BinaryIO,
    *,
    max_memory: int = MAX_MEMORY,
    max_expansion: int = MAX_EXPANSION,
) -> RepairReport:
    """Write the intact packets of one file object as a well-formed file into another; see
    `container.repair.repair_stream`.

    Raises `FormatError`, `VersionError` or `LimitError` where `inspect_stream` would, whose limits it has:
    what it writes can be decoded.
    """

    def check(header: Header) -> None:
        mode_of_file(header)
        check_reading(header, max_memory)

    return repair_packets(source, out, check, ReadLimits(max_expansion, max_memory))
