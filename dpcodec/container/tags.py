"""Metadata: (key, value) pairs as the body of a TAGS packet. Never needed to decode."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from dpcodec.container import constants as c
from dpcodec.errors import LimitError, SettingsError

_LENGTH = struct.Struct("<I")


def pack_tags(tags: Iterable[tuple[str, str]]) -> bytes:
    """Each entry: length of the text in bytes u32, then UTF-8 "KEY=VALUE".

    What cannot be UTF-8 (half of a surrogate pair) becomes "?". Raises `SettingsError` for a key that is
    empty or holds "=", `LimitError` for more than 1024 entries or 1 MiB.
    """
    pieces: list[bytes] = []
    for key, value in tags:
        if not key or "=" in key:
            raise SettingsError(f"tag key {key!r} is empty or holds '=': give KEY=VALUE")
        text = f"{key}={value}".encode(errors="replace")
        pieces += [_LENGTH.pack(len(text)), text]
    size = sum(map(len, pieces))
    if len(pieces) > 2 * c.MAX_TAGS or size > c.MAX_TAGS_BYTES:
        raise LimitError(
            f"{len(pieces) // 2} tags of {size} bytes are over the limit of {c.MAX_TAGS} tags or "
            f"{c.MAX_TAGS_BYTES} bytes: leave some out"
        )
    return b"".join(pieces)


def unpack_tags(body: bytes) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The pairs in a TAGS body, and a warning for each thing that was wrong with it; never an error.

    Bytes that are not UTF-8 come back as `\\xNN`. Entries over the limit or without a key are left out.
    Values keep their control characters: `escape` them before they reach a terminal.
    """
    tags: list[tuple[str, str]] = []
    warnings: list[str] = []
    position = 0
    while position < len(body):
        if len(tags) == c.MAX_TAGS:
            warnings.append(f"tags after the first {c.MAX_TAGS} are left out")
            break
        length = _LENGTH.unpack_from(body, position)[0] if len(body) - position >= _LENGTH.size else len(body)
        text = body[position + _LENGTH.size : position + _LENGTH.size + length]
        if len(text) < length:
            warnings.append("the tags end within an entry")
            break
        position += _LENGTH.size + length
        key, equals, value = _text(text, warnings).partition("=")
        if key and equals:
            tags.append((key, value))
        else:
            warnings.append("a tag without a key is left out")
            if len(warnings) > c.MAX_TAGS:
                break
    return tuple(tags), warnings


def escape(text: str) -> str:
    """The text with everything that is not printable written as an escape, for one line on a terminal.

    >>> escape("a\\x1b[31m\\nb")
    'a\\\\x1b[31m\\\\nb'
    """
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode("ascii") for ch in text)


def _text(data: bytes, warnings: list[str]) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        warnings.append("a tag is not UTF-8 text")
        return data.decode(errors="backslashreplace")
