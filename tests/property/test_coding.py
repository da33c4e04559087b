"""Whatever the symbols, they come back; whatever the bytes, decoding ends with a result or `FormatError`."""

from __future__ import annotations

import contextlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dpcodec.coding.body import MAX_SYMBOL, BodyReader, interleave, write_body
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.mask_bits import pack_mask, unpack_mask
from dpcodec.coding.stft_channel import decode_stft_channel, encode_stft_channel
from dpcodec.coding.stft_symbols import decode_symbols, encode_symbols
from dpcodec.errors import FormatError

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=20)
VALUES = st.one_of(st.integers(-2, 2), st.integers(-MAX_SYMBOL, MAX_SYMBOL))


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray | None]:
    """Symbols [K, L, 2] and the cells coded."""
    shape = draw(SHAPES)
    q = draw(hnp.arrays(np.int32, (*shape, 2), elements=VALUES, fill=st.just(0)))
    coded = draw(st.none() | hnp.arrays(bool, shape))
    return (q if coded is None else q * coded[..., None]).astype(np.int32), coded


@given(grids())
def test_symbols_come_back(grid: tuple[np.ndarray, np.ndarray | None]) -> None:
    q, coded = grid
    assert np.array_equal(decode_symbols(encode_symbols(q, coded), q.shape[:2], coded), q)


@given(hnp.arrays(bool, SHAPES))
def test_masks_come_back(mask: np.ndarray) -> None:
    assert np.array_equal(unpack_mask(pack_mask(mask), mask.shape), mask)


@given(st.binary(max_size=60), SHAPES)
def test_any_bytes_as_a_mask(data: bytes, shape: tuple[int, int]) -> None:
    with contextlib.suppress(FormatError):
        assert pack_mask(unpack_mask(data, shape)) == data


@given(st.binary(max_size=60), SHAPES)
def test_any_bytes_as_symbols(data: bytes, shape: tuple[int, int]) -> None:
    """What is taken has no other code than the one it was taken from."""
    with contextlib.suppress(FormatError):
        assert encode_symbols(decode_symbols(data, shape, None), None) == data


@given(st.data(), st.booleans(), st.booleans())
def test_any_body(data: st.DataObject, exact: bool, stored: bool) -> None:
    """Bodies with a few bytes changed, cut or added: a finite result of that shape, or `FormatError`."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2, 17, 9)) + 1j * rng.standard_normal((2, 17, 9))
    kept = np.abs(X) > 1
    rows, step = interleave(1, 4), None if exact else 0.25
    channels = [encode_stft_channel(X[c, rows], kept[c, rows], stored, step) for c in range(2)]
    body = bytearray(write_body(9, channels))
    for _ in range(data.draw(st.integers(0, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    body = body[: data.draw(st.integers(0, len(body)))] + data.draw(st.binary(max_size=4))
    with contextlib.suppress(FormatError):
        reader, bounds = BodyReader(bytes(body), 2, 9), StoredBound(False if stored else None)
        for c in range(2):
            known = None if stored else kept[c, rows]
            channel = decode_stft_channel(reader, (4, 9), known, exact, bounds)
            assert channel.kept.shape == channel.bound.shape == (4, 9)
            assert np.isfinite(channel.centre).all()
            assert np.isfinite(channel.halfwidth).all()
        reader.finish()
