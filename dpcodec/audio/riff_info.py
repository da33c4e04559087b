"""Tags of a WAV file: the INFO list of RIFF (Multimedia Programming Interface 1.0, chapter 3)."""

from __future__ import annotations

import re
import struct

from dpcodec.audio.streams import Tags

INFO_LIMIT_BYTES = 1 << 20
"""A longer list is passed over: it is no list of tags."""

INFO_NAMES = {
    "INAM": "TITLE",
    "IART": "ARTIST",
    "IPRD": "ALBUM",
    "ICRD": "DATE",
    "ITRK": "TRACKNUMBER",
    "IGNR": "GENRE",
    "ICMT": "COMMENT",
    "ICOP": "COPYRIGHT",
    "ISFT": "SOFTWARE",
}
"""RIFF's names and the Vorbis comments that mean the same. Other names stay as they are."""


def parse_info(body: bytes) -> Tags:
    """The body of a LIST chunk -> tags; none where it is a list of something else.

    Text is taken as UTF-8, else as Latin-1; it ends at the first zero byte. Of a list cut short comes what is
    whole.
    """
    if body[:4] != b"INFO":
        return ()
    tags = []
    position = 4
    while position + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, position)
        text = body[position + 8 : position + 8 + size]
        if len(text) < size or not re.fullmatch(rb"[A-Za-z0-9 ]{4}", name):
            break
        key = name.decode("ascii").strip()
        tags.append((INFO_NAMES.get(key, key), _decode(text.split(b"\0")[0])))
        position += 8 + size + size % 2
    return tuple(tags)


def build_info(tags: Tags) -> tuple[bytes, list[str]]:
    """Tags -> a LIST chunk (empty if there is nothing to write), and the keys that RIFF has no name for."""
    names = {key: name for name, key in INFO_NAMES.items()}
    items, left_out = [], []
    for key, value in tags:
        name = names.get(key.upper(), key.upper())
        if not re.fullmatch(r"I[A-Z0-9]{3}", name):
            left_out.append(key)
            continue
        text = value.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        items.append(struct.pack("<4sI", name.encode("ascii"), len(text)) + text + b"\0" * (len(text) % 2))
    if not items:
        return b"", left_out
    body = b"INFO" + b"".join(items)
    return struct.pack("<4sI", b"LIST", len(body)) + body, left_out


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
