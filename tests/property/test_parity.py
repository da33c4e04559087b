"""The erasure code gives back what it was given; protecting a file changes none of its other packets."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from streams import INDEX, PARITY, Pipe, join, pieces_of, split

from dpcodec.container.erasure import parity_of, recover
from dpcodec.container.header import Header
from dpcodec.container.protect import protect_stream
from dpcodec.container.repair import repair_stream
from dpcodec.container.stream import Reader, Writer
from dpcodec.errors import FormatError

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
    parts=3,
)
PERCENT = st.sampled_from((0.01, 5.0, 25.0, 50.0, 100.0))
BODIES = st.lists(st.lists(st.binary(max_size=60), min_size=1, max_size=3), min_size=1, max_size=20)
METADATA = st.lists(st.tuples(st.just("TITLE"), st.text(max_size=9)), max_size=2)
ATTACHMENTS = st.lists(
    st.tuples(st.just("x"), st.sampled_from((b"short", random.Random(1).randbytes(9000)))), max_size=2
)


def made(
    bodies: list[list[bytes]],
    tags: list[tuple[str, str]],
    attachments: list[tuple[str, bytes]],
    percent: float,
    known: bool,
    piped: bool,
) -> bytes:
    """A file, its length known at the start or not, its output sought or not."""
    samples = (8 * len(bodies) - 1) * 32
    out = Pipe() if piped else io.BytesIO()
    header = replace(HEADER, samples=samples if known else None)
    writer = Writer(out, header, tags, attachments, percent)
    for index, parts in enumerate(bodies):
        writer.write_segment(index, parts)
    writer.close(samples)
    return out.getvalue()


FILES = partial(st.builds, made, BODIES, METADATA, ATTACHMENTS, known=st.booleans(), piped=st.booleans())


def protected(data: bytes, percent: float) -> bytes:
    out = io.BytesIO()
    protect_stream(io.BytesIO(data), out, percent)
    return out.getvalue()


def repaired(data: bytes, piped: bool) -> bytes:
    out = io.BytesIO()
    repair_stream(Pipe(data, 100) if piped else io.BytesIO(data), out)
    return out.getvalue()


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=60), st.integers(1, 60), st.randoms())
@settings(max_examples=60, deadline=None)
def test_any_members_come_back_from_as_many_parities(
    strings: list[bytes], parities: int, draw: object
) -> None:
    length = max(map(len, strings))
    order = [*range(len(strings) + parities)]
    draw.shuffle(order)  # type: ignore[attr-defined]
    kept = set(order[: len(strings)])
    there = [string if i in kept else None for i, string in enumerate(strings)]
    have = {j: parity_of(strings, j) for j in range(parities) if len(strings) + j in kept}
    found = recover(length, len(strings), there.__getitem__, have)
    assert found == {i: s.ljust(length, b"\0") for i, s in enumerate(strings) if i not in kept}


@given(FILES(percent=st.just(0.0)), PERCENT, PERCENT)
@settings(max_examples=60, deadline=None)
def test_protecting_changes_no_packet_and_can_be_undone(data: bytes, percent: float, other: float) -> None:
    safe = protected(data, percent)
    assert [p for p in split(safe) if p.type not in (PARITY, INDEX)] == [
        p for p in split(data) if p.type != INDEX
    ]
    assert protected(safe, 0) == data
    assert protected(protected(safe, other), percent) == safe
    reader = Reader(io.BytesIO(safe))
    assert [s.parts for s in reader.segments()] == [s.parts for s in Reader(io.BytesIO(data)).segments()]
    assert reader.whole
    assert not reader.warnings


@given(FILES(percent=PERCENT), st.data(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_is_repaired_is_the_file_or_is_damaged(data: bytes, draw: st.DataObject, piped: bool) -> None:
    """Whatever packets are lost: one comes back bit for bit, wherever it is; and nothing wrong ever does."""
    pieces = pieces_of(data)
    assert repaired(data, piped) == data
    one = draw.draw(st.integers(0, len(pieces) - 1))
    if pieces[one] != pieces[one - 1]:
        assert repaired(join(p for i, p in enumerate(pieces) if i != one), piped) == data
    lost = draw.draw(st.sets(st.integers(0, len(pieces) - 1), max_size=len(pieces) // 2))
    hurt = join(p for i, p in enumerate(pieces) if i not in lost)
    try:
        reader = Reader(Pipe(hurt) if piped else io.BytesIO(hurt))
        segments = [segment.parts for segment in reader.segments()]
    except FormatError:
        return
    truth = [segment.parts for segment in Reader(io.BytesIO(data)).segments()]
    for arrived, true in zip(segments, truth, strict=False):
        assert arrived.items() <= true.items()
    if reader.whole:
        assert segments == truth
