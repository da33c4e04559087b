"""Containers of media by their first bytes: which demultiplexer of FFmpeg reads them. Others are never tried,
since some of FFmpeg's open other files that a file names."""

from __future__ import annotations

PROBE_BYTES = 12

_MAGICS = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (b"FLV\x01", "flv"),
)
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free")


def media_format(magic: bytes) -> str | None:
    """FFmpeg's name of the container that begins so, None where it is none of media."""
    if magic[4:8] in _MP4_BOXES:
        return "mov"
    if magic[:4] == b"RIFF" and magic[8:12] == b"AVI ":
        return "avi"
    if magic[:1] == b"\xff" and len(magic) > 1 and magic[1] & 0xF6 == 0xF0:
        return "aac"
    return next((name for start, name in _MAGICS if magic.startswith(start)), None)
