"""The tags of MP4 files (M4A, M4B, MOV) as iTunes writes them."""

from __future__ import annotations

from typing import Any, BinaryIO

from dpcodec.audio.metadata.id3 import chapter_tags
from dpcodec.audio.metadata.model import PICTURE, Metadata, named
from dpcodec.audio.metadata.pictures import pack_picture

_TEXTS = {
    "\xa9nam": "TITLE",
    "\xa9ART": "ARTIST",
    "aART": "ALBUMARTIST",
    "\xa9alb": "ALBUM",
    "\xa9wrt": "COMPOSER",
    "\xa9day": "DATE",
    "\xa9gen": "GENRE",
    "\xa9cmt": "COMMENT",
    "\xa9lyr": "LYRICS",
    "\xa9grp": "GROUPING",
    "\xa9too": "ENCODER",
    "\xa9wrk": "WORK",
    "\xa9mvn": "MOVEMENTNAME",
    "cprt": "COPYRIGHT",
    "desc": "DESCRIPTION",
    "ldes": "LONGDESCRIPTION",
    "soal": "ALBUMSORT",
    "soar": "ARTISTSORT",
    "soaa": "ALBUMARTISTSORT",
    "sonm": "TITLESORT",
    "soco": "COMPOSERSORT",
    "tvsh": "SHOW",
    "purl": "PODCASTURL",
    "catg": "CATEGORY",
    "keyw": "KEYWORDS",
}
_NUMBERS = {"tmpo": "BPM", "cpil": "COMPILATION", "pgap": "GAPLESSPLAYBACK", "\xa9mvi": "MOVEMENT"}
_OF_TOTAL = {"trkn": ("TRACKNUMBER", "TRACKTOTAL"), "disk": ("DISCNUMBER", "DISCTOTAL")}
_FREE = "----:"
_NAMES_OF_FREE = {
    "MusicBrainz Track Id": "MUSICBRAINZ_TRACKID",
    "MusicBrainz Artist Id": "MUSICBRAINZ_ARTISTID",
    "MusicBrainz Album Id": "MUSICBRAINZ_ALBUMID",
    "MusicBrainz Album Artist Id": "MUSICBRAINZ_ALBUMARTISTID",
    "MusicBrainz Release Group Id": "MUSICBRAINZ_RELEASEGROUPID",
    "MusicBrainz Release Track Id": "MUSICBRAINZ_RELEASETRACKID",
}
_IMAGES = {13: "image/jpeg", 14: "image/png"}


def read_mp4(fo: BinaryIO) -> Metadata:
    """Tags, pictures and chapters; what cannot be told as a tag is named in a warning."""
    from mutagen.mp4 import MP4

    found = Metadata()
    try:
        file = MP4(fileobj=fo)
        tags: dict[str, Any] = dict((file.tags or {}).items())
        for key, value in tags.items():
            _take(key, value, found)
        for number, chapter in enumerate(file.chapters or (), 1):
            found.tags += chapter_tags(number, chapter.start, chapter.title)
    except Exception as exc:  # noqa: BLE001 - whatever a parser of foreign metadata trips over, audio follows
        said = (str(exc).splitlines() or [""])[0] or type(exc).__name__
        found.warnings.append(f"the metadata cannot be read ({said}): left out")
    return found


def _take(key: str, value: Any, found: Metadata) -> None:
    if key in _TEXTS:
        found.tags += [(_TEXTS[key], str(text)) for text in value]
    elif key in _NUMBERS:
        values = value if isinstance(value, list) else [int(value)]
        found.tags += [(_NUMBERS[key], str(int(number))) for number in values]
    elif key in _OF_TOTAL:
        for pair in value:
            told = zip(_OF_TOTAL[key], pair, strict=False)
            found.tags += [(name, str(number)) for name, number in told if number]
    elif key == "covr":
        for image in value:
            mime = _IMAGES.get(int(image.imageformat), "")
            found.attachments.append((PICTURE, pack_picture(bytes(image), mime)))
    elif key.startswith(_FREE):
        name = key.rpartition(":")[2].replace("=", " ")
        texts = [bytes(text).decode("utf-8", "replace") for text in value]
        found.tags += [(_NAMES_OF_FREE.get(name, name), text) for text in texts]
    else:
        found.warnings.append(f"the MP4 tag {named([key.strip()])} has no name as a tag: left out")
