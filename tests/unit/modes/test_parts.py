"""Segments as parts and back, for every kind of file: silence, lost and hurt parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dpcodec.codec.encoder import one_by_one
from dpcodec.coding.body import part_cells
from dpcodec.container.header import Header
from dpcodec.container.stream import SegmentData
from dpcodec.modes import mode_of
from dpcodec.modes.base import Allowance
from dpcodec.profiles import profile
from dpcodec.settings import EncodeSettings

PARTS = 4
STFT = Header(
    sample_rate=8000,
    channels=2,
    samples=None,
    n_fft=64,
    hop=32,
    window="sine",
    mask="energy",
    drop_q32=2**31,
    segment_frames=8,
    parts=PARTS,
)
MDCT = replace(STFT, transform="mdct", window="kbd", mask="significance", max_block_split=3)
KINDS: dict[str, tuple[Header, EncodeSettings]] = {
    "stft": (STFT, profile("stft", drop=0.5)),
    "stft-random": (replace(STFT, mask="random"), profile("stft", mask="random", drop=0.5)),
    "mdct": (MDCT, profile("mdct", drop=0.5)),
    "mdct-random": (replace(MDCT, mask="random"), profile("mdct", mask="random", drop=0.5)),
    "perceptual": (replace(MDCT, mask="perceptual", revised=True, frame_parts=True), EncodeSettings()),
    "perceptual, 1.3": (replace(MDCT, mask="perceptual", revised=True), EncodeSettings()),
    "perceptual, 1.2": (replace(MDCT, mask="perceptual"), EncodeSettings()),
}
EVERY = pytest.mark.parametrize("kind", KINDS)


def encoded(kind: str, x: np.ndarray) -> tuple[Any, list[list[bytes]]]:
    """The mode, and the bodies of each segment."""
    header, settings = KINDS[kind]
    mode = mode_of(header)
    return mode, [
        coded.bodies
        for coded in one_by_one(header, iter([x]), settings, lambda index, run: Allowance(1000, 1))
    ]


def signal(samples: int) -> np.ndarray:
    n = np.arange(samples)
    x = np.stack([np.sin(0.2 * n), np.sin(0.3 * n) + 0.1 * np.sin(1.7 * n)])
    x[:, 300:310] += 1.0
    return x.astype(np.float32)


def packets(bodies: list[bytes], index: int = 0, lost: tuple[int, ...] = ()) -> SegmentData:
    there = {part: body for part, body in enumerate(bodies) if part not in lost}
    return SegmentData(index, there, len(bodies))


@EVERY
def test_silence_is_one_body_of_a_byte_a_channel(kind: str) -> None:
    mode, segments = encoded(kind, np.zeros((2, 400), np.float32))
    assert segments == [[b"\x08\0\0"], [b"\x06\0\0"]]
    segment, problems = mode.read(packets(segments[0]), 8)
    assert not problems
    for field in (segment.value, segment.centre, segment.halfwidth, segment.noise, segment.block_splits):
        assert not field.any()
    assert not segment.bound[segment.kept].any()


@EVERY
@pytest.mark.parametrize("lost", [(), (2,), (0, 3), (0, 1, 2)])
def test_cells_of_lost_parts_are_unknown_and_no_others(kind: str, lost: tuple[int, ...]) -> None:
    mode, segments = encoded(kind, signal(700))
    assert [len(bodies) for bodies in segments] == [PARTS] * 3
    by_frames = KINDS[kind][0].frame_parts
    for index, bodies in enumerate(segments):
        whole, _ = mode.read(packets(bodies, index), None)
        some, problems = mode.read(packets(bodies, index, lost), None)
        assert not problems
        gone = np.zeros(whole.kept.shape, bool)
        for part in lost:
            gone[(slice(None), *part_cells(part, PARTS, by_frames))] = True
        for name in ("kept", "value", "centre", "halfwidth", "noise"):
            here, there = getattr(some, name), getattr(whole, name)
            np.testing.assert_array_equal(here[~gone], there[~gone], name)
            assert not here[gone].any()
        assert np.isinf(some.bound[gone]).all()
        assert (some.bound >= whole.bound).all()
        np.testing.assert_array_equal(some.block_splits, whole.block_splits)
        np.testing.assert_array_equal(some.angles, whole.angles)


@EVERY
def test_a_part_that_cannot_be_decoded_is_as_good_as_lost(kind: str) -> None:
    mode, segments = encoded(kind, signal(300))
    bodies = segments[0]
    hurt = [*bodies[:1], bodies[1][:1], *bodies[2:]]
    found, problems = mode.read(packets(hurt), 8)
    wanted, _ = mode.read(packets(bodies, lost=(1,)), 8)
    assert len(problems) == 1
    assert problems[0].startswith("segment 0: part 1 cannot be decoded: coded part:")
    for name in ("kept", "value", "centre", "halfwidth", "bound", "noise", "block_splits", "angles"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), name)


@pytest.mark.parametrize("kind", ["mdct", "perceptual", "perceptual, 1.3", "perceptual, 1.2"])
def test_parts_that_disagree_on_block_switching_are_told(kind: str) -> None:
    mode, (first, second, *_) = encoded(kind, signal(700))
    one, other = (mode.read(packets(bodies), 8)[0] for bodies in (first, second))
    assert not np.array_equal(one.block_splits, other.block_splits)
    _, problems = mode.read(packets([first[0], second[1], *first[2:]]), 8)
    assert len(problems) == 1
    assert "its block switching" in problems[0]


@pytest.mark.parametrize("samples, parts", [(32, 2), (64, 3), (700, PARTS)])
def test_a_segment_has_no_more_parts_than_frames(samples: int, parts: int) -> None:
    mode, (bodies, *_) = encoded("perceptual", signal(700)[:, 300 : 300 + samples])
    assert len(bodies) == parts
    L = min(samples // 32 + 1, 8)
    whole, problems = mode.read(packets(bodies), L)
    assert not problems
    _, problems = mode.read(SegmentData(0, {L: bodies[0]}, L + 1), L)
    assert problems == [f"segment 0: part {L} cannot be decoded: coded part: {L} frames make no more parts"]
    one, _ = mode.read(packets(bodies, lost=(0,)), L)
    np.testing.assert_array_equal(one.block_splits, whole.block_splits)  # each part tells those of all frames


def test_block_switching_of_silence_is_told() -> None:
    """The slope at a segment's end needs it: no single body then."""
    mode: Any = mode_of(MDCT)
    X = np.zeros((1, 32, 4))
    bodies = mode._bodies(X, X == 0, np.ones(1, np.float32), np.ones((1, 4), int))
    assert len(bodies) == PARTS
    assert mode._bodies(X, X == 0, np.ones(1, np.float32), np.zeros((1, 4), int)) == [b"\4\0"]
