"""Tags: never fatal on the way in, never over the limits on the way out."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpcodec.container.tags import escape, pack_tags, unpack_tags
from dpcodec.errors import LimitError, SettingsError

KEYS = st.text(st.characters(exclude_characters="=", exclude_categories=["Cs"]), min_size=1, max_size=9)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def entry(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def test_layout() -> None:
    assert pack_tags([("TITLE", "Für")]) == entry("TITLE=Für".encode())
    assert pack_tags([]) == b""


@given(st.lists(st.tuples(KEYS, VALUES), max_size=8))
def test_round_trip(tags: list[tuple[str, str]]) -> None:
    assert unpack_tags(pack_tags(tags)) == (tuple(tags), [])


@given(st.binary(max_size=60))
def test_any_bytes(body: bytes) -> None:
    for key, value in unpack_tags(body)[0]:
        assert key
        assert "=" not in key
        value.encode()


def test_values_may_hold_anything() -> None:
    tags = (("a", "x=y"), ("b", ""), ("c", "\x1b[31m../../etc\n"), ("c", "again"))
    assert unpack_tags(pack_tags(tags))[0] == tags


def test_lone_surrogates_are_replaced() -> None:
    assert unpack_tags(pack_tags([("a", "x\ud800")]))[0] == (("a", "x?"),)


@pytest.mark.parametrize("key", ["", "a=b"])
def test_impossible_keys(key: str) -> None:
    with pytest.raises(SettingsError, match="tag key"):
        pack_tags([(key, "v")])


def test_limits_when_writing() -> None:
    pack_tags([("k", "v")] * 1024)
    with pytest.raises(LimitError, match="1025 tags"):
        pack_tags([("k", "v")] * 1025)
    with pytest.raises(LimitError, match="leave some out"):
        pack_tags([("k", "v" * (1 << 20))])


def test_a_million_tags_are_cut_off() -> None:
    tags, warnings = unpack_tags(entry(b"k=v") * 100_000)
    assert len(tags) == 1024
    assert warnings == ["tags after the first 1024 are left out"]


@pytest.mark.parametrize("bad", [entry(b"no equals sign"), entry(b"=v"), entry(b"")])
def test_entries_without_a_key_are_left_out(bad: bytes) -> None:
    tags, warnings = unpack_tags(bad + entry(b"k=v"))
    assert tags == (("k", "v"),)
    assert warnings == ["a tag without a key is left out"]


@pytest.mark.parametrize("cut", [b"\x05", b"\x05\0\0\0k=v", b"\xff\xff\xff\xffk=v"])
def test_cut_within_an_entry(cut: bytes) -> None:
    assert unpack_tags(entry(b"k=v") + cut) == ((("k", "v"),), ["the tags end within an entry"])


def test_invalid_utf8_is_shown_escaped() -> None:
    assert unpack_tags(entry(b"k=\xffv")) == ((("k", "\\xffv"),), ["a tag is not UTF-8 text"])


@pytest.mark.parametrize(
    "text,shown",
    [("plain ä", "plain ä"), ("\x1b[2J", "\\x1b[2J"), ("a\r\nb", "a\\r\\nb"), ("\u202e", "\\u202e")],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown
    assert escape(text).isprintable()
