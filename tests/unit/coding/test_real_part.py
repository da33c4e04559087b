"""Real coefficients as bodies: what comes back, what a body must not be, golden bytes."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpcodec.coding.entropy import Decoder, Encoder
from dpcodec.coding.part import part_slices
from dpcodec.coding.real_contexts import Place
from dpcodec.coding.real_part import decode_real_part, encode_real_segment
from dpcodec.coding.real_quantize import (
    DEAD_ZONE,
    bias_of,
    dequantize_real,
    quantize_real,
    step_for_mask,
    step_for_noise,
)
from dpcodec.coding.real_symbols import code_splits, decode_real, encode_real
from dpcodec.errors import FormatError, SettingsError


def grid(seed, shape=(2, 33, 21)):
    rng = np.random.default_rng(seed)
    X = rng.laplace(size=shape) * rng.choice([0.1, 1, 300], shape, p=[0.7, 0.28, 0.02])
    return X, rng.integers(0, 4, (shape[0], shape[2]))


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 16), st.booleans(), st.booleans())
def test_parts_come_back(seed, parts, stored, exact):
    X, splits = grid(seed, (1 + seed % 3, 1 + seed, 1 + 3 * seed))
    kept = np.random.default_rng(seed).random(X.shape) < 0.5
    steps = None if exact else np.full(len(X), np.float32(0.7))
    bodies = encode_real_segment(X, kept, stored, parts, steps, splits, 8000)
    for p, body in enumerate(bodies):
        rows = part_slices(p, len(bodies))[0]
        known = None if stored else kept
        found = decode_real_part(body, p, len(bodies), X.shape, known, exact, 3, 8000)
        assert np.array_equal(found.splits, splits)
        wanted = np.where(kept, X, 0)[:, rows]
        if exact:
            assert np.array_equal(found.values, wanted.astype(np.float32))
            assert np.array_equal(found.kept, kept[:, rows])
        else:
            assert np.abs(found.values - wanted).max(initial=0) <= 0.7
            assert not found.values[~kept[:, rows]].any()


def test_silence_takes_no_bytes_but_splits_do():
    X, splits = np.zeros((1, 8, 4)), np.zeros((1, 4), int)
    assert encode_real_segment(X, X == 0, True, 4, np.ones(1, np.float32), splits, 8000) == [b"\4\0"]
    assert len(encode_real_segment(X, X == 0, True, 4, np.ones(1, np.float32), splits + 1, 8000)) == 4


@settings(deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_junk_is_malformed_or_something(body, exact, stored):
    known = None if stored else np.ones((2, 9, 5), bool)
    try:
        found = decode_real_part(b"\5" + body, 0, 1, (2, 9, 5), known, exact, 3, 8000)
    except FormatError:
        return
    assert np.isfinite(found.values).all()


def test_hurt_bytes_never_crash():
    X, splits = grid(3)
    body = encode_real_segment(X, X != 0, True, 2, np.full(2, np.float32(0.5)), splits, 8000)[1]
    for at in range(len(body)):
        hurt = body[:at] + bytes([body[at] ^ (1 << at % 8)]) + body[at + 1 :]
        try:
            found = decode_real_part(hurt, 1, 2, X.shape, None, False, 3, 8000)
        except FormatError:
            continue
        assert np.isfinite(found.values).all()


def test_golden_bytes():
    n = np.arange(40 * 20).reshape(40, 20)
    q = ((n * n + 3 * n) % 97 < 9) * (1 - 2 * (n % 2)) * (1 + n % 5) * np.where(n % 97 == 0, 3000, 1)
    splits = np.arange(20) // 4 % 3
    place = Place(np.arange(40) // 4, 1, None)
    data = encode_real(q.astype(np.int32), splits, place)
    assert len(data) == 105
    assert hashlib.blake2b(data, digest_size=8).hexdigest() == "e255b679c6375c47"
    back, told = decode_real(data, 20, place)
    assert np.array_equal(back, q)
    assert np.array_equal(told, splits)


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), max_size=70))
def test_splits_come_back_and_steady_ones_cost_little(splits):
    encoder = Encoder()
    code_splits(encoder, len(splits), np.array(splits, int))
    data = encoder.finish()
    assert code_splits(Decoder(data), len(splits), None).tolist() == splits
    steady = Encoder()
    code_splits(steady, 80, np.zeros(80, int))
    assert len(steady.finish()) <= 8


def test_bias_brings_values_nearer():
    x = np.random.default_rng(0).laplace(size=5000)
    q = quantize_real(x, 1.0)
    plain = np.sum((x - dequantize_real(q, 1.0, (0, 0))) ** 2)
    assert np.sum((x - dequantize_real(q, 1.0, bias_of(x, q, 1.0))) ** 2) < plain
    assert dequantize_real(np.array([-1, 0, 3]), 2.0, (-8, 7)).tolist() == [-1.5, 0.0, 6.4375]


def test_steps():
    X, _ = grid(1, (1, 50, 40))
    kept = np.abs(X) > 1
    step = float(step_for_mask(X, kept)[0])
    assert np.array_equal(quantize_real(X, step) != 0, kept)
    assert step * DEAD_ZONE == pytest.approx(np.abs(X[kept]).min())
    wanted = np.array([0.01 * np.sum(X**2)])
    step = float(step_for_noise(X, X != 0, wanted)[0])
    assert np.sum((X - quantize_real(X, step) * step) ** 2) == pytest.approx(wanted[0], rel=0.02)
    with pytest.raises(SettingsError):
        quantize_real(np.array([1e30]), 1e-6)
    with pytest.raises(SettingsError):
        quantize_real(X, 0.0)
