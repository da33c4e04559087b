"""Bodies of complex coefficients: what a decoder may believe of kept and dropped cells; hostile input."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from dpcodec.coding.body import SILENCE, BodyReader, body_frames, interleave, write_body
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.quantize import step_for_noise
from dpcodec.coding.stft_channel import StftChannel, decode_stft_channel, encode_stft_channel
from dpcodec.errors import FormatError

KINDS = ("random", "energy", "columns")
SHAPE = (2, 33, 21)


def spectrum(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    return np.asarray(X * np.exp(2 * rng.standard_normal((shape[0], shape[1], 1))))


def mask(X: np.ndarray, kind: str) -> np.ndarray:
    if kind == "random":
        return np.random.default_rng(1).random(X.shape) < 0.5
    if kind == "columns":
        return np.broadcast_to(np.arange(X.shape[2]) % 3 > 0, X.shape)
    return np.asarray(np.abs(X) >= np.median(np.abs(X), axis=1, keepdims=True))


def encoded(
    X: np.ndarray, kept: np.ndarray, kind: str, part: int, parts: int, steps: np.ndarray | None
) -> bytes:
    """The body of one part of a segment, X and kept [C, K, L]."""
    rows = interleave(part, parts)
    channels = []
    for c in range(len(X)):
        step = None if steps is None else float(steps[c])
        body = encode_stft_channel(X[c, rows], kept[c, rows], kind == "energy", step)
        channels.append(body if X[c].any() else SILENCE)
    return write_body(X.shape[2], channels)


def decoded(
    body: bytes, part: int, parts: int, shape: tuple[int, int, int], known: np.ndarray | None, exact: bool
) -> StftChannel:
    """All channels of the body of a part, each field [C, Kp, L]; `known` bool [C, K, L], None for a stored
    energy mask."""
    C, K, L = shape
    rows = interleave(part, parts)
    reader, grid = BodyReader(body, C, L), (len(range(*rows.indices(K))), L)
    bounds = StoredBound(False if known is None else None)
    channels = [
        decode_stft_channel(reader, grid, None if known is None else known[c, rows], exact, bounds)
        for c in range(C)
    ]
    reader.finish()
    return StftChannel(
        np.stack([channel.kept for channel in channels]),
        np.stack([channel.centre for channel in channels]),
        np.stack([channel.halfwidth for channel in channels]),
        np.stack([channel.bound for channel in channels]),
        max(channel.quiet for channel in channels),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("parts", [1, 8, 16])
@pytest.mark.parametrize("shape", [SHAPE, (1, 5, 1), (3, 33, 4)])
def test_what_comes_back_is_true(kind: str, exact: bool, parts: int, shape: tuple[int, int, int]) -> None:
    X = spectrum(shape)
    X[-1] *= len(X) == 1  # a silent channel
    kept = mask(X, kind) & ((np.abs(X) > 0) | (kind != "energy"))
    steps = None if exact else np.full(len(X), 0.3, np.float32)
    for p in range(parts):
        body = encoded(X, kept, kind, p, parts, steps)
        assert body_frames(body) == shape[2]
        rows = interleave(p, parts)
        part = decoded(body, p, parts, shape, None if kind == "energy" else kept, exact)
        truth, there = X[:, rows], kept[:, rows]
        assert part.kept.dtype == bool
        assert part.centre.dtype == np.complex64
        assert part.halfwidth.dtype == np.float32
        assert part.bound.dtype == np.float32
        error, room = truth - part.centre, part.halfwidth + 1e-6 * np.abs(truth)
        assert (np.maximum(np.abs(error.real), np.abs(error.imag)) <= room)[part.kept].all()
        assert (np.abs(truth) <= part.bound)[~part.kept].all()
        assert not part.centre[~part.kept].any()
        assert not part.bound[part.kept].any()
        if kind != "energy" or exact:
            assert np.array_equal(part.kept, there)
        else:
            assert not (part.kept & ~there).any()
            assert (np.abs(truth) <= 0.3)[there & ~part.kept].all()


def test_silence_is_a_byte_a_channel() -> None:
    X = np.zeros((255, 65, 200), np.complex128)
    for steps in (None, np.ones(255, np.float32)):
        body = encoded(X, np.zeros(X.shape, bool), "energy", 0, 1, steps)
        assert len(body) == 257
        part = decoded(body, 0, 1, X.shape, None, steps is None)
        assert not part.centre.any()
        assert not part.bound.any()


@pytest.mark.parametrize("scale", [1e-40, 1e38])
@pytest.mark.parametrize("exact", [False, True])
def test_extreme_levels_stay_finite(scale: float, exact: bool) -> None:
    X = spectrum() / 1e3 * scale
    kept = mask(X, "energy")
    steps = None if exact else step_for_noise(X, kept, np.ones((33, 1)))
    for p in range(8):
        part = decoded(encoded(X, kept, "energy", p, 8, steps), p, 8, SHAPE, None, exact)
        assert np.isfinite(part.centre).all()
        assert np.isfinite(part.halfwidth).all()


def test_the_largest_step_of_the_format_decodes_without_a_warning() -> None:
    body = bytearray(quantised_body())
    body[2:6] = struct.pack("<f", 2.0**127)
    part = decoded(bytes(body), 0, 8, SHAPE, None, False)
    assert np.isfinite(part.centre).all()
    assert not np.isnan(part.bound).any()


def quantised_body() -> bytes:
    X = spectrum()
    return encoded(X, mask(X, "energy"), "energy", 0, 8, np.full(2, 0.5, np.float32))


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf"), 1e-40, 3e38])
def test_absurd_steps_in_a_body_are_refused(step: float) -> None:
    body = bytearray(quantised_body())
    body[2:6] = struct.pack("<f", step)
    with pytest.raises(FormatError, match="step"):
        decoded(bytes(body), 0, 8, SHAPE, None, False)


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda b: b"", "ends within"),
        (lambda b: b[:1], "ends before"),
        (lambda b: b"\x16" + b[1:], "frames"),
        (lambda b: b[:1] + b"\x07" + b[2:], "mode"),
        (lambda b: b[:1] + b"\x02" + b[2:], "mode"),
        (lambda b: b[:4], "within a quantiser step"),
        (lambda b: b[:6] + b"\x06" + b[7:], "rows coded of"),
        (lambda b: b[:7] + b"\xff\x7f" + b[8:], "longer than its body"),
        (lambda b: b + b"\0", "left over"),
        (lambda b: b[:1] + b"\0\0\0", "left over"),
    ],
)
def test_malformed_bodies_are_refused(change: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        decoded(change(quantised_body()), 0, 8, SHAPE, None, False)


def test_exact_values_must_be_finite_and_complete() -> None:
    X = spectrum((1, 4, 3))
    kept = mask(X, "random")
    body = encoded(X, kept, "random", 0, 1, None)
    with pytest.raises(FormatError, match="exact coefficients"):
        decoded(body[:-1], 0, 1, X.shape, kept, True)
    with pytest.raises(FormatError, match="finite"):
        decoded(body[:2] + b"\xff" * (len(body) - 2), 0, 1, X.shape, kept, True)
