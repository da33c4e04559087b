"""ID3 frames and tags: which say the same, and what comes back."""

from __future__ import annotations

import io
from typing import Any

import mutagen.id3
import pytest

from dpcodec.audio.metadata.id3 import build_id3, chapter_tags, frames_lost, read_id3
from dpcodec.audio.metadata.id3_names import FRAMES, TXXX_OF_KEYS
from dpcodec.audio.metadata.model import ID3, PICTURE
from dpcodec.audio.metadata.pictures import pack_picture, picture_image


def tag_bytes(*frames: Any, version: int = 4) -> bytes:
    tag: Any = mutagen.id3.ID3()
    for frame in frames:
        tag.add(frame)
    out = io.BytesIO()
    if version == 3:
        tag.update_to_v23()
    tag.save(fileobj=out, v2_version=version, padding=lambda info: 0)
    return out.getvalue()


def frames_of(data: bytes) -> dict[str, Any]:
    tag: Any = mutagen.id3.ID3(fileobj=io.BytesIO(data))
    return dict(tag.items())


@pytest.mark.parametrize(
    "key", [*FRAMES, *TXXX_OF_KEYS, "MUSICBRAINZ_TRACKID", "LYRICS", "COMMENT", "my own"]
)
def test_every_key_comes_back(key: str) -> None:
    value = "2021-05" if key.endswith("DATE") else "1"
    if key == "GENRE":
        value = "Rock"
    found = read_id3(build_id3(((key, value),), ()))
    assert found.tags == [(key, value)]


@pytest.mark.parametrize(
    "tags",
    [
        (("DATE", "in March"),),
        (("GENRE", "(17)"), ("GENRE", "17")),
        (("ARTIST", "One"), ("ARTIST", "Two"), ("ARTIST", "One")),
        (("COMMENT:a b", "x"), ("COMMENT", "y")),
        (("LYRICS", "a\nb"), ("LYRICS", "c")),
        (("WEBSITE", "http://a/"), ("WEBSITE", "http://b/")),
        (("TIT2", "not the title"), ("TXXX", "x"), ("COMM", "y"), ("APIC", "z")),
        (("CHAPTER001", "00:00:01.000"), ("CHAPTER001NAME", "Start")),
        (("ÄÖ", "ü"),),
    ],
)
def test_values_that_a_frame_would_change_come_back_too(tags: tuple[tuple[str, str], ...]) -> None:
    assert sorted(read_id3(build_id3(tags, ())).tags) == sorted(tags)


def test_frames_come_back_as_they_were_unless_their_values_changed() -> None:
    m = mutagen.id3
    frames = [
        m.COMM(encoding=1, lang="deu", desc="", text=["eins"]),
        m.TPE1(encoding=1, text=["One", "Two"]),
        m.PRIV(owner="o", data=b"\0\1"),
    ]
    found = read_id3(tag_bytes(*frames))
    assert found.tags == [("COMMENT", "eins"), ("ARTIST", "One"), ("ARTIST", "Two")]
    attachments = tuple(found.attachments)
    same = frames_of(build_id3(tuple(found.tags), attachments))
    assert {k: repr(f) for k, f in same.items()} == {f.HashKey: repr(f) for f in frames}
    assert frames_lost(attachments) == ["PRIV (ID3)"]
    other = frames_of(build_id3((("ARTIST", "One"), ("COMMENT", "eins")), attachments))
    assert [f.text for k, f in other.items() if k == "TPE1"] == [["One"]]
    assert "COMM::deu" in other
    assert set(frames_of(build_id3((), attachments))) == {"PRIV:o:\0\1"}


def test_the_older_version_is_understood() -> None:
    frame = mutagen.id3.TDRC(encoding=3, text=["2021-05-04"])
    assert read_id3(tag_bytes(frame, version=3)).tags == [("DATE", "2021-05-04")]


def test_pictures_of_one_name_stay_two() -> None:
    pictures = tuple((PICTURE, pack_picture(data, "image/png")) for data in (b"\x89PNG 1", b"\x89PNG 2"))
    found = read_id3(build_id3((), pictures))
    assert [picture_image(data)[0] for kind, data in found.attachments if kind == PICTURE] == [
        b"\x89PNG 1",
        b"\x89PNG 2",
    ]


@pytest.mark.parametrize("data", [b"", b"ID3", b"junk" * 10, b"ID3\4\0\0\0\0\0\x7f" + bytes(20)])
def test_a_broken_tag_of_the_source_is_no_obstacle(data: bytes) -> None:
    assert read_id3(build_id3((("TITLE", "t"),), ((ID3, data), (PICTURE, data)))).tags == [("TITLE", "t")]


def test_nothing_makes_no_tag() -> None:
    assert build_id3((), ()) == b""


def test_chapters() -> None:
    assert chapter_tags(12, 3723.0004, "") == [("CHAPTER012", "01:02:03.000")]
    assert chapter_tags(1, -1.0, "")[0][1] == "00:00:00.000"
