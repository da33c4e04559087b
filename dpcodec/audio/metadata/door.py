"""Metadata of the files that libsndfile reads and writes: which module knows which container.

Metadata is never worth the audio: what is malformed becomes a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.audio.metadata import apple, id3, vorbis
from dpcodec.audio.metadata.model import (
    ID3,
    SPEAKERS,
    Metadata,
    bounded,
    lost_warning,
    speakers_attachment,
    speakers_of,
    unusual,
)
from dpcodec.audio.speakers import FLAC_MASKS, Order, parse_apple_layout, usual_mask, vorbis_layout
from dpcodec.audio.streams import Attachments, Tags

_ID3_HEAD_BYTES = 10


@dataclass(frozen=True)
class Found:
    """What a file holds beside its samples, and the `order` that its channels are turned with."""

    tags: Tags
    attachments: Attachments
    warnings: list[str]
    order: Order


@dataclass(frozen=True)
class Told:
    """What was found before the number of channels is known."""

    kind: str
    layout: apple.Layout
    metadata: Metadata

    def for_channels(self, channels: int) -> Found:
        """With the speakers as an attachment, unless they are what nobody needs to be told."""
        return _with_speakers(self.kind, self.layout, self.metadata, channels)


def read_metadata(fo: BinaryIO) -> Told:
    """What a seekable file that libsndfile reads holds; its position afterwards is that of before."""
    start = fo.tell()
    layout = apple.Layout()
    found = Metadata()
    kind = _kind(fo)
    try:
        if kind == "flac":
            found = vorbis.read_flac(fo)
        elif kind == "ogg":
            found = vorbis.read_ogg(fo)
        elif kind == "mp3":
            found = id3.read_mp3(fo)
        elif kind == "aiff":
            found, layout = apple.read_aiff(fo)
        elif kind == "caf":
            found, layout = apple.read_caf(fo)
    except Exception as exc:  # noqa: BLE001 - whatever a parser of foreign metadata trips over, audio follows
        found.warnings.append(f"the metadata cannot be read ({_said(exc)}): left out")
    finally:
        fo.seek(start)
    return Told(kind, layout, bounded(found))


def write_metadata(
    container: str, fo: BinaryIO, tags: Tags, attachments: Attachments, channels: int
) -> list[str]:
    """Put metadata into a whole file that starts at byte 0 and can be read, sought and written; warnings for
    what is left out."""
    if not tags and not attachments:
        return []
    start = fo.seek(0)
    try:
        if container == "flac":
            warnings = vorbis.write_flac(fo, tags, _without_id3(attachments), usual_mask(channels))
        elif container == "ogg":
            warnings = vorbis.write_ogg(fo, tags, _without_id3(attachments), vorbis_layout(channels)[0])
        elif container == "aiff":
            return apple.append_aiff(fo, tags, attachments, usual_mask(channels))
        elif container == "caf":
            return apple.append_caf(fo, tags, attachments, usual_mask(channels))
        else:
            return nowhere(container.upper(), tags, attachments)
    except OSError:
        raise
    except Exception as exc:
        if (failure := _failure_of_the_disk(exc)) is not None:
            raise failure from exc
        fo.seek(start)
        return [f"the metadata cannot be written ({_said(exc)}): left out"]
    lost = id3.frames_lost(attachments)
    return warnings + lost_warning(container.upper() if container == "flac" else "Ogg", lost)


def nowhere(output: str, tags: Tags, attachments: Attachments) -> list[str]:
    """The warning of an output that holds samples and nothing else."""
    others = [kind for kind, _ in attachments if kind != ID3]
    return lost_warning(output, [key for key, _ in tags], others)


def _without_id3(attachments: Attachments) -> Attachments:
    return tuple(item for item in attachments if item[0] != ID3)


def _with_speakers(kind: str, layout: apple.Layout, found: Metadata, channels: int) -> Found:
    mask, order = 0, tuple(range(channels))
    told = speakers_of(found.attachments)
    if kind == "ogg":
        mask, order = vorbis_layout(channels)
    elif kind == "flac":
        mask = told or FLAC_MASKS.get(channels, 0)
    elif layout.body:
        mask, order = parse_apple_layout(layout.body, channels)
        if not mask:
            found.warnings.append("the layout of the speakers is none that is known here: left out")
    others = [item for item in found.attachments if item[0] != SPEAKERS]
    first = [speakers_attachment(mask)] if unusual(mask, usual_mask(channels)) else []
    return Found(tuple(found.tags), (*first, *others), found.warnings, order)


def _kind(fo: BinaryIO) -> str:
    """The container by its first bytes, those after an ID3 tag too."""
    start = fo.tell()
    head = fo.read(12)
    if head[:3] == b"ID3" and len(head) >= _ID3_HEAD_BYTES:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        fo.seek(start + _ID3_HEAD_BYTES + size)
        behind = fo.read(4)
        fo.seek(start)
        return "flac" if behind == b"fLaC" else "mp3"
    fo.seek(start)
    if head[:4] == b"FORM":
        return "aiff"
    known = {b"fLaC": "flac", b"OggS": "ogg", b"caff": "caf"}
    mp3 = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return known.get(head[:4], "mp3" if mp3 else "")


def _failure_of_the_disk(exc: BaseException | None) -> OSError | None:
    """The error of the file that led to mutagen's, None where the metadata is at fault."""
    while exc is not None:
        if isinstance(exc, OSError):
            return exc
        exc = exc.__cause__ or exc.__context__
    return None


def _said(exc: Exception) -> str:
    return (str(exc).splitlines() or [""])[0][:200] or type(exc).__name__
