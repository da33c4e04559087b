"""ID3 tags, of MP3 files and in chunks of WAV and AIFF.

Frames that say what a Vorbis comment can say become tags. The whole tag is kept beside them, without its
pictures: where an ID3 tag is written again, its frames come back as they were, except those whose values the
tags do not have any more.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from dpcodec.audio.metadata.id3_names import FRAMES, KEYS, NAMES_OF_TXXX, TXXX_OF_KEYS, UFID_OWNER, UNIQUE_ID
from dpcodec.audio.metadata.model import ID3, PICTURE, Metadata, of_kind
from dpcodec.audio.metadata.pictures import pack_picture, picture_of
from dpcodec.audio.streams import Attachments, Tags

if TYPE_CHECKING:
    from mutagen.id3 import ID3 as Tag  # noqa: N811 - the name means the attachment here

_LANGUAGE = "XXX"
"""ISO 639-2's word for no language that is known."""
_UTF8 = 3


def read_id3(data: bytes) -> Metadata:
    """What the bytes of an ID3v2 tag hold. Raises what mutagen raises."""
    from mutagen.id3 import ID3 as Tag  # noqa: N811

    return _take(Tag(fileobj=io.BytesIO(data), load_v1=False))


def read_mp3(fo: BinaryIO) -> Metadata:
    """The tags of an MP3 file: ID3v2, else ID3v1; keys that neither has from APEv2."""
    from mutagen import MutagenError
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3 as Tag  # noqa: N811

    found = Metadata()
    try:
        found = _take(Tag(fileobj=fo))
    except MutagenError as exc:
        if "doesn't start with an ID3 tag" not in str(exc) and type(exc).__name__ != "ID3NoHeaderError":
            raise
    try:
        ape = APEv2(fileobj=fo)
    except MutagenError:
        return found
    values = ((key, value) for key, value in ape.items() if getattr(value, "kind", None) == 0)
    found.add_missing([(key, text) for key, value in values for text in value])
    return found


def build_id3(tags: Tags, attachments: Attachments) -> bytes:
    """The ID3v2.4 tag that holds all tags and pictures, and the frames that came with the source; no bytes
    where there is nothing to say."""
    tag = _base(attachments)
    before: dict[str, list[str]] = {}
    kept: list[tuple[Any, set[str]]] = []
    for frame, pairs in _frames(tag):
        for key, value in pairs:
            before.setdefault(key.upper(), []).append(value)
        kept.append((frame, {key.upper() for key, _ in pairs}))
    wanted: dict[str, list[tuple[str, str]]] = {}
    for key, value in tags:
        wanted.setdefault(key.upper(), []).append((key, value))
    same = {key for key, values in before.items() if values == [v for _, v in wanted.get(key, [])]}
    for frame, keys in kept:
        if not keys <= same:
            tag.pop(frame.HashKey, None)
    for key, pairs in wanted.items():
        if key not in same:
            for frame in _new_frames(pairs[0][0], [value.replace("\0", " ") for _, value in pairs]):
                tag.add(frame)
    _add_pictures(tag, attachments)
    if not tag and not tag.unknown_frames:
        return b""
    return _saved(tag)


def frames_lost(attachments: Attachments) -> list[str]:
    """Names of the source's ID3 frames that tags do not tell: lost in a file without ID3."""
    return [f"{frame.FrameID} (ID3)" for frame, pairs in _frames(_base(attachments)) if not pairs]


def _base(attachments: Attachments) -> Tag:
    """The tag of the source, an empty one where there was none or it cannot be read."""
    from mutagen import MutagenError
    from mutagen.id3 import ID3 as Tag  # noqa: N811

    for data in of_kind(attachments, ID3)[:1]:
        try:
            return Tag(fileobj=io.BytesIO(data), load_v1=False)
        except (MutagenError, ValueError, OverflowError):
            break
    return Tag()


def _saved(tag: Tag) -> bytes:
    out = io.BytesIO()
    tag.save(fileobj=out, v1=0, v2_version=4, padding=lambda info: 0)
    return out.getvalue()


def _take(tag: Tag) -> Metadata:
    found = Metadata()
    for frame in tag.getall("APIC"):
        picture = pack_picture(frame.data, frame.mime, int(frame.type), frame.desc)
        found.attachments.append((PICTURE, picture))
    tag.delall("APIC")
    for _, pairs in _frames(tag):
        found.tags += pairs
    if tag or tag.unknown_frames:
        found.attachments.append((ID3, _saved(tag)))
    return found


def _frames(tag: Tag) -> Iterator[tuple[Any, list[tuple[str, str]]]]:
    """Every frame with the tags that it tells; none for frames that are no text."""
    chapters = sorted(tag.getall("CHAP"), key=lambda frame: (frame.start_time, frame.element_id))
    numbers = {frame.HashKey: number for number, frame in enumerate(chapters, 1)}
    for frame in sorted(tag.values(), key=lambda frame: frame.HashKey):
        if frame.HashKey in numbers:
            yield frame, _chapter(frame, numbers[frame.HashKey])
        else:
            yield frame, _pairs(frame)


def _pairs(frame: Any) -> list[tuple[str, str]]:
    name = frame.FrameID
    if name == "TXXX":
        return [(NAMES_OF_TXXX.get(frame.desc, frame.desc) or "TXXX", str(text)) for text in frame.text]
    if name == "COMM":
        return [(_described("COMMENT", frame.desc), str(text)) for text in frame.text]
    if name == "USLT":
        return [(_described("LYRICS", frame.desc), frame.text)]
    if name == "UFID":
        return [(UNIQUE_ID, frame.data.decode("ascii", "replace"))] if frame.owner == UFID_OWNER else []
    if name == "WXXX":
        return [(_described("WXXX", frame.desc), frame.url)]
    if name == "TCON":
        return [("GENRE", text) for text in frame.genres]
    if name in ("TMCL", "TIPL"):
        return [("PERFORMER", f"{who} ({role})" if role else who) for role, who in frame.people]
    if name.startswith("T") and hasattr(frame, "text"):
        return [(KEYS.get(name, name), str(text)) for text in frame.text]
    if name.startswith("W") and hasattr(frame, "url"):
        return [(KEYS.get(name, name), frame.url)]
    return []


def _chapter(frame: Any, number: int) -> list[tuple[str, str]]:
    """A chapter as Vorbis comments tell it: its start, and its name."""
    titles = [str(text) for sub in frame.sub_frames.getall("TIT2") for text in sub.text]
    return chapter_tags(number, frame.start_time / 1000, titles[0] if titles else "")


def chapter_tags(number: int, start_s: float, name: str) -> list[tuple[str, str]]:
    """Tags of the chapter with this number, from 1, that starts at `start_s` seconds.

    >>> chapter_tags(1, 62.5, "Intro")
    [('CHAPTER001', '00:01:02.500'), ('CHAPTER001NAME', 'Intro')]
    """
    milliseconds = max(0, round(1000 * start_s))
    minutes, rest = divmod(milliseconds, 60_000)
    start = f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    key = f"CHAPTER{number:03d}"
    return [(key, start), *([(f"{key}NAME", name)] if name else [])]


def _described(key: str, description: str) -> str:
    text = description.strip().replace("=", " ")
    return f"{key}:{text}" if text else key


def _new_frames(key: str, values: list[str]) -> list[Any]:
    """The frames for the values of one key: a frame of its own where ID3 has one that says exactly this."""
    from mutagen import id3

    upper = key.upper()
    made: list[Any] = []
    base, _, description = key.partition(":")
    if base.upper() == "COMMENT":
        made = [id3.COMM(encoding=_UTF8, lang=_LANGUAGE, desc=description, text=values)]
    elif base.upper() == "LYRICS":
        made = [
            id3.USLT(encoding=_UTF8, lang=_LANGUAGE, desc=description + " " * i, text=text)
            for i, text in enumerate(values)
        ]
    elif upper == UNIQUE_ID and len(values) == 1:
        made = [id3.UFID(owner=UFID_OWNER, data=values[0].encode("ascii", "replace"))]
    elif upper in FRAMES or (len(key) == 4 and key[0] == "T" and key in id3.Frames and key != "TXXX"):
        made = _text_frames(FRAMES.get(upper, key), values)
    told = [(k.upper(), v) for frame in made for k, v in _pairs(frame)]
    if made and told == [(upper, value) for value in values]:
        return made
    return [id3.TXXX(encoding=_UTF8, desc=TXXX_OF_KEYS.get(upper, key), text=values)]


def _text_frames(name: str, values: list[str]) -> list[Any]:
    from mutagen import id3

    kind = id3.Frames[name]
    if name.startswith("W"):
        return [kind(url=value) for value in values] if len(values) == 1 else []
    try:
        return [kind(encoding=_UTF8, text=values)]
    except (TypeError, ValueError):
        return []


def _add_pictures(tag: Tag, attachments: Attachments) -> None:
    from mutagen.id3 import APIC

    for data in of_kind(attachments, PICTURE):
        picture = picture_of(data)
        if picture is None:
            continue
        description = picture.desc
        while f"APIC:{description}" in tag:
            description += " "  # a second one of the same name would take the place of the first
        frame = APIC(
            encoding=_UTF8, mime=picture.mime, type=picture.type, desc=description, data=picture.data
        )
        tag.add(frame)
