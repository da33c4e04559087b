"""The chunks of AIFF and CAF files beside their format and samples.

AIFF is Apple's Audio Interchange File Format 1.3 with the CHAN chunk of later systems and the ID3 chunk that
programs agree on; CAF is Apple's Core Audio Format. libsndfile writes the audio, then chunks are appended.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.audio.metadata.id3 import build_id3, frames_lost, read_id3
from dpcodec.audio.metadata.model import (
    ID3,
    MAX_ATTACHMENTS_BYTES,
    PICTURE,
    SPEAKERS,
    Metadata,
    chunks_of,
    lost_warning,
    speakers_of,
    unusual,
)
from dpcodec.audio.speakers import build_apple_layout
from dpcodec.audio.streams import Attachments, Tags

TEXT_CHUNKS = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
_OFTEN = (b"ANNO",)
"""An AIFF file may have several of these."""
_AIFF_DERIVED = (b"COMM", b"SSND", b"FVER", b"CHAN", b"PEAK", b"ID3 ", *TEXT_CHUNKS)
_CAF_DERIVED = (b"desc", b"data", b"chan", b"info", b"free", b"kuki", b"pakt", b"ovvw", b"peak")
_CAF_KEYS = {
    "track number": "TRACKNUMBER",
    "comments": "COMMENT",
    "year": "DATE",
    "tempo": "BPM",
    "key signature": "INITIALKEY",
    "time signature": "TIMESIGNATURE",
    "encoding application": "ENCODER",
}
_CAF_NAMES = {key: name for name, key in _CAF_KEYS.items()}
_CAF_NAMES |= {
    k: k.lower() for k in ("TITLE", "ARTIST", "ALBUM", "COMPOSER", "LYRICIST", "GENRE", "COPYRIGHT")
}
_MOST_CHUNKS = 4096


@dataclass(frozen=True)
class Layout:
    """The body of the chunk that tells the speakers; empty where there is none."""

    body: bytes = b""


def read_aiff(fo: BinaryIO) -> tuple[Metadata, Layout]:
    """What an AIFF file holds beside the audio. Raises what mutagen raises."""
    found, layout = Metadata(), Layout()
    for name, data in _chunks(fo, 12, ">4sI", 2, (b"COMM", b"SSND", b"FVER", b"PEAK"), found):
        if name in TEXT_CHUNKS:
            found.add_missing([(TEXT_CHUNKS[name], _text(data))] if name not in _OFTEN else [])
            found.tags += [(TEXT_CHUNKS[name], _text(data))] if name in _OFTEN else []
        elif name == b"CHAN":
            layout = Layout(data)
        elif name == b"ID3 ":
            tag = read_id3(data)
            keys = {key.upper() for key, _ in tag.tags}
            found.tags = tag.tags + [pair for pair in found.tags if pair[0].upper() not in keys]
            found.attachments += tag.attachments
        else:
            found.attachments.append((f"aiff:{name.decode('ascii')}", data))
    return found, layout


def append_aiff(fo: BinaryIO, tags: Tags, attachments: Attachments, usual_mask: int) -> list[str]:
    """Add chunks to a whole AIFF file that starts at byte 0; warnings for what it cannot hold."""
    names = {key: name for name, key in TEXT_CHUNKS.items()}
    texts = [(names[key.upper()], value) for key, value in tags if key.upper() in names]
    single = [name for name, _ in texts if name not in _OFTEN]
    more = len(texts) < len(tags) or len(set(single)) < len(single)
    chunks = [(name, value.encode("utf-8", "replace")) for name, value in dict(reversed(texts)).items()]
    chunks = [(name, text) for name, text in chunks if name not in _OFTEN]
    chunks += [(name, value.encode("utf-8", "replace")) for name, value in texts if name in _OFTEN]
    if more or any(kind in (PICTURE, ID3) for kind, _ in attachments):
        tag = build_id3(tags, attachments)
        chunks += [(b"ID3 ", tag)] if tag else []
    mask = speakers_of(attachments)
    if unusual(mask, usual_mask):
        chunks.append((b"CHAN", build_apple_layout(mask)))
    chunks += chunks_of(attachments, "aiff")
    end = fo.seek(0, os.SEEK_END)
    fo.write(b"\0" * (end % 2))
    for name, data in chunks:
        fo.write(struct.pack(">4sI", name, len(data)) + data + b"\0" * (len(data) % 2))
    end = fo.tell()
    fo.seek(4)
    fo.write(struct.pack(">I", end - 8))
    fo.seek(end)
    known = (SPEAKERS, PICTURE, ID3)
    kinds = [kind for kind, _ in attachments if kind not in known and not kind.startswith("aiff:")]
    empty = [key for key, value in tags if not value and key.upper() not in names]  # no ID3 frame is empty
    return lost_warning("AIFF", empty, kinds)


def read_caf(fo: BinaryIO) -> tuple[Metadata, Layout]:
    """What a CAF file holds beside the audio."""
    found, layout = Metadata(), Layout()
    unread = tuple(name for name in _CAF_DERIVED if name not in (b"chan", b"info"))
    for name, data in _chunks(fo, 8, ">4sq", 1, unread, found):
        if name == b"chan":
            layout = Layout(data)
        elif name == b"info":
            words = [_text(word) for word in data[4:].split(b"\0")]
            pairs = zip(words[::2], words[1::2], strict=False)
            found.tags += [(_CAF_KEYS.get(key, key.upper()), value) for key, value in pairs if key]
        else:
            found.attachments.append((f"caf:{name.decode('ascii')}", data))
    return found, layout


def append_caf(fo: BinaryIO, tags: Tags, attachments: Attachments, usual_mask: int) -> list[str]:
    """As `append_aiff`, for a CAF file, whose info chunk takes any key."""
    chunks = []
    mask = speakers_of(attachments)
    if unusual(mask, usual_mask):
        chunks.append((b"chan", build_apple_layout(mask)))
    if tags:
        words = [(_CAF_NAMES.get(key.upper(), key), value.replace("\0", " ")) for key, value in tags]
        text = b"".join(w.encode("utf-8", "replace") + b"\0" for pair in words for w in pair)
        chunks.append((b"info", struct.pack(">I", len(words)) + text))
    chunks += chunks_of(attachments, "caf")
    fo.seek(0, os.SEEK_END)
    for name, data in chunks:
        fo.write(struct.pack(">4sq", name, len(data)) + data)
    known = (SPEAKERS, ID3)
    kinds = [kind for kind, _ in attachments if kind not in known and not kind.startswith("caf:")]
    return lost_warning("CAF", frames_lost(attachments), kinds)


def _chunks(
    fo: BinaryIO, start: int, head: str, align: int, unread: tuple[bytes, ...], found: Metadata
) -> Iterator[tuple[bytes, bytes]]:
    """Chunks of a file with their data, but for those in `unread`; as far as the file goes.

    start, head, align  where the first one begins, how its name and length are packed, what it is padded to
    """
    begin = fo.tell()
    size = fo.seek(0, os.SEEK_END) - begin
    position, left = start, MAX_ATTACHMENTS_BYTES
    head_bytes = struct.calcsize(head)
    for _ in range(_MOST_CHUNKS):
        fo.seek(begin + position)
        packed = fo.read(head_bytes)
        if len(packed) < head_bytes:
            return
        name, length = struct.unpack(head, packed)
        position += head_bytes
        if length < 0 or position + length > size or not re.fullmatch(rb"[ -~]{4}", name):
            return  # data that goes to the end of the file, or no chunk
        if name not in unread:
            if length > left:
                found.warnings.append(f"the chunk {name.decode('ascii')} of {length} bytes is left out")
            else:
                left -= length
                yield name, fo.read(length)
        position += length + -length % align


def _text(data: bytes) -> str:
    data = data.split(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
