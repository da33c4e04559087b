"""Scale factors, noise levels and stereo angles come back, and cost little where nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from dpcodec.coding.entropy import Decoder, Encoder
from dpcodec.coding.side_information import (
    ANGLES,
    NOISE_LEVELS,
    SCALE_FACTORS,
    code_noise,
    code_scale_factors,
    code_stereo_angles,
    step_factors,
)

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (3, 2), (5, 16), (42, 17), (42, 215)])
def test_side_information_comes_back(shape: tuple[int, int]) -> None:
    cases: list[tuple[Callable[..., np.ndarray], Any, np.ndarray]] = [
        (code_scale_factors, shape, RNG.integers(0, SCALE_FACTORS, shape)),
        (code_noise, shape, RNG.integers(0, NOISE_LEVELS, shape)),
        (partial(code_noise, in_time=True), shape, RNG.integers(0, NOISE_LEVELS, shape)),
        (partial(code_scale_factors, name="frames", apart=3), shape, RNG.integers(0, SCALE_FACTORS, shape)),
        (code_stereo_angles, shape[0], RNG.integers(0, ANGLES, shape[0])),
    ]
    encoder = Encoder()
    for code, size, truth in cases:
        code(encoder, size, truth=truth)
    data = encoder.finish()
    decoder = Decoder(data)
    for code, size, truth in cases:
        np.testing.assert_array_equal(code(decoder, size, truth=None), truth)
    decoder.finish()


def test_what_stays_costs_little() -> None:
    """A twelfth of a bit a scale factor where bands hold theirs, as they do mostly; where all move by one or
    none, the log2(3) bits that is, and what it costs that this was not expected."""
    still = np.repeat(RNG.integers(20, 30, (42, 1)), 215, axis=1)
    moving = np.clip(still + RNG.integers(-1, 2, still.shape), 0, 63)
    sizes = []
    for scale_factors in (still, moving):
        encoder = Encoder()
        code_scale_factors(encoder, scale_factors.shape, scale_factors)
        sizes.append(8 * len(encoder.finish()) / scale_factors.size)
    assert sizes[0] < 1 / 12
    assert 1.5 < sizes[1] < 2.3


def test_two_scale_factors_double_the_step() -> None:
    factors = step_factors(np.arange(SCALE_FACTORS))
    np.testing.assert_array_equal(factors[::2], 2.0 ** np.arange(32))
    np.testing.assert_array_equal(factors[1::2], 1.4142135623730951 * factors[::2])
