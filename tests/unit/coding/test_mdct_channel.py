"""MDCT coefficients as bodies: what comes back, what a body must not be, golden bytes."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpcodec.coding.body import BodyReader, interleave, write_body
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.entropy import Decoder, Encoder
from dpcodec.coding.mdct_channel import MdctChannel, decode_mdct_channel, encode_mdct_channel
from dpcodec.coding.mdct_contexts import ChannelContext
from dpcodec.coding.mdct_quantize import (
    DEAD_ZONE,
    bias_of,
    dequantize_mdct,
    quantize_mdct,
    step_for_mask,
    step_for_noise,
)
from dpcodec.coding.mdct_symbols import code_block_splits, decode_mdct_symbols, encode_mdct_symbols
from dpcodec.errors import FormatError, SettingsError
from dpcodec.transform.bands import band_of_rows


def grid(seed: int, shape: tuple[int, int, int] = (2, 33, 21)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.laplace(size=shape) * rng.choice([0.1, 1, 300], shape, p=[0.7, 0.28, 0.02])
    return X, rng.integers(0, 4, (shape[0], shape[2]))


def encoded(
    X: np.ndarray,
    kept: np.ndarray,
    stored: bool,
    part: int,
    parts: int,
    steps: np.ndarray | None,
    block_splits: np.ndarray,
) -> bytes:
    """The body of one part of a segment, X and kept [C, K, L]; channel 1 of a pair sees channel 0."""
    rows, bands = interleave(part, parts), band_of_rows(max(X.shape[1], 4), 8000)[: X.shape[1]]
    channels, paired = [], None
    for c in range(len(X)):
        coded = None if stored else kept[c, rows]
        context = ChannelContext(bands[rows], parts, paired if c % 2 else None, coded)
        step = None if steps is None else float(steps[c])
        body, paired = encode_mdct_channel(X[c, rows], kept[c, rows], step, block_splits[c], context)
        channels.append(body)
    return write_body(X.shape[2], channels)


def decoded(
    body: bytes, part: int, parts: int, shape: tuple[int, ...], known: np.ndarray | None, exact: bool
) -> list[MdctChannel]:
    """The channels of the body of a part; `known` bool [C, K, L], None for a stored energy mask."""
    C, K, L = shape
    rows, bands = interleave(part, parts), band_of_rows(max(K, 4), 8000)[:K]
    reader, grid = BodyReader(body, C, L), (len(range(*rows.indices(K))), L)
    bounds = StoredBound(False if known is None else None)
    channels, paired = [], None
    for c in range(C):
        coded = None if known is None else known[c, rows]
        context = ChannelContext(bands[rows], parts, paired if c % 2 else None, coded)
        channels.append(decode_mdct_channel(reader, grid, context, exact, 3, bounds))
        paired = channels[-1].log_magnitude
    reader.finish()
    return channels


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 16), st.booleans(), st.booleans())
def test_parts_come_back(seed: int, parts: int, stored: bool, exact: bool) -> None:
    X, block_splits = grid(seed, (1 + seed % 3, 1 + seed, 1 + 3 * seed))
    kept = np.random.default_rng(seed).random(X.shape) < 0.5
    steps = None if exact else np.full(len(X), np.float32(0.7))
    for p in range(parts):
        rows = interleave(p, parts)
        body = encoded(X, kept, stored, p, parts, steps, block_splits)
        found = decoded(body, p, parts, X.shape, None if stored else kept, exact)
        wanted = np.where(kept, X, 0)[:, rows]
        for c, channel in enumerate(found):
            assert np.array_equal(channel.block_splits, block_splits[c])
            if exact:
                assert np.array_equal(channel.value, wanted[c].astype(np.float32))
                assert np.array_equal(channel.kept, kept[c, rows])
            else:
                assert np.abs(channel.value - wanted[c]).max(initial=0) <= 0.7
                assert not channel.value[~kept[c, rows]].any()


@pytest.mark.parametrize("exact", [False, True])
def test_boxes_hold_what_was_kept_and_bounds_what_was_dropped(exact: bool) -> None:
    X, block_splits = grid(7)
    kept = np.abs(X) >= np.median(np.abs(X), axis=1, keepdims=True)
    steps = None if exact else np.full(2, np.float32(0.05))
    for p in range(4):
        rows = interleave(p, 4)
        body = encoded(X, kept, True, p, 4, steps, block_splits)
        for c, channel in enumerate(decoded(body, p, 4, X.shape, None, exact)):
            truth, there = X[c, rows], kept[c, rows]
            room = channel.halfwidth + 1e-6 * np.abs(truth)
            assert (np.abs(truth - channel.centre) <= room)[channel.kept].all()
            assert (np.abs(truth) <= channel.bound)[~channel.kept].all()
            assert not channel.bound[channel.kept].any()
            assert not (channel.kept & ~there).any()
            assert channel.quiet == pytest.approx(0.0 if exact else DEAD_ZONE * 0.05)


def test_more_block_splits_than_the_header_allows_are_refused() -> None:
    X, block_splits = grid(2, (1, 8, 4))
    for steps in (None, np.full(1, np.float32(0.5))):
        body = encoded(X, X != 0, True, 0, 1, steps, block_splits * 0 + 4)
        with pytest.raises(FormatError, match=r"split more than 2\*\*3 times"):
            decoded(body, 0, 1, X.shape, None, steps is None)


@settings(deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_junk_is_malformed_or_something(body: bytes, exact: bool, stored: bool) -> None:
    known = None if stored else np.ones((2, 9, 5), bool)
    try:
        found = decoded(b"\5" + body, 0, 1, (2, 9, 5), known, exact)
    except FormatError:
        return
    assert all(np.isfinite(channel.value).all() for channel in found)


def test_hurt_bytes_never_crash() -> None:
    X, block_splits = grid(3)
    body = encoded(X, X != 0, True, 1, 2, np.full(2, np.float32(0.5)), block_splits)
    for at in range(len(body)):
        hurt = body[:at] + bytes([body[at] ^ (1 << at % 8)]) + body[at + 1 :]
        try:
            found = decoded(hurt, 1, 2, X.shape, None, False)
        except FormatError:
            continue
        assert all(np.isfinite(channel.value).all() for channel in found)


def test_golden_bytes() -> None:
    n = np.arange(40 * 20).reshape(40, 20)
    q = ((n * n + 3 * n) % 97 < 9) * (1 - 2 * (n % 2)) * (1 + n % 5) * np.where(n % 97 == 0, 3000, 1)
    block_splits = np.arange(20) // 4 % 3
    channel = ChannelContext(np.arange(40) // 4, 1, None)
    data = encode_mdct_symbols(q.astype(np.int32), block_splits, channel)
    assert len(data) == 105
    assert hashlib.blake2b(data, digest_size=8).hexdigest() == "e255b679c6375c47"
    back, told = decode_mdct_symbols(data, 20, channel)
    assert np.array_equal(back, q)
    assert np.array_equal(told, block_splits)


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), max_size=70))
def test_block_splits_come_back_and_steady_ones_cost_little(block_splits: list[int]) -> None:
    encoder = Encoder()
    code_block_splits(encoder, len(block_splits), np.array(block_splits, int))
    data = encoder.finish()
    assert code_block_splits(Decoder(data), len(block_splits), None).tolist() == block_splits
    steady = Encoder()
    code_block_splits(steady, 80, np.zeros(80, int))
    assert len(steady.finish()) <= 8


def test_bias_brings_values_nearer() -> None:
    x = np.random.default_rng(0).laplace(size=5000)
    q = quantize_mdct(x, 1.0)
    plain = np.sum((x - dequantize_mdct(q, 1.0, (0, 0))) ** 2)
    assert np.sum((x - dequantize_mdct(q, 1.0, bias_of(x, q, 1.0))) ** 2) < plain
    assert dequantize_mdct(np.array([-1, 0, 3]), 2.0, (-8, 7)).tolist() == [-1.5, 0.0, 6.4375]


def test_steps() -> None:
    X, _ = grid(1, (1, 50, 40))
    kept = np.abs(X) > 1
    step = float(step_for_mask(X, kept)[0])
    assert np.array_equal(quantize_mdct(X, step) != 0, kept)
    assert step * DEAD_ZONE == pytest.approx(np.abs(X[kept]).min())
    wanted = np.array([0.01 * np.sum(X**2)])
    step = float(step_for_noise(X, X != 0, wanted)[0])
    assert np.sum((X - quantize_mdct(X, step) * step) ** 2) == pytest.approx(wanted[0], rel=0.02)
    with pytest.raises(SettingsError):
        quantize_mdct(np.array([1e30]), 1e-6)
    with pytest.raises(SettingsError):
        quantize_mdct(X, 0.0)


def test_values_of_one_may_be_made_louder_and_no_others() -> None:
    x = np.array([1.0, -1.25, 3.0, -4.25])
    q = np.array([1, -1, 3, -4])
    one, more = bias_of(x, q, 1.0)
    assert bias_of(x, q, 1.0, 1 / 16) == (one + 2, more)
