"""Files that something happened to: faults 20 to 30 of the fault table, as the container sees them."""

import io
import struct
from dataclasses import replace

import pytest
from streams import Pipe, join, pieces_of

from dpcodec.container import constants as c
from dpcodec.container.header import pack_header
from dpcodec.container.packets import pack_packet
from dpcodec.container.stream import Reader
from dpcodec.errors import FormatError, VersionError

from .small_files import HEADER, LONG, Opened, SlowPipe, build, check_good, kinds, read


def test_one_lost_packet(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    for number in range(1, 9):
        segment, part = divmod(number - 1, 4)
        reader, segments = read(opened(join(pieces[:number] + pieces[number + 1 :])))
        check_good(reader, segments, [(segment, part)])
        assert [(d.kind, d.segment, d.part) for d in reader.damage] == [("part", segment, part)]
        assert not reader.whole
        assert reader.total_samples == 450


def test_a_lost_segment_is_given_without_parts(opened: Opened) -> None:
    pieces = pieces_of(build(LONG))
    del pieces[1 + 4 * 7 : 1 + 4 * 10]
    reader, segments = read(opened(join(pieces)))
    assert len(segments) == 40
    for index in (7, 8, 9):
        assert segments[index].parts == {}
        assert segments[index].total_parts == 4
    assert [d.segment for d in reader.damage] == [7, 8, 9]
    assert "segment 7: missing" in str(reader.damage[0])


def test_reordered_packets() -> None:
    pieces = pieces_of(build(LONG))
    reader, segments = read(join(pieces[:1] + pieces[1:][::-1]))
    check_good(reader, segments)
    assert reader.whole
    reader, segments = read(join(pieces[::-1]))
    check_good(reader, segments)
    assert reader.total_samples == LONG


def test_reordered_within_reach_of_a_pipe() -> None:
    pieces = pieces_of(build(LONG))
    data = pieces[1:]
    swapped = [piece for i in range(0, 160, 8) for piece in data[i : i + 8][::-1]]
    reader, segments = read(SlowPipe(join(pieces[:1] + swapped + data[160:])))
    check_good(reader, segments)
    assert reader.whole


def test_too_late_on_a_pipe() -> None:
    pieces = pieces_of(build(LONG))
    late = pieces.pop(1)
    reader, segments = read(SlowPipe(join([*pieces[:60], late, *pieces[60:]])))
    check_good(reader, segments, [(0, 0)])
    assert kinds(reader) == {"part", "place"}


def test_duplicates_are_harmless(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    reader, segments = read(opened(join([piece for piece in pieces for _ in range(2)])))
    check_good(reader, segments)
    assert reader.whole


def test_disagreeing_duplicates(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    other = pack_packet(c.TYPE_DATA, b"something else", segment=0, part=2, parts=4)
    reader, segments = read(opened(join([*pieces[:4], other, *pieces[4:]])))
    check_good(reader, segments)
    assert kinds(reader) == {"duplicate"}
    assert not reader.whole


@pytest.mark.parametrize("junk", [b"\0", b"x" * 100, c.SYNC, c.MAGIC, bytes(5000), c.SYNC * 900])
def test_junk_between_packets(opened: Opened, junk: bytes) -> None:
    pieces = pieces_of(build(450))
    for number in (1, 3, 8):
        reader, segments = read(opened(join([*pieces[:number], junk, *pieces[number:]])))
        check_good(reader, segments)
        assert [(d.kind, d.what) for d in reader.damage] == [
            ("junk", f"{len(junk)} bytes belong to no packet")
        ]
        assert not reader.whole


def test_one_byte_lost_or_put_in(opened: Opened) -> None:
    data = build(450)
    for position in range(8 + 72, len(data) - 92, 3):
        for changed in (data[:position] + data[position + 1 :], data[:position] + b"?" + data[position:]):
            reader, segments = read(opened(changed))
            whole = sum(len(s.parts) for s in segments)
            assert len(segments) == 2
            assert whole >= 7
            assert not reader.whole
            assert reader.total_samples == 450


def test_a_block_of_zeros(opened: Opened) -> None:
    data = bytearray(build(LONG))
    data[2000:3500] = bytes(1500)
    reader, segments = read(opened(bytes(data)))
    assert len(segments) == 40
    assert sum(len(s.parts) for s in segments) >= 160 - 1500 // 29 - 2
    assert "junk" in kinds(reader)


@pytest.mark.parametrize("lost", [72, 8 + 72, 60, 9])
def test_first_header_lost(opened: Opened, lost: int) -> None:
    """Without the first header, the first `lost` bytes: END holds a copy."""
    data = build(450)
    for changed in (data[lost:], bytes(lost) + data[lost:]):
        reader, segments = read(opened(changed))
        check_good(reader, segments)
        assert reader.header == replace(HEADER, samples=450)
        assert {"magic", "header"} <= kinds(reader)
        assert not reader.whole


def test_magic_lost_or_wrong(opened: Opened) -> None:
    data = build(450)
    for changed in (data[8:], b"?" + data[1:], b"ID3 tag" + data, data.replace(b"\r\n", b"\n", 1)):
        reader, segments = read(opened(changed))
        check_good(reader, segments)
        assert "magic" in kinds(reader)


def test_header_copies_in_the_middle() -> None:
    pieces = pieces_of(build(LONG))
    copy = pieces[0]
    changed = join([*pieces[1:50], copy, *pieces[50:100]])
    reader, segments = read(changed)
    assert {"header", "end"} <= kinds(reader)
    assert reader.total_samples == LONG
    assert len(segments) == 40


def test_truncated_keeps_the_exact_length(opened: Opened) -> None:
    data = build(450)
    for cut in range(8 + 72, len(data)):
        reader, segments = read(opened(data[:cut]))
        assert reader.total_samples == 450
        assert len(segments) == 2
        assert "end" in kinds(reader)
        assert not reader.whole


def test_truncated_before_the_length_was_told(opened: Opened) -> None:
    data = build(LONG, SlowPipe())
    reader, segments = read(opened(data[:1500]))
    assert reader.total_samples is None
    assert len(segments) == segments[-1].index + 1 < 40
    assert not reader.whole


@pytest.mark.parametrize(
    "data,what",
    [
        (b"", "empty"),
        (c.MAGIC[:5], "cut short"),
        (c.MAGIC + b"\xf2dp", "cut short"),
        (b"RIFF" + bytes(400), "not a .dpc file"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}", "not a .dpc file"),
        (b"\x80\x04cos\nsystem\n(S'true'\ntR.", "not a .dpc file"),
        (c.MAGIC.replace(b"\r\n", b"\n") + bytes(99), "text mode"),
        (c.MAGIC + pack_packet(c.TYPE_DATA, b"x", parts=1), "no copy of the header"),
    ],
)
def test_not_a_file_of_ours(opened: Opened, data: bytes, what: str) -> None:
    with pytest.raises(FormatError, match=what) as caught:
        Reader(opened(data))
    assert "\n" not in str(caught.value)


def test_endless_junk_from_a_pipe() -> None:
    class Zeros(Pipe):
        def read(self, size: int | None = -1) -> bytes:
            return bytes(size or 0)

    with pytest.raises(FormatError, match=r"not a \.dpc file"):
        Reader(Zeros())


def test_two_files_in_a_row(opened: Opened) -> None:
    data = build(450)
    reader, segments = read(opened(data + build(LONG)))
    check_good(reader, segments)
    assert len(segments) == 2
    assert reader.whole
    assert "left out" in reader.warnings[0]


def test_two_files_in_a_row_the_first_without_its_end(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    reader, segments = read(opened(join(pieces[:-1]) + build(LONG)))
    check_good(reader, segments)
    assert len(segments) == 2
    assert kinds(reader) == {"end"}


def test_junk_after_the_end(opened: Opened) -> None:
    reader, _ = read(opened(build(450) + b"junk"))
    assert reader.whole
    assert len(reader.warnings) == 1


def test_the_end_in_front_and_junk_behind_it(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    reader, segments = read(opened(join([pieces[0], pieces[-1], b"junk", *pieces[1:-1]])))
    check_good(reader, segments)
    assert kinds(reader) == {"junk"}


def test_wrong_end_hash(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    body = bytearray(pieces[-1][c.HEAD_BYTES : -4])
    body[3] ^= 1
    reader, segments = read(opened(join([*pieces[:-1], pack_packet(c.TYPE_END, bytes(body))])))
    check_good(reader, segments)
    assert kinds(reader) == {"hash"}
    assert not reader.whole


def test_packets_in_impossible_places(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    strange = [
        pack_packet(c.TYPE_DATA, b"x", segment=0, part=4, parts=4),
        pack_packet(c.TYPE_DATA, b"x", segment=0, part=0, parts=0),
        pack_packet(c.TYPE_DATA, b"x", segment=0, part=0, parts=255),
        pack_packet(c.TYPE_DATA, b"x", segment=1, part=5, parts=6),
        pack_packet(c.TYPE_DATA, b"x", segment=1, part=0, parts=2),
    ]
    reader, segments = read(opened(join([*pieces[:-1], *strange, pieces[-1]])))
    check_good(reader, segments)
    assert kinds(reader) == {"place"}
    assert len(reader.damage) == 5


def test_packet_beyond_the_end() -> None:
    pieces = pieces_of(build(450))
    beyond = pack_packet(c.TYPE_DATA, b"x", segment=2, part=0, parts=1)
    for source in (io.BytesIO, SlowPipe):
        reader, segments = read(source(join([*pieces[:-1], beyond, pieces[-1]])))
        check_good(reader, segments)
        assert len(segments) == 2
        assert kinds(reader) == {"place"}


def test_headers_that_disagree(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    other = pack_packet(c.TYPE_HEAD, pack_header(replace(HEADER, sample_rate=8000)))
    reader, segments = read(opened(join([*pieces[:5], other, *pieces[5:]])))
    check_good(reader, segments)
    assert reader.header.sample_rate == 16000
    assert kinds(reader) == {"header"}


@pytest.mark.parametrize(
    "kind,flags,error",
    [(0x0009, 0, True), (0x2002, 0, True), (c.TYPE_DATA, 0x8000, True), (0x8009, 3, False)],
)
def test_unknown_packets(opened: Opened, kind: int, flags: int, error: bool) -> None:
    pieces = pieces_of(build(450))
    data = join([*pieces[:3], pack_packet(kind, b"news", flags=flags, parts=1), *pieces[3:]])
    if error:
        with pytest.raises(VersionError, match="upgrade"):
            read(opened(data))
        return
    reader, segments = read(opened(data))
    check_good(reader, segments)
    assert reader.whole


def test_an_unknown_packet_that_is_damaged_is_only_damage(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    bad = bytearray(pack_packet(0x0009, b"news"))
    bad[-6] ^= 1
    reader, segments = read(opened(join([*pieces[:3], bytes(bad), *pieces[3:]])))
    check_good(reader, segments)
    assert kinds(reader) == {"packet"}


def test_newer_major_version(opened: Opened) -> None:
    body = b"\x02" + pack_header(HEADER)[1:]
    with pytest.raises(VersionError, match=r"2\.x"):
        Reader(opened(join([pack_packet(c.TYPE_HEAD, body)])))


def test_newer_minor_version(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    body = bytearray(pieces[0][c.HEAD_BYTES : -4])
    body[1] = 9
    reader, segments = read(opened(join([pack_packet(c.TYPE_HEAD, bytes(body) + b"new"), *pieces[1:]])))
    check_good(reader, segments)
    assert reader.whole


def test_damaged_or_oversized_tags_cost_no_audio(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    for tags, flags in ((bytes(2 << 20), 0), (b"junk", 1), (struct.pack("<I", 99), 0)):
        data = join([pieces[0], pack_packet(c.TYPE_TAGS, tags, flags=flags), *pieces[1:]])
        reader, segments = read(opened(data))
        check_good(reader, segments)
        assert reader.tags == ()
        assert reader.warnings
        assert reader.whole


def test_a_body_that_cannot_be_decompressed(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    bad = pack_packet(c.TYPE_DATA, b"not zstd", segment=0, part=0, parts=4, flags=c.FLAG_COMPRESSED)
    reader, segments = read(opened(join([pieces[0], bad, *pieces[2:]])))
    check_good(reader, segments, [(0, 0)])
    assert "packet" in kinds(reader)


def test_damage_is_not_listed_without_end(opened: Opened) -> None:
    pieces = pieces_of(build(450))
    noisy = b"".join(b"j" + pack_packet(0x8009, b"") for _ in range(6000))
    reader, segments = read(opened(join([*pieces[:-1], noisy, pieces[-1]])))
    check_good(reader, segments)
    assert len(reader.damage) == c.MAX_DAMAGE_ENTRIES + 1
