"""PCM conversion against the slow definition by struct and int.from_bytes, and bit exactness both ways."""

from __future__ import annotations

import struct
from typing import Literal

import numpy as np
import pytest

from dpcodec.audio.samples import ENCODINGS, decode_pcm, encode_pcm, to_integers

INTEGERS = [name for name in ENCODINGS if name[0] in "us"]
EXACT = [name for name in INTEGERS if ENCODINGS[name].width_bytes < 4]


def all_integers(bits: int) -> np.ndarray:
    """Every integer of up to 16 bits; the ends, the middle and a sample of wider ones."""
    top = 1 << (bits - 1)
    if bits <= 16:
        return np.arange(-top, top)
    rng = np.random.default_rng(5)
    ends = np.concatenate([np.arange(-top, -top + 300), np.arange(-300, 300), np.arange(top - 300, top)])
    return np.concatenate([ends, rng.integers(-top, top, 5000)])


def slow_bytes(value: int, name: str) -> bytes:
    """One sample written the obvious way."""
    encoding = ENCODINGS[name]
    order: Literal["little", "big"] = "little" if encoding.order == "<" else "big"
    if encoding.kind == "u":
        return bytes([value + 128])
    return value.to_bytes(encoding.width_bytes, order, signed=True)


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_decode_as_defined(name: str) -> None:
    encoding = ENCODINGS[name]
    values = all_integers(8 * encoding.width_bytes)
    data = b"".join(slow_bytes(int(v), name) for v in values)
    expected = (values / encoding.full_scale).astype(np.float32)
    np.testing.assert_array_equal(decode_pcm(data, encoding, 1)[0], expected)


@pytest.mark.parametrize("name", EXACT)
def test_integers_come_back_bit_for_bit(name: str) -> None:
    encoding = ENCODINGS[name]
    values = all_integers(8 * encoding.width_bytes)
    data = b"".join(slow_bytes(int(v), name) for v in values)
    assert encode_pcm(decode_pcm(data, encoding, 1), encoding) == (data, 0)


@pytest.mark.parametrize("name", ["s32le", "s32be"])
def test_32_bits_come_back_to_the_precision_of_float32(name: str) -> None:
    encoding = ENCODINGS[name]
    values = all_integers(32)
    data = b"".join(slow_bytes(int(v), name) for v in values)
    back, clipped = encode_pcm(decode_pcm(data, encoding, 1), encoding)
    error = np.frombuffer(back, f"{encoding.order}i4").astype(np.int64) - values
    assert np.all(np.abs(error) <= np.maximum(np.abs(values) * 2.0**-24, 1))
    assert clipped == 0


@pytest.mark.parametrize("name, code", [("f32le", "<f"), ("f32be", ">f"), ("f64le", "<d"), ("f64be", ">d")])
def test_floats_pass_unchanged(name: str, code: str) -> None:
    values = np.array([0.0, -0.0, 1.0, -4.0, 1e-40, 0.1, np.inf], np.float32)
    data = b"".join(struct.pack(code, float(v)) for v in values)
    decoded = decode_pcm(data, ENCODINGS[name], 1)
    assert decoded.dtype == np.float32
    assert decoded.tobytes() == values.tobytes()
    assert encode_pcm(decoded, ENCODINGS[name]) == (data, 0)


def test_doubles_beyond_float32_become_infinite_without_a_warning() -> None:
    data = struct.pack("<2d", 1e300, -1e300)
    assert decode_pcm(data, ENCODINGS["f64le"], 1).tolist() == [[np.inf, -np.inf]]


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_channels_interleave(name: str, channels: int) -> None:
    encoding = ENCODINGS[name]
    block = np.arange(channels * 5).reshape(channels, 5).astype(np.float32) / 128
    data, _ = encode_pcm(block, encoding)
    one_by_one = b"".join(
        encode_pcm(block[c : c + 1, n : n + 1], encoding)[0] for n in range(5) for c in range(channels)
    )
    assert data == one_by_one
    np.testing.assert_array_equal(decode_pcm(data, encoding, channels), block)


@pytest.mark.parametrize("name", ENCODINGS)
def test_nothing_gives_nothing(name: str) -> None:
    assert encode_pcm(np.zeros((3, 0), np.float32), ENCODINGS[name]) == (b"", 0)
    assert decode_pcm(b"", ENCODINGS[name], 3).shape == (3, 0)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_clipping_is_counted_beyond_full_scale_only(bits: int) -> None:
    top = 2 ** (bits - 1)
    block = np.array([[1.0, -1.0, 1.5, -1.5, 4.0, np.inf, 0.0]], np.float32)
    integers, clipped = to_integers(block, bits)
    assert integers.ravel().tolist() == [top - 1, -top, top - 1, -top, top - 1, top - 1, 0]
    assert clipped == 4


def test_rounding_goes_to_the_nearest_even_integer() -> None:
    halves = np.array([[0.5, 1.5, -0.5, -1.5, 2.49, 2.51]], np.float32) / 32768
    assert to_integers(halves, 16)[0].ravel().tolist() == [0, 2, 0, -2, 2, 3]
