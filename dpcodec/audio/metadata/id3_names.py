"""Which ID3 frame and which Vorbis comment mean the same: the names that most taggers use."""

from __future__ import annotations

FRAMES = {
    "TITLE": "TIT2",
    "ARTIST": "TPE1",
    "ALBUM": "TALB",
    "ALBUMARTIST": "TPE2",
    "COMPOSER": "TCOM",
    "DATE": "TDRC",
    "ORIGINALDATE": "TDOR",
    "RELEASEDATE": "TDRL",
    "TRACKNUMBER": "TRCK",
    "DISCNUMBER": "TPOS",
    "DISCSUBTITLE": "TSST",
    "GENRE": "TCON",
    "MOOD": "TMOO",
    "GROUPING": "TIT1",
    "SUBTITLE": "TIT3",
    "CONDUCTOR": "TPE3",
    "REMIXER": "TPE4",
    "LYRICIST": "TEXT",
    "LANGUAGE": "TLAN",
    "BPM": "TBPM",
    "INITIALKEY": "TKEY",
    "ISRC": "TSRC",
    "COPYRIGHT": "TCOP",
    "ENCODED-BY": "TENC",
    "ENCODERSETTINGS": "TSSE",
    "ORGANIZATION": "TPUB",
    "MEDIA": "TMED",
    "COMPILATION": "TCMP",
    "TITLESORT": "TSOT",
    "ARTISTSORT": "TSOP",
    "ALBUMSORT": "TSOA",
    "ALBUMARTISTSORT": "TSO2",
    "COMPOSERSORT": "TSOC",
    "WEBSITE": "WOAR",
    "LICENSE": "WCOP",
}
KEYS = {frame: key for key, frame in FRAMES.items()}

NAMES_OF_TXXX = {
    "MusicBrainz Artist Id": "MUSICBRAINZ_ARTISTID",
    "MusicBrainz Album Id": "MUSICBRAINZ_ALBUMID",
    "MusicBrainz Album Artist Id": "MUSICBRAINZ_ALBUMARTISTID",
    "MusicBrainz Release Group Id": "MUSICBRAINZ_RELEASEGROUPID",
    "MusicBrainz Release Track Id": "MUSICBRAINZ_RELEASETRACKID",
    "MusicBrainz Work Id": "MUSICBRAINZ_WORKID",
    "MusicBrainz Disc Id": "MUSICBRAINZ_DISCID",
    "MusicBrainz Album Type": "RELEASETYPE",
    "MusicBrainz Album Status": "RELEASESTATUS",
    "MusicBrainz Album Release Country": "RELEASECOUNTRY",
    "Acoustid Id": "ACOUSTID_ID",
    "Acoustid Fingerprint": "ACOUSTID_FINGERPRINT",
}
"""Descriptions of TXXX frames, as MusicBrainz Picard writes them."""
TXXX_OF_KEYS = {key: name for name, key in NAMES_OF_TXXX.items()}

UNIQUE_ID = "MUSICBRAINZ_TRACKID"
UFID_OWNER = "http://musicbrainz.org"
