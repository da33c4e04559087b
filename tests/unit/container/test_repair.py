"""Repair: what comes out is well formed, and says no more than what went in."""

import io
from dataclasses import replace
from typing import BinaryIO

import pytest
from streams import join, pieces_of

from dpcodec.container import constants as c
from dpcodec.container.packets import pack_packet
from dpcodec.container.repair import RepairReport, repair_stream
from dpcodec.errors import FormatError

from .small_files import HEADER, Opened, SlowPipe, build, read

LONG = 32 * 8 * 40 - 32


def repaired(source: BinaryIO) -> tuple[bytes, RepairReport]:
    out = io.BytesIO()
    report = repair_stream(source, out)
    return out.getvalue(), report


def test_a_whole_file_stays_whole(opened: Opened) -> None:
    data = build(LONG, tags=[("k", "v")])
    out, report = repaired(opened(data))
    reader, segments = read(out)
    assert reader.whole
    assert reader.tags == (("k", "v"),)
    assert reader.header == replace(HEADER, samples=LONG, repaired=True)
    assert segments == read(data)[1]
    assert report.complete
    assert (report.copied, report.missing, report.damage) == (160, 0, ())
    assert repaired(opened(out))[0] == out


def test_junk_order_and_repetition_are_mended() -> None:
    pieces = pieces_of(build(LONG))
    mixed = pieces[:1] + [x for piece in reversed(pieces[1:]) for x in (piece, piece, b"junk")]
    out, report = repaired(io.BytesIO(b"".join(mixed)))
    reader, segments = read(out)
    assert report.complete
    assert report.damage
    assert reader.whole
    assert segments == read(build(LONG))[1]


def test_what_is_missing_stays_missing(opened: Opened) -> None:
    pieces = pieces_of(build(LONG))
    bad = bytearray(pieces[9])
    bad[-5] ^= 1
    del pieces[30:34]
    data = join([*pieces[:9], bytes(bad), *pieces[10:]])
    out, report = repaired(opened(data))
    assert (report.copied, report.missing, report.complete) == (155, 5, False)
    reader, segments = read(out)
    before, expected = read(data)
    assert segments == expected
    assert reader.total_samples == LONG
    assert not reader.whole
    assert {d.kind for d in reader.damage} == {"part"}
    assert len(reader.damage) == report.missing == 5
    assert not before.whole


def test_a_cut_file_keeps_its_length(opened: Opened) -> None:
    out, report = repaired(opened(build(LONG)[:3000]))
    reader, segments = read(out)
    assert reader.total_samples == LONG
    assert len(segments) == 40
    assert not reader.whole
    assert not report.complete
    assert "end" not in {d.kind for d in reader.damage}


def test_a_file_that_never_told_its_length_is_never_whole(opened: Opened) -> None:
    out, report = repaired(opened(build(LONG, SlowPipe())[:3000]))
    reader, segments = read(out)
    assert reader.total_samples is None
    assert segments
    assert not reader.whole
    assert "end" in {d.kind for d in reader.damage}
    assert report.copied


def test_the_header_is_put_back_in_front(opened: Opened) -> None:
    out, report = repaired(opened(build(450)[75:]))
    assert out[:8] == c.MAGIC
    assert read(out)[0].whole
    assert any("header" in line for line in report.damage)


def test_safe_packets_are_copied_and_others_not(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    safe, unsafe = pack_packet(0xC0DE, b"safe", flags=4), pack_packet(0x80DE, b"unsafe")
    out, _ = repaired(opened(join([*pieces[:4], safe, unsafe, *pieces[4:]])))
    assert safe in out
    assert unsafe not in out
    assert read(out)[0].whole


def test_a_hash_that_contradicts_good_packets_is_kept(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    pieces[3] = pack_packet(c.TYPE_DATA, b"another file's", segment=0, part=2, parts=4)
    out, report = repaired(opened(join(pieces)))
    reader, _ = read(out)
    assert {d.kind for d in reader.damage} == {"hash"}
    assert "end hash" in report.damage[0]


def test_the_index_is_rebuilt() -> None:
    pieces = pieces_of(build(LONG))
    moved = [*pieces[:-1], pack_packet(0x80DE, b"x"), pieces[-1]]
    moved.insert(1, pack_packet(0x80DE, b"y"))
    data = join(moved)
    assert "index" in read(data)[0].warnings[0]
    out, _ = repaired(io.BytesIO(data))
    assert read(out)[0].warnings == []


def test_nothing_to_repair(opened: Opened) -> None:
    with pytest.raises(FormatError, match="not a"):
        repaired(opened(b"plain text"))
