"""Writing and reading files that are whole."""

import io
from dataclasses import replace

import numpy as np
import pytest
from streams import Pipe

from dpcodec.container import constants as c
from dpcodec.container.header import segment_count
from dpcodec.container.packets import Head, parse_head
from dpcodec.container.stream import Reader, Writer
from dpcodec.errors import FormatError, LimitError

from .small_files import HEADER, Opened, SlowPipe, bodies_of, build, read


def packets(data: bytes) -> list[tuple[int, Head]]:
    """(offset, head) of every packet of a file that is whole."""
    assert data[:8] == b"\x89DPC\r\n\x1a\n"
    position, found = 8, []
    while position < len(data):
        head = parse_head(data, position)
        assert head
        found.append((position, head))
        position += head.packet_bytes
    assert position == len(data)
    return found


@pytest.mark.parametrize("samples", [0, 1, 32, 33, 225, 450, 32 * 8 * 40])
@pytest.mark.parametrize("written_to", ["file", "pipe"])
def test_round_trip(opened: Opened, samples: int, written_to: str) -> None:
    tags = (("TITLE", "two words"), ("COMMENT", "c" * 500))
    data = build(samples, io.BytesIO() if written_to == "file" else SlowPipe(), tags)
    reader, segments = read(opened(data))
    assert reader.whole
    assert reader.damage == []
    assert reader.warnings == []
    assert reader.tags == tags
    assert reader.header == replace(HEADER, samples=samples)
    assert reader.header.segments is not None
    assert [s.index for s in segments] == list(range(reader.header.segments))
    for segment in segments:
        assert segment.total_parts == 4
        assert segment.parts == dict(enumerate(bodies_of(segment.index)))


def test_order_of_packets() -> None:
    data = build(450, tags=[("a", "b")])
    kinds = [(head.type, head.segment, head.part, head.parts) for _, head in packets(data)]
    dealt = [(c.TYPE_DATA, segment, part, 4) for segment in (0, 1) for part in range(4)]
    assert kinds == [(c.TYPE_HEAD, 0, 0, 0), (c.TYPE_TAGS, 0, 0, 0), *dealt, (c.TYPE_END, 0, 0, 0)]


def test_overhead_of_a_short_file() -> None:
    """Magic, header and end of a file of one segment, its DATA packets apart."""
    data = build(200)
    assert len(data) - sum(head.packet_bytes for _, head in packets(data) if head.type == c.TYPE_DATA) == 172


def test_first_header_is_patched_only_where_the_output_can_seek() -> None:
    first = {}
    for kind, out in (("file", io.BytesIO()), ("pipe", SlowPipe())):
        first[kind] = Reader(io.BytesIO(build(450, out)[:160])).total_samples
    assert first == {"file": 450, "pipe": None}


def test_file_objects_need_not_stand_at_their_start() -> None:
    out = io.BytesIO(b"before")
    out.seek(6)
    writer = Writer(out, HEADER)
    writer.write_segment(0, [b"x"])
    writer.close(100)
    assert out.getvalue()[:6] == b"before"
    out.seek(6)
    reader, segments = read(out)
    assert reader.whole
    assert segments[0].parts == {0: b"x"}
    assert segments[0].total_parts == 1


def test_header_copies_and_index_of_a_long_file() -> None:
    out = io.BytesIO()
    writer = Writer(out, HEADER)
    count = 100
    for index in range(count):
        writer.write_segment(index, [bytes(1500)] * 4)
    writer.close(32 * (8 * count - 1))
    data = out.getvalue()
    found = packets(data)
    copies = [offset for offset, head in found if head.type == c.TYPE_HEAD][1:]
    gaps = np.diff([8, *copies])
    assert len(copies) == 6
    assert gaps.min() >= 1 << 16
    starts = [offset for offset, head in found if head.type == c.TYPE_DATA and head.part == 0]
    assert found[-2][1].type == c.TYPE_INDEX
    reader, _ = read(data)
    assert reader.whole
    assert reader._intake.catalogue.index == starts


def test_header_copies_between_huge_segments() -> None:
    out = io.BytesIO()
    writer = Writer(out, HEADER)
    for index in range(4):
        writer.write_segment(index, [bytes(5 << 20)])
    copies = [head for _, head in packets(out.getvalue()) if head.type == c.TYPE_HEAD]
    assert len(copies) == 4


def test_exact_bodies_are_compressed_where_that_helps() -> None:
    out = io.BytesIO()
    writer = Writer(out, replace(HEADER, exact=True))
    noise = np.random.default_rng(0).bytes(400)
    writer.write_segment(0, [bytes(4000), noise])
    writer.close(100)
    heads = [head for _, head in packets(out.getvalue()) if head.type == c.TYPE_DATA]
    assert [head.flags for head in heads] == [c.FLAG_COMPRESSED, 0]
    assert heads[0].length < 50
    _, segments = read(out.getvalue())
    assert segments[0].parts == {0: bytes(4000), 1: noise}


def test_a_stretch_reads_no_other_bodies() -> None:
    data = bytearray(build(32 * 8 * 30))
    for offset, head in packets(bytes(data)):
        if head.type == c.TYPE_DATA and not 10 <= head.segment < 13:
            data[offset + c.HEAD_BYTES] ^= 1
    reader = Reader(io.BytesIO(bytes(data)))
    assert [s.index for s in reader.segments(10, 13)] == [10, 11, 12]
    assert reader.damage == []
    assert not reader.whole


def test_a_stretch_from_a_pipe() -> None:
    reader = Reader(SlowPipe(build(32 * 8 * 30)))
    segments = list(reader.segments(10, 13))
    assert [s.index for s in segments] == [10, 11, 12]
    assert segments[0].parts == dict(enumerate(bodies_of(10)))
    assert reader.damage == []


def test_a_stretch_past_the_end(opened: Opened) -> None:
    assert list(Reader(opened(build(450))).segments(7, 9)) == []
    assert [s.index for s in Reader(opened(build(450))).segments(1, 99)] == [1]


def test_a_pipe_is_not_held_in_memory() -> None:
    out = SlowPipe()
    writer = Writer(out, HEADER)
    for index in range(60):
        writer.write_segment(index, [bytes(50000)] * 4)
    writer.close(32 * (8 * 60 - 1))
    reader = Reader(Pipe(out.getvalue()))
    most = 0
    for _ in reader.segments():
        most = max(most, len(reader._intake.source._held))
    assert reader.whole
    assert most < 1 << 18


def test_writer_refuses_what_cannot_be() -> None:
    writer = Writer(io.BytesIO(), HEADER)
    for bodies in ([], [b"x"] * 5):
        with pytest.raises(FormatError, match="parts"):
            writer.write_segment(0, bodies)
    writer.write_segment(3, [b"x"])
    with pytest.raises(FormatError, match="segment 2 comes after segment 3"):
        writer.write_segment(2, [b"x"])
    with pytest.raises(LimitError, match="16777217 bytes"):
        writer.write_segment(4, [bytes((16 << 20) + 1)])
    with pytest.raises(FormatError, match="segments"):
        writer.close(32)


def test_more_packets_than_a_reader_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "MAX_PACKETS", 7)
    writer = Writer(io.BytesIO(), HEADER)
    writer.write_segment(0, [b"x"] * 4)
    with pytest.raises(LimitError, match="longer segments"):
        writer.write_segment(1, [b"x"] * 4)
    monkeypatch.undo()
    data = build(450)
    monkeypatch.setattr(c, "MAX_PACKETS", 7)
    with pytest.raises(LimitError, match="7 packets"):
        Reader(io.BytesIO(data))


def test_fewer_samples_than_a_pipe_was_promised(opened: Opened) -> None:
    data = _promise(450, 225)
    reader, segments = read(opened(data))
    assert reader.whole
    assert reader.total_samples == 225
    assert len(segments) == 2
    assert "promised 450" in reader.warnings[0]


def test_more_samples_than_a_pipe_was_promised(opened: Opened) -> None:
    reader, segments = read(opened(_promise(100, 1500)))
    assert reader.total_samples == 1500
    assert len(segments) == 6
    assert reader.whole
    assert reader.warnings


def _promise(promised: int, true: int) -> bytes:
    out = SlowPipe()
    writer = Writer(out, replace(HEADER, samples=promised))
    for index in range(segment_count(HEADER, true)):
        writer.write_segment(index, bodies_of(index))
    writer.close(true)
    return out.getvalue()
