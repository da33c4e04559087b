"""Attachments: pictures, speaker layout, chunks of the source's container, each the body of a packet of its
own. Never needed to decode."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dpcodec.container import constants as c
from dpcodec.errors import LimitError, SettingsError

Attachments = tuple[tuple[str, bytes], ...]
_KIND = re.compile(rf"[ -~]{{1,{c.MAX_KIND_BYTES}}}")


def pack_attachment(kind: str, data: bytes) -> bytes:
    """The body: length of the kind u8, the kind in ASCII, the data.

    Raises `SettingsError` for a kind that is not 1 to 64 printable ASCII characters.
    """
    if not _KIND.fullmatch(kind):
        raise SettingsError(f"attachment kind {kind!r} is not 1 to {c.MAX_KIND_BYTES} printable characters")
    return bytes([len(kind)]) + kind.encode("ascii") + data


def unpack_attachment(body: bytes) -> tuple[str, bytes] | None:
    """(kind, data) of a body; None where it is malformed."""
    stop = 1 + body[0] if body else 0
    if not 1 < stop <= len(body):
        return None
    kind = body[1:stop].decode("latin-1")
    return (kind, body[stop:]) if _KIND.fullmatch(kind) else None


def check_attachments(attachments: Iterable[tuple[str, bytes]]) -> Attachments:
    """The attachments, each once. Raises `LimitError` where they are over 15 MiB or 1024."""
    unique = tuple(dict.fromkeys(attachments))
    size = sum(len(data) for _, data in unique)
    if size > c.MAX_ATTACHMENTS_BYTES or len(unique) > c.MAX_ATTACHMENTS:
        raise LimitError(
            f"{len(unique)} attachments of {size} bytes are over the limit of {c.MAX_ATTACHMENTS} or "
            f"{c.MAX_ATTACHMENTS_BYTES} bytes: leave some out"
        )
    return unique
