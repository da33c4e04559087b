"""Vorbis comments, pictures, cue sheets and application blocks: of FLAC (RFC 9639), Ogg Vorbis, Ogg FLAC and
Ogg Opus (RFC 7845)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, BinaryIO

from dpcodec.audio.metadata.model import (
    CUESHEET,
    PICTURE,
    Metadata,
    chunks_of,
    lost_warning,
    of_kind,
    speakers_attachment,
    speakers_of,
    unusual,
)
from dpcodec.audio.metadata.pictures import picture_of
from dpcodec.audio.streams import Attachments, Tags

MASK_KEY = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"
"""RFC 9639, section 8.6.2: the speaker layout of FLAC where it is not the usual one."""
PICTURE_KEY = "METADATA_BLOCK_PICTURE"
_APPLICATION = 2
_KEY = re.compile(r"[ -<>-}]+")
_PADDING_BYTES = 4096
_KINDS_OF_FLAC = (PICTURE, CUESHEET)


def read_flac(fo: BinaryIO) -> Metadata:
    """What a FLAC file says before its frames. Raises what mutagen raises."""
    from mutagen.flac import FLAC

    file: Any = FLAC(fileobj=fo)
    found = Metadata()
    _take_comments(file.tags, found)
    found.attachments += [(PICTURE, picture.write()) for picture in file.pictures]
    for block in file.metadata_blocks:
        if block.code == _APPLICATION and len(block.data) >= 4:
            name = block.data[:4]
            if re.fullmatch(rb"[ -~]{4}", name):
                found.attachments.append((f"flac:{name.decode('ascii')}", block.data[4:]))
            else:
                found.warnings.append(f"the application block {name!r} is left out")
    if file.cuesheet is not None:
        found.attachments.append((CUESHEET, file.cuesheet.write()))
    return found


def write_flac(fo: BinaryIO, tags: Tags, attachments: Attachments, usual_mask: int) -> list[str]:
    """Put metadata into a whole FLAC file that starts at byte 0; warnings for what it cannot hold.

    usual_mask  the speakers that need not be told
    """
    from mutagen.flac import FLAC, CueSheet, MetadataBlock

    good, lost = _valid(tags)
    kinds = [
        k for k, _ in attachments if k not in (*_KINDS_OF_FLAC, "speakers") and not k.startswith("flac:")
    ]
    file: Any = FLAC(fileobj=fo)
    file.clear_pictures()
    mask = speakers_of(attachments)
    if unusual(mask, usual_mask):
        good.append((MASK_KEY, f"0x{mask:04X}"))
    _put_comments(file, good)
    for data in of_kind(attachments, PICTURE):
        picture = picture_of(data)
        if picture is None:
            kinds.append(PICTURE)
        else:
            file.add_picture(picture)
    for name, data in chunks_of(attachments, "flac"):
        block: Any = MetadataBlock(name + data)
        block.code = _APPLICATION
        file.metadata_blocks.append(block)
    for data in of_kind(attachments, CUESHEET)[:1]:
        file.cuesheet = CueSheet(data)
        file.metadata_blocks.append(file.cuesheet)
    fo.seek(0)
    file.save(fileobj=fo, padding=lambda info: _PADDING_BYTES)
    return lost_warning("FLAC", lost, kinds)


def read_ogg(fo: BinaryIO) -> Metadata:
    """The comment header of an Ogg file. Raises what mutagen raises."""
    file = _open_ogg(fo)
    found = Metadata()
    if file is None:
        return found
    _take_comments(file.tags, found)
    tags, found.tags = found.tags, []
    for key, value in tags:
        data = _picture_bytes(value) if key.upper() == PICTURE_KEY else None
        if data is None:
            found.tags.append((key, value))
        else:
            found.attachments.append((PICTURE, data))
    return found


def write_ogg(fo: BinaryIO, tags: Tags, attachments: Attachments, usual_mask: int) -> list[str]:
    """As `write_flac`, for an Ogg file. Vorbis and Opus have one order of speakers for each number of
    channels."""
    good, lost = _valid(tags)
    kinds = [kind for kind, _ in attachments if kind not in (PICTURE, "speakers")]
    if unusual(speakers_of(attachments), usual_mask):
        kinds.append("speakers")
    pictures = of_kind(attachments, PICTURE)
    good += [(PICTURE_KEY, base64.b64encode(data).decode("ascii")) for data in pictures]
    file = _open_ogg(fo)
    if file is None:
        return lost_warning("Ogg", [key for key, _ in tags], [kind for kind, _ in attachments])
    _put_comments(file, good)
    fo.seek(0)
    file.save(fileobj=fo, padding=lambda info: 0)
    return lost_warning("Ogg", lost, kinds)


def _open_ogg(fo: BinaryIO) -> Any:
    """The file as mutagen knows it, None for a codec in Ogg that has no comments here."""
    from mutagen.oggflac import OggFLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    start = fo.tell()
    head = fo.read(64)
    fo.seek(start)
    for mark, kind in ((b"\x01vorbis", OggVorbis), (b"OpusHead", OggOpus), (b"\x7fFLAC", OggFLAC)):
        if mark in head:
            return kind(fileobj=fo)
    return None


def _take_comments(comments: Any, found: Metadata) -> None:
    for key, value in list(comments or ()):
        mask = _mask_of(value) if key.upper() == MASK_KEY else None
        if mask is None:
            found.tags.append((key, value))
        else:
            found.attachments.append(speakers_attachment(mask))


def _put_comments(file: Any, pairs: list[tuple[str, str]]) -> None:
    if file.tags is None:
        file.add_tags()
    del file.tags[:]
    for pair in pairs:
        file.tags.append(pair)


def _valid(tags: Tags) -> tuple[list[tuple[str, str]], list[str]]:
    """Pairs that a comment header takes, and the keys of those that it does not: keys are ASCII there."""
    good = [(key, value) for key, value in tags if _KEY.fullmatch(key)]
    return good, [key for key, _ in tags if not _KEY.fullmatch(key)]


def _mask_of(value: str) -> int | None:
    try:
        mask = int(value, 0)
    except ValueError:
        return None
    return mask if 0 < mask < 1 << 32 else None


def _picture_bytes(value: str) -> bytes | None:
    """The picture in a comment, None where it is none that can be read."""
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if picture_of(data) is not None else None
