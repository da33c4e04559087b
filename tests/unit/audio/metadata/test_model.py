"""What is kept, what is over the limits, what is named."""

from __future__ import annotations

from dpcodec.audio.metadata import model
from dpcodec.audio.metadata.model import (
    Metadata,
    bounded,
    label,
    lost_warning,
    speakers_of,
    without_positions,
)


def test_what_fits_is_kept_and_the_rest_is_named_once() -> None:
    big = bytes(model.MAX_ATTACHMENTS_BYTES)
    found = bounded(
        Metadata(
            tags=[("A", "x" * model.MAX_TAGS_BYTES), ("B", "1"), ("", "2"), ("C=D", "3")],
            attachments=[("riff:bext", b"1"), ("picture", big), ("riff:iXML", b"2")],
            warnings=["before"],
        )
    )
    assert found.tags == [("B", "1")]
    assert found.attachments == [("riff:bext", b"1"), ("riff:iXML", b"2")]
    assert found.warnings[0] == "before"
    assert [word in found.warnings[1] for word in ("tag A", "tag C=D", "picture of", "15 MiB")] == [True] * 4


def test_many_tags_and_attachments() -> None:
    found = bounded(
        Metadata(
            tags=[("K", str(i)) for i in range(2000)],
            attachments=[("k", bytes([i % 256])) for i in range(2000)],
        )
    )
    assert (len(found.tags), len(found.attachments)) == (model.MAX_TAGS, model.MAX_ATTACHMENTS)


def test_the_limits_are_those_of_the_container() -> None:
    from dpcodec.container import constants as c

    assert (model.MAX_TAGS, model.MAX_TAGS_BYTES) == (c.MAX_TAGS, c.MAX_TAGS_BYTES)
    assert (model.MAX_ATTACHMENTS, model.MAX_ATTACHMENTS_BYTES) == (
        c.MAX_ATTACHMENTS,
        c.MAX_ATTACHMENTS_BYTES,
    )
    assert c.MAX_ATTACHMENTS_BYTES + c.MAX_TAGS_BYTES <= c.MAX_EXTRA_BYTES


def test_positions() -> None:
    kept, warning = without_positions((("riff:cue ", b""), ("riff:bext", b"1"), ("cuesheet", b"")))
    assert kept == (("riff:bext", b"1"),)
    assert warning.startswith("the RIFF chunk cue, the cue sheet would name")
    assert without_positions(kept) == (kept, "")


def test_words() -> None:
    assert lost_warning("X") == []
    assert lost_warning("X", ["A", "A", "B"], ["speakers", "flac:test"]) == [
        "X has no place for the tags A, B and the speaker layout, the FLAC block test: left out"
    ]
    assert label("kind of the future") == "the kind of the future"
    assert speakers_of((("speakers", b"123"),)) == 0
