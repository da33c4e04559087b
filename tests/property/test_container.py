"""No damage is ever taken for a whole file, and none gets anything but a named error out of the reader."""

import io
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import Pipe

from dpcodec.container.header import Header
from dpcodec.container.repair import repair_stream
from dpcodec.container.stream import Reader, Writer
from dpcodec.errors import DpcodecError, FormatError, LimitError

HEADER = Header(
    sample_rate=8000,
    channels=1,
    samples=None,
    n_fft=64,
    hop=32,
    window="hann",
    mask="random",
    drop_q32=2**31,
    seed=7,
    segment_frames=8,
    parts=8,
)
SAMPLES = 450
Opened = Callable[[bytes], BinaryIO]


OPEN: dict[str, Opened] = {"file": io.BytesIO, "pipe": partial(Pipe, most=500)}


def build() -> bytes:
    """Two segments of eight parts, 1.4 KB."""
    rng = random.Random(1)
    out = io.BytesIO()
    writer = Writer(out, HEADER, [("TITLE", "Two segments")])
    for index in range(2):
        writer.write_segment(index, [rng.randbytes(20 + 17 * (part % 5)) for part in range(8)])
    writer.close(SAMPLES)
    return out.getvalue()


DATA = build()
PARTS = [segment.parts for segment in Reader(io.BytesIO(DATA)).segments()]


def outcome(data: bytes, opened: Opened) -> type[DpcodecError] | str:
    """What reading gives: an error's class, "whole", or "damaged"; wrong contents fail here."""
    try:
        reader = Reader(opened(data))
        segments = list(reader.segments())
    except DpcodecError as error:
        return type(error) if len(str(error).splitlines()) == 1 else "more than one line"
    for segment in segments:
        for part, body in segment.parts.items():
            assert PARTS[segment.index][part] == body
    if reader.whole:
        assert reader.total_samples == SAMPLES
        assert [segment.parts for segment in segments] == PARTS
        assert replace(reader.header, samples=None) == HEADER
        return "whole"
    assert reader.damage
    assert reader.total_samples == SAMPLES
    assert [segment.index for segment in segments] == [0, 1]
    return "damaged"


@pytest.mark.parametrize("way", OPEN)
def test_cut_at_every_byte(way: str) -> None:
    assert len(DATA) > 1300
    outcomes = [outcome(DATA[:length], OPEN[way]) for length in range(len(DATA))]
    header_ends = 8 + 72
    assert set(outcomes[:header_ends]) == {FormatError}
    assert set(outcomes[header_ends:]) == {"damaged"}
    assert outcome(DATA, OPEN[way]) == "whole"


@pytest.mark.parametrize("way", OPEN)
def test_every_bit_flipped(way: str) -> None:
    data = bytearray(DATA)
    for bit in range(8 * len(DATA)):
        data[bit // 8] ^= 1 << bit % 8
        assert outcome(bytes(data), OPEN[way]) == "damaged"
        data[bit // 8] ^= 1 << bit % 8


@given(
    st.integers(0, len(DATA) - 1),
    st.integers(0, 200),
    st.binary(max_size=200),
    st.sampled_from(sorted(OPEN)),
)
@settings(max_examples=300, deadline=None)
def test_a_stretch_replaced(position: int, length: int, junk: bytes, way: str) -> None:
    changed = DATA[:position] + junk + DATA[position + length :]
    result = outcome(changed, OPEN[way])
    if changed != DATA:
        assert result != "whole" or changed.startswith(DATA)


@given(st.data(), st.sampled_from(sorted(OPEN)))
@settings(max_examples=200, deadline=None)
def test_pieces_in_any_order(data: st.DataObject, way: str) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(DATA)), max_size=6)))
    pieces = [DATA[a:b] for a, b in zip([0, *cuts], [*cuts, len(DATA)], strict=True)]
    order = data.draw(st.lists(st.integers(0, len(pieces) - 1), max_size=9))
    changed = b"".join(pieces[i] for i in order)
    try:
        reader = Reader(OPEN[way](changed))
        segments = list(reader.segments())
    except DpcodecError:
        return
    for segment in segments:
        for part, body in segment.parts.items():
            assert PARTS[segment.index][part] == body
    if reader.whole:
        assert [segment.parts for segment in segments] == PARTS


@given(st.binary(max_size=300), st.sampled_from(sorted(OPEN)))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused(junk: bytes, way: str) -> None:
    with pytest.raises((FormatError, LimitError)):
        Reader(OPEN[way](junk))


@given(st.integers(0, len(DATA) - 1), st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_repair_keeps_what_was_there_and_no_more(position: int, length: int) -> None:
    changed = DATA[:position] + DATA[position + length :]
    out = io.BytesIO()
    try:
        report = repair_stream(io.BytesIO(changed), out)
    except FormatError:
        return
    before = list(Reader(io.BytesIO(changed)).segments())
    reader = Reader(io.BytesIO(out.getvalue()))
    after = list(reader.segments())
    assert [s.parts for s in after] == [s.parts for s in before]
    assert reader.whole == report.complete == ([s.parts for s in after] == PARTS)


@given(
    st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=8), max_size=25),
    st.lists(st.tuples(st.text("abc", min_size=1), st.text()), max_size=3),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_round_trip(segments: list[list[bytes]], tags: list[tuple[str, str]], exact: bool) -> None:
    samples = max(0, 8 * len(segments) - 1) * 32
    header = replace(HEADER, exact=exact)
    files = []
    for seekable in (True, False):
        out = io.BytesIO() if seekable else Pipe()
        writer = Writer(out, header, tags)
        for index, bodies in enumerate(segments):
            writer.write_segment(index, bodies)
        writer.close(samples)
        files.append(out.getvalue())
    assert len(files[0]) == len(files[1])
    for data in files:
        for opened in OPEN.values():
            reader = Reader(opened(data))
            got = list(reader.segments())
            assert reader.whole
            assert reader.total_samples == samples
            assert len(reader.tags) == len(tags)
            assert [list(s.parts.values()) for s in got] == segments
