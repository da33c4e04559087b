"""Weights, noise levels and angles come back, and cost little where nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.entropy import Decoder, Encoder
from dpcodec.coding.shape import ANGLES, NOISE_LEVELS, WEIGHTS, code_angles, code_noise, code_weights, turned

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (3, 2), (5, 16), (42, 17), (42, 215)])
def test_side_information_comes_back(shape: tuple[int, int]) -> None:
    cases = [
        (code_weights, shape, RNG.integers(0, WEIGHTS, shape)),
        (code_noise, shape, RNG.integers(0, NOISE_LEVELS, shape)),
        (code_angles, shape[0], RNG.integers(0, ANGLES, shape[0])),
    ]
    encoder = Encoder()
    for code, size, truth in cases:
        code(encoder, size, truth)
    data = encoder.finish()
    decoder = Decoder(data)
    for code, size, truth in cases:
        np.testing.assert_array_equal(code(decoder, size, None), truth)
    decoder.finish()


def test_what_stays_costs_little() -> None:
    """A twelfth of a bit a weight where bands hold theirs, as they do mostly; where all move by one or none,
    the log2(3) bits that is, and what it costs that this was not expected."""
    still = np.repeat(RNG.integers(20, 30, (42, 1)), 215, axis=1)
    moving = np.clip(still + RNG.integers(-1, 2, still.shape), 0, 63)
    sizes = []
    for weights in (still, moving):
        encoder = Encoder()
        code_weights(encoder, weights.shape, weights)
        sizes.append(8 * len(encoder.finish()) / weights.size)
    assert sizes[0] < 1 / 12
    assert 1.5 < sizes[1] < 2.3


def test_a_turn_and_back() -> None:
    X = RNG.normal(size=(2, 30, 7))
    angles = RNG.integers(0, ANGLES, (30, 1))
    there = turned(X, angles)
    np.testing.assert_allclose(np.sum(there**2, axis=0), np.sum(X**2, axis=0))
    np.testing.assert_allclose(turned(there, angles, back=True), X, atol=1e-12)
    np.testing.assert_array_equal(turned(X, np.zeros((30, 1), int)), X)
    middle, side = turned(np.stack([X[0], X[0]]), np.full((30, 1), ANGLES // 4))
    np.testing.assert_allclose(middle, X[0] * 2**0.5)
    assert np.abs(side).max() < 1e-12
