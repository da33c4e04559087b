"""Parts: dealing, what a decoder may believe of kept and dropped cells, silence, hostile input and bodies."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dpcodec.coding.part import coded_frames, decode_part, encode_segment, part_slices, share_bounds
from dpcodec.coding.quantize import step_for_noise
from dpcodec.errors import FormatError

KINDS = ("random", "energy", "columns")
SHAPE = (2, 33, 21)


def spectrum(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    return X * np.exp(2 * rng.standard_normal((shape[0], shape[1], 1)))


def mask(X: np.ndarray, kind: str) -> np.ndarray:
    if kind == "random":
        return np.random.default_rng(1).random(X.shape) < 0.5
    if kind == "columns":
        return np.broadcast_to(np.arange(X.shape[2]) % 3 > 0, X.shape)
    return np.abs(X) >= np.median(np.abs(X), axis=1, keepdims=True)


@pytest.mark.parametrize("parts", range(1, 17))
def test_every_cell_is_dealt_once(parts: int) -> None:
    count = np.zeros((40, 7), int)
    for p in range(parts):
        count[part_slices(p, parts)] += 1
    assert (count == 1).all()


@pytest.mark.parametrize("parts", [5, 7, 8, 10, 16])
def test_following_parts_hold_no_neighbours(parts: int) -> None:
    starts = [part_slices(p, parts)[0].start for p in range(parts)]
    for a, b in zip(starts, starts[1:] + starts[:1], strict=True):
        assert (a - b) % parts not in (1, parts - 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("parts", [1, 8, 16])
@pytest.mark.parametrize("shape", [SHAPE, (1, 5, 1), (3, 33, 4)])
def test_what_comes_back_is_true(kind: str, exact: bool, parts: int, shape: tuple[int, int, int]) -> None:
    X = spectrum(shape)
    X[-1] *= len(X) == 1  # a silent channel
    kept = mask(X, kind) & ((np.abs(X) > 0) | (kind != "energy"))
    steps = None if exact else np.full(len(X), 0.3, np.float32)
    bodies = encode_segment(X, kept, kind, parts, steps)
    assert len(bodies) == parts
    for p, body in enumerate(bodies):
        assert coded_frames(body) == shape[2]
        rows, columns = part_slices(p, parts)
        part = decode_part(body, p, parts, shape, None if kind == "energy" else kept, exact)
        truth, there = X[:, rows, columns], kept[:, rows, columns]
        assert part.kept.dtype == bool
        assert (part.centre.dtype, part.halfwidth.dtype) == (np.complex64, np.float32)
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


def test_bounds_are_shared_between_parts_but_not_with_lost_ones() -> None:
    X = spectrum()
    kept = mask(X, "energy")
    grid = [np.zeros(SHAPE, bool), np.full(SHAPE, np.inf, np.float32)]
    arrived = np.zeros(SHAPE[1], bool)
    for p, body in enumerate(encode_segment(X, kept, "energy", 8, np.full(2, 0.5, np.float32))):
        rows, columns = part_slices(p, 8)
        if p != 3:
            part = decode_part(body, p, 8, SHAPE, None, False)
            grid[0][:, rows, columns], grid[1][:, rows, columns] = part.kept, part.bound
            arrived[rows] = True
    shared = share_bounds(grid[1], grid[0], arrived, np.full(2, 0.5, np.float32))
    assert (np.abs(X) <= shared)[~grid[0]].all()
    assert (shared <= grid[1]).all()
    assert np.isinf(shared[:, ~arrived]).all()
    assert np.isfinite(shared[:, arrived]).all()


def test_a_column_that_the_quantiser_emptied_is_bounded_once_all_of_it_arrived() -> None:
    X = spectrum()
    X[:, :, 5] *= 1e-3
    kept = mask(X, "energy")
    step = 2.0 * float(np.abs(X[:, :, 5]).max())
    found, bound = np.zeros(SHAPE, bool), np.full(SHAPE, np.inf, np.float32)
    quiet = np.zeros(2, np.float32)
    for p, body in enumerate(encode_segment(X, kept, "energy", 8, np.full(2, step, np.float32))):
        rows, columns = part_slices(p, 8)
        part = decode_part(body, p, 8, SHAPE, None, False)
        found[:, rows, columns], bound[:, rows, columns] = part.kept, part.bound
        quiet = np.maximum(quiet, part.quiet)
    assert not found[:, :, 5].any()
    lost = np.arange(SHAPE[1]) % 8 != 0
    assert np.isinf(share_bounds(bound, found, lost, quiet)[:, :, 5]).all()
    shared = share_bounds(bound, found, np.ones(SHAPE[1], bool), quiet)
    assert (np.abs(X) <= shared)[~found].all()
    np.testing.assert_allclose(shared[:, :, 5], step / np.sqrt(2), rtol=1e-6)


def test_silence_is_one_body_of_a_byte_a_channel() -> None:
    X = np.zeros((255, 65, 200), np.complex128)
    for steps in (None, np.ones(255, np.float32)):
        bodies = encode_segment(X, np.zeros(X.shape, bool), "energy", 8, steps)
        assert [len(b) for b in bodies] == [257]
        part = decode_part(bodies[0], 0, 1, X.shape, None, steps is None)
        assert not part.centre.any()
        assert not part.bound.any()


@pytest.mark.parametrize("scale", [1e-40, 1e38])
@pytest.mark.parametrize("exact", [False, True])
def test_extreme_levels_stay_finite(scale: float, exact: bool) -> None:
    X = spectrum() / 1e3 * scale
    kept = mask(X, "energy")
    steps = None if exact else step_for_noise(X, kept, np.ones((33, 1)))
    for p, body in enumerate(encode_segment(X, kept, "energy", 8, steps)):
        part = decode_part(body, p, 8, SHAPE, None, exact)
        assert np.isfinite(part.centre).all()
        assert np.isfinite(part.halfwidth).all()


def test_the_largest_step_of_the_format_decodes_without_a_warning() -> None:
    body = bytearray(quantised_body())
    body[2:6] = struct.pack("<f", 2.0**127)
    part = decode_part(bytes(body), 0, 8, SHAPE, None, False)
    assert np.isfinite(part.centre).all()
    assert not np.isnan(part.bound).any()


def quantised_body() -> bytes:
    X = spectrum()
    return encode_segment(X, mask(X, "energy"), "energy", 8, np.full(2, 0.5, np.float32))[0]


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf"), 1e-40, 3e38])
def test_absurd_steps_in_a_body_are_refused(step: float) -> None:
    body = bytearray(quantised_body())
    body[2:6] = struct.pack("<f", step)
    with pytest.raises(FormatError, match="step"):
        decode_part(bytes(body), 0, 8, SHAPE, None, False)


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda b: b"", "ends within"),
        (lambda b: b[:1], "ends before"),
        (lambda b: b"\x16" + b[1:], "frames"),
        (lambda b: b[:1] + b"\x07" + b[2:], "mode"),
        (lambda b: b[:1] + b"\x02" + b[2:], "mode"),
        (lambda b: b[:4], "within a quantiser step"),
        (lambda b: b[:6] + b"\x06" + b[7:], "bins"),
        (lambda b: b[:7] + b"\xff\x7f" + b[8:], "longer than its body"),
        (lambda b: b + b"\0", "left over"),
        (lambda b: b[:1] + b"\0\0\0", "left over"),
    ],
)
def test_malformed_bodies_are_refused(change: object, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        decode_part(change(quantised_body()), 0, 8, SHAPE, None, False)


def test_exact_values_must_be_finite_and_complete() -> None:
    X = spectrum((1, 4, 3))
    kept = mask(X, "random")
    (body,) = encode_segment(X, kept, "random", 1, None)
    with pytest.raises(FormatError, match="exact coefficients"):
        decode_part(body[:-1], 0, 1, X.shape, kept, True)
    with pytest.raises(FormatError, match="finite"):
        decode_part(body[:2] + b"\xff" * (len(body) - 2), 0, 1, X.shape, kept, True)
