"""Header: golden bytes, round trip, every field out of its range."""

import struct
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpcodec.container import constants as c
from dpcodec.container.header import Header, frame_count, pack_header, segment_count, unpack_header
from dpcodec.errors import FormatError, LimitError, VersionError

HEADER = Header(
    sample_rate=44100,
    channels=2,
    samples=123456,
    n_fft=2048,
    hop=512,
    window="hann",
    mask="columns",
    drop_q32=0x80000000,
    seed=0x0123456789ABCDEF,
    segment_frames=431,
    parts=8,
    exact=True,
    container="flac",
    subtype="PCM_24",
    columns=((0, 0), (2, 4), (300, 300)),
)
GOLDEN = bytes.fromhex(
    "01 00 01 02 44ac0000 40e2010000000000 efcdab8967452301 00080000 00020000 00000080 af010000"
    "08 00 02 03 03 03 0000 0002 a60200".replace(" ", "")
)
OFFSETS = {
    "channels": (3, "<B"),
    "sample_rate": (4, "<I"),
    "samples": (8, "<Q"),
    "n_fft": (24, "<I"),
    "hop": (28, "<I"),
    "segment_frames": (36, "<I"),
    "parts": (40, "<B"),
    "window": (41, "<B"),
    "mask": (42, "<B"),
    "container": (43, "<B"),
    "subtype": (44, "<B"),
    "flags": (2, "<B"),
    "minor": (1, "<B"),
    "major": (0, "<B"),
}


def patched(field: str, value: int, body: bytes = GOLDEN) -> bytes:
    offset, form = OFFSETS[field]
    data = bytearray(body)
    struct.pack_into(form, data, offset, value)
    return bytes(data)


def test_golden_bytes() -> None:
    assert pack_header(HEADER) == GOLDEN
    assert unpack_header(GOLDEN) == HEADER


@pytest.mark.parametrize(
    "field,value",
    [
        ("channels", 0),
        ("sample_rate", 0),
        ("n_fft", 63),
        ("n_fft", 0),
        ("n_fft", 2049),
        ("hop", 0),
        ("hop", 2049),
        ("hop", 2**32 - 1),
        ("segment_frames", 0),
        ("parts", 0),
        ("window", 9),
        ("mask", 3),
        ("major", 0),
    ],
)
def test_values_that_mean_nothing(field: str, value: int) -> None:
    with pytest.raises(FormatError, match="invalid field") as caught:
        unpack_header(patched(field, value))
    assert not isinstance(caught.value, VersionError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "field,value",
    [
        ("sample_rate", 2**20),
        ("samples", 2**60),
        ("samples", 2**48),
        ("n_fft", 2**30),
        ("segment_frames", 2**20 + 1),
        ("parts", 17),
    ],
)
def test_sizes_over_the_limits_cost_nothing(field: str, value: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LimitError, match="limit"):
            unpack_header(patched(field, value))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_more_segments_than_an_index_can_count() -> None:
    with pytest.raises(LimitError, match="segments"):
        replace(HEADER, samples=2**47, n_fft=64, hop=1, segment_frames=1)


@pytest.mark.parametrize(("n_fft", "hop"), [(64, 1), (128, 2), (65536, 1024)])
def test_redundancy_is_limited(n_fft: int, hop: int) -> None:
    assert replace(HEADER, n_fft=n_fft, hop=hop).hop == hop
    with pytest.raises(LimitError, match="times the hop"):
        replace(HEADER, n_fft=n_fft + 2 if n_fft < 65536 else n_fft, hop=hop if n_fft < 65536 else hop - 1)


def test_newer_major_names_the_version_whatever_follows() -> None:
    for body in (patched("major", 2), b"\x02", b"\x02junk"):
        with pytest.raises(VersionError, match=r"2\.x"):
            unpack_header(body)


def test_newer_minor_may_add_fields() -> None:
    newer = patched("minor", 7) + b"new fields"
    assert unpack_header(newer) == HEADER
    with pytest.raises(FormatError, match="length"):
        unpack_header(GOLDEN + b"\0")


def test_unknown_flag_needs_a_newer_reader() -> None:
    with pytest.raises(VersionError):
        unpack_header(patched("flags", 0x04))


def test_unknown_source_formats_fall_back() -> None:
    header = unpack_header(patched("subtype", 200, patched("container", 200)))
    assert (header.container, header.subtype) == ("wav", "PCM_16")
    odd = replace(HEADER, container="voc", subtype="DWVW_12")
    assert unpack_header(pack_header(odd)).container == "wav"


@pytest.mark.parametrize("length", range(len(GOLDEN)))
def test_cut_anywhere(length: int) -> None:
    with pytest.raises(FormatError, match="invalid field"):
        unpack_header(GOLDEN[:length])


@pytest.mark.parametrize("columns", [((3, 2),), ((5, 6), (1, 2)), ((1, 2), (3, 4)), ((-1, 2),)])
def test_columns_must_be_sorted_and_apart(columns: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(FormatError, match="columns"):
        replace(HEADER, columns=columns)


def test_columns_belong_to_the_column_mask() -> None:
    with pytest.raises(FormatError, match="columns"):
        replace(HEADER, mask="random")
    with pytest.raises(LimitError):
        replace(HEADER, columns=((0, 2**47 + 1),))


def test_too_many_ranges() -> None:
    with pytest.raises(LimitError, match="ranges"):
        pack_header(replace(HEADER, columns=tuple((2 * i, 2 * i) for i in range(40000))))


def test_claimed_ranges_must_fit() -> None:
    with pytest.raises(FormatError, match="ranges"):
        unpack_header(GOLDEN[:45] + b"\xff\xff\xff\xff\x0f")


def test_fixed_size_whatever_the_sample_count() -> None:
    sizes = {len(pack_header(replace(HEADER, samples=n))) for n in (None, 0, 1, c.MAX_SAMPLES // 2**10)}
    assert len(sizes) == 1


@pytest.mark.parametrize("samples,frames", [(0, 0), (1, 2), (512, 2), (513, 3), (5120, 11)])
def test_counts(samples: int, frames: int) -> None:
    assert frame_count(HEADER, samples) == frames
    assert segment_count(replace(HEADER, segment_frames=2), samples) == -(-frames // 2)
    assert replace(HEADER, samples=samples).frames == frames
    assert replace(HEADER, samples=None).frames is None


@given(st.binary(max_size=80))
def test_any_bytes(body: bytes) -> None:
    try:
        header = unpack_header(body)
    except (FormatError, LimitError):
        return
    if body[1] == c.VERSION_MINOR and body[43] < 10 and body[44] < 12:
        assert pack_header(header) == body


@given(
    st.integers(1, c.MAX_RATE_HZ),
    st.integers(1, 255),
    st.none() | st.integers(0, 2**40),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(1, 2**20), max_size=9).map(lambda gaps: tuple(_ranges(gaps))),
)
def test_round_trip(
    rate: int, channels: int, samples: int | None, drop: int, seed: int, columns: tuple[tuple[int, int], ...]
) -> None:
    header = replace(
        HEADER,
        sample_rate=rate,
        channels=channels,
        samples=samples,
        drop_q32=drop,
        seed=seed,
        columns=columns,
    )
    assert unpack_header(pack_header(header)) == header


def _ranges(gaps: list[int]) -> Iterator[tuple[int, int]]:
    position = 0
    for gap in gaps:
        first = position + gap
        position = first + gap % 5 + 1
        yield (first, position - 1)
