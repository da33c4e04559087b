"""The chunks of a WAV or RF64 file beside its format and its samples."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from dpcodec.audio.metadata.model import ID3, PICTURE, Metadata, bounded, chunks_of, lost_warning
from dpcodec.audio.riff_info import INFO_LIMIT_BYTES, build_info, parse_info
from dpcodec.audio.streams import Attachments, Tags

DERIVED = (b"fmt ", b"data", b"fact", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"Fake", b"PEAK", b"levl")
"""Told anew by the output, or by nobody: room to grow, and peaks of samples that are not these any more."""
_ID3_NAMES = (b"id3 ", b"ID3 ")
_KEPT = ("speakers", PICTURE, ID3)


def interpret(chunks: Iterable[tuple[bytes, bytes]], warnings: Iterable[str] = ()) -> Metadata:
    """Chunks as (name, data) -> tags, pictures and the chunks that are kept as they are.

    Of keys that an ID3 tag and an INFO list have both, the ID3 tag's count: it can hold more.
    """
    found = Metadata(warnings=list(warnings))
    info: list[tuple[str, str]] = []
    for name, data in chunks:
        if name == b"LIST" and data[:4] == b"INFO" and len(data) <= INFO_LIMIT_BYTES:
            info += parse_info(data)
        elif name in _ID3_NAMES and _take_id3(data, found):
            continue
        elif name not in DERIVED and re.fullmatch(rb"[ -~]{4}", name):
            found.attachments.append((f"riff:{name.decode('ascii')}", data))
    found.add_missing(info)
    return bounded(found)


def build(tags: Tags, attachments: Attachments) -> tuple[bytes, list[str]]:
    """The chunks of a WAV file for this metadata, and warnings for what it cannot hold.

    Names that an INFO list has stand there. An ID3 tag with everything follows where that does not suffice.
    """
    info, left_out = build_info(tags)
    keys = [key.upper() for key, _ in tags]
    more = left_out or len(set(keys)) < len(keys) or any(kind in (PICTURE, ID3) for kind, _ in attachments)
    tag = b""
    if more:
        from dpcodec.audio.metadata.id3 import build_id3

        tag = build_id3(tags, attachments)
    chunks = chunks_of(attachments, "riff")
    out = info + (pack_chunk(b"id3 ", tag) if tag else b"")
    out += b"".join(pack_chunk(name, data) for name, data in chunks)
    kinds = [kind for kind, _ in attachments if kind not in _KEPT and not kind.startswith("riff:")]
    empty = [key for key, value in tags if not value and key in left_out]  # no ID3 frame is empty
    return out, lost_warning("WAV", empty, kinds)


def pack_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of RIFF with its padding."""
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def _take_id3(data: bytes, found: Metadata) -> bool:
    """Take an ID3 tag apart; false where it cannot be read, so that the chunk stays as it is."""
    from mutagen import MutagenError

    from dpcodec.audio.metadata.id3 import read_id3

    try:
        tag = read_id3(data)
    except (MutagenError, ValueError, OverflowError) as exc:
        found.warnings.append(f"the ID3 tag cannot be read ({exc}): its chunk is kept as it is")
        return False
    found.tags += tag.tags
    found.attachments += tag.attachments
    return True
