"""Pictures as FLAC has them (RFC 9639, section 8.8): the one form that attachments use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.flac import Picture

FRONT_COVER = 3
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp"}
_MAGICS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n", "image/png"), (b"GIF8", "image/gif"))


def picture_of(data: bytes) -> Picture | None:
    """A picture attachment taken apart; None where it is malformed."""
    from mutagen import MutagenError
    from mutagen.flac import Picture

    try:
        picture = Picture(data)
    except (MutagenError, ValueError, OverflowError):
        return None
    return picture if len(picture.data) <= len(data) else None


def pack_picture(data: bytes, mime: str = "", kind: int = FRONT_COVER, description: str = "") -> bytes:
    """The bytes of an image as a picture attachment; without `mime` by what it begins with."""
    from mutagen.flac import Picture

    picture = Picture()
    picture.type, picture.desc, picture.data = kind, description, data
    picture.mime = mime or next((name for magic, name in _MAGICS if data.startswith(magic)), "")
    written: bytes = picture.write()
    return written


def picture_image(data: bytes) -> tuple[bytes, str, str]:
    """(image, MIME type, usual suffix) of a picture attachment; an empty image where it is malformed."""
    picture = picture_of(data)
    if picture is None:
        return b"", "", ""
    return picture.data, picture.mime, _SUFFIXES.get(picture.mime, ".bin")
