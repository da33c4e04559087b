"""Whatever bytes are given as audio: samples or one of dpcodec's errors, from files and pipes alike."""

from __future__ import annotations

import contextlib
import io
import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import Pipe

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.byte_source import ByteSource
from dpcodec.audio.files import create_audio, open_audio
from dpcodec.audio.riff_info import build_info, parse_info
from dpcodec.audio.samples import WAV_SUBTYPES
from dpcodec.audio.wav import WavReader, read_header
from dpcodec.errors import AudioError

NAMES = [b"LIST", b"ds64", b"JUNK", b"fact", b"\0\1\2\3"]
SIZES = st.one_of(st.integers(0, 64), st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]))


@st.composite
def fmt_body(draw: st.DrawFn) -> bytes:
    code, bits = draw(st.sampled_from([(1, 8), (1, 16), (1, 24), (3, 32), (3, 64), (1, 32), (6, 8)]))
    channels, rate = draw(st.sampled_from([1, 2, 3, 0])), draw(st.sampled_from([8000, 1, 1048575, 1 << 20]))
    return struct.pack("<HHIIHH", code, channels, rate, 0, channels * -(-bits // 8), bits)


@st.composite
def wav_like(draw: st.DrawFn) -> bytes:
    """Chunks of a WAV in any order, mostly a useful one, their fields and lengths drawn, cut anywhere."""
    others = st.lists(st.sampled_from(NAMES), max_size=2)
    names = [*draw(others), b"fmt ", *draw(others), b"data", *draw(others)]
    if draw(st.integers(0, 3)) == 0:
        names = draw(st.permutations(names))
    parts = []
    for name in names:
        body = draw(fmt_body() if name == b"fmt " else st.binary(max_size=50))
        size = draw(SIZES) if draw(st.integers(0, 3)) == 0 else len(body)
        parts.append(struct.pack("<4sI", name, size) + body + b"\0" * (len(body) % 2))
    data = draw(st.sampled_from([b"RIFF", b"RF64", b"BW64"])) + b"\0\0\0\0WAVE" + b"".join(parts)
    return data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 3)) == 0 else data


def outcome(fo: object) -> tuple[np.ndarray | None, int | None, list[str]]:
    source = ByteSource(fo)  # type: ignore[arg-type]
    try:
        reader = WavReader(source, read_header(source))
    except AudioError:
        return None, None, []
    blocks = [np.zeros((reader.channels, 0), np.float32)]
    while (block := reader.read(7)).shape[1]:
        blocks.append(block)
    return np.concatenate(blocks, axis=1), reader.samples, reader.warnings


@given(wav_like())
def test_bytes_like_a_wav(data: bytes) -> None:
    x, samples, warnings = outcome(io.BytesIO(data))
    y, _, _ = outcome(Pipe(data, 9))
    assert (x is None) == (y is None)
    assert len(warnings) <= 1
    if x is not None:
        assert x.shape[1] == samples


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_any_bytes(data: bytes) -> None:
    with contextlib.suppress(AudioError):
        open_audio(io.BytesIO(data)).close()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_wav_keeps_every_shape(data: st.DataObject) -> None:
    channels, samples = data.draw(st.integers(1, 255)), data.draw(st.integers(0, 40))
    rate = data.draw(st.integers(1, 1048575))
    container = data.draw(st.sampled_from(["wav", "rf64"]))
    sample_format = SampleFormat(container, data.draw(st.sampled_from(WAV_SUBTYPES)))
    x = (np.arange(channels * samples).reshape(channels, samples) % 256 / 128 - 1).astype(np.float32)
    fo = io.BytesIO()
    with create_audio(
        fo, rate, channels, sample_format, data.draw(st.sampled_from([samples, None]))
    ) as writer:
        writer.write(x)
    fo.seek(0)
    with open_audio(fo) as reader:
        assert (reader.sample_rate, reader.samples, reader.sample_format) == (rate, samples, sample_format)
        np.testing.assert_array_equal(reader.read(samples + 1), x)
        assert reader.warnings == []


@given(
    st.lists(
        st.tuples(st.sampled_from(["TITLE", "ARTIST", "IXYZ", "COMMENT"]), st.text(max_size=20)), max_size=5
    )
)
def test_info_tags_come_back(tags: list[tuple[str, str]]) -> None:
    chunk, left_out = build_info(tuple(tags))
    expected = tuple((key, value.replace("\0", " ")) for key, value in tags)
    assert (parse_info(chunk[8:]), left_out) == (expected, [])
    assert len(chunk) % 2 == 0


@given(st.binary(max_size=200))
def test_info_of_any_bytes(body: bytes) -> None:
    for key, value in parse_info(b"INFO" + body):
        assert key.isascii()
        assert "\0" not in value
