"""Networks of integers: exact in float32 whatever comes in, as their document says, and worth their bytes."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.coding.context_network import HIDDEN, MAGNITUDE_CONTEXTS, ZERO_CONTEXTS, networks
from dpcodec.coding.entropy import Encoder
from dpcodec.coding.mdct_contexts import (
    OTHER_INPUTS,
    ChannelContext,
    MdctContexts,
    log_magnitude,
    log_magnitude_of,
    mdct_passes,
)
from dpcodec.coding.mdct_symbols import walk_mdct

INPUTS = (9, 11, 13, 29, 33)
RNG = np.random.default_rng(9)


@pytest.mark.parametrize("name", ["mdct", "perceptual", "frames"])
@pytest.mark.parametrize("which", range(5))
def test_float32_is_exact(which: int, name: str) -> None:
    network = networks(name)[which]
    A, B = network.weights.astype(np.int64), network.outputs.astype(np.int64)
    a, b = network.bias.astype(np.int64), network.output_bias.astype(np.int64)
    assert A.shape == (HIDDEN, INPUTS[which])
    bounds = np.abs(A).sum(1) * 255 + np.abs(a[:, 0]), np.abs(B).sum(1) * 127 + np.abs(b[:, 0])
    assert max(int(bound.max()) for bound in bounds) < 2**24
    # The largest sums either way of every hidden unit, and anything.
    x = np.hstack([255 * (A > 0).T, 255 * (A < 0).T, RNG.integers(0, 256, (INPUTS[which], 500))])
    hidden = np.clip((A @ x + a) // 32, 0, 127)
    expected = (B @ hidden + b) // 1024
    zero, magnitude = network.contexts(x.astype(np.float32))
    np.testing.assert_array_equal(zero, np.clip(expected[0], 0, ZERO_CONTEXTS - 1))
    np.testing.assert_array_equal(magnitude, np.clip(expected[1], 0, MAGNITUDE_CONTEXTS - 1))


@pytest.mark.parametrize("name", ["mdct", "perceptual", "frames"])
def test_every_context_is_in_use(name: str) -> None:
    """Networks that had lost a unit or a sign would leave some alone."""
    x = RNG.integers(0, 256, (33, 20000)) * (RNG.random((33, 20000)) < RNG.random(20000))
    found = [n.contexts(x[-i:].astype(np.float32)) for n, i in zip(networks(name), INPUTS, strict=True)]
    zero, magnitude = (np.unique(np.concatenate(contexts)) for contexts in zip(*found, strict=True))
    assert len(zero) > 0.9 * ZERO_CONTEXTS
    assert len(magnitude) == MAGNITUDE_CONTEXTS


@pytest.mark.parametrize("apart", [None, 1, 3])
def test_passes_name_their_network_and_neighbours_before_them(apart: int | None) -> None:
    known: set[tuple[int, int]] = set()
    for step in mdct_passes(64, apart):
        assert 0 <= step.nearness <= 255
        cells = {(k, t) for k in range(40)[step.cells[0]] for t in range(64)[step.cells[1]]}
        for row, frame in step.around:
            inside = [(k + row, t + frame) for k, t in cells]
            assert {(k, t) for k, t in inside if 0 <= k < 40 and 0 <= t < 64} <= known, step
        assert len(step.around) + OTHER_INPUTS == INPUTS[step.network]
        known |= cells


def loud_at(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Symbols [96, 120], loud at some places and zero or one elsewhere."""
    size = np.where(places, 12.0, 0.3)
    return np.rint(rng.laplace(size=places.shape) * size).astype(np.int32)


def test_the_paired_channel_helps() -> None:
    """Where both are loud at the same places, which nothing else tells; and where they are not, it costs
    little to have looked."""
    rng = np.random.default_rng(6)
    places = rng.random((96, 120)) < 0.1
    first, second = loud_at(places, rng), loud_at(places, rng)

    scale_factors, noise = np.full((96, 120), 9, np.uint8), np.full((96, 120), 3, np.uint8)

    def size(paired: np.ndarray | None) -> int:
        channel, encoder = ChannelContext(np.arange(96) // 8, 1, paired), Encoder()
        walk_mdct(encoder, MdctContexts(channel, np.zeros(120, np.int64), scale_factors, noise), second)
        return len(encoder.finish())

    stranger = size(log_magnitude_of(first[::-1], scale_factors))
    alone, beside = size(None), size(log_magnitude_of(first, scale_factors))
    assert beside < 0.95 * alone
    assert stranger < 1.05 * alone


def test_a_magnitude_and_its_scale_factor_make_one_log_magnitude() -> None:
    """Half the step and twice the magnitude are as loud, but for the rounding of small ones."""
    m = np.array([4, 6, 8, 12, 64, 96, 256, 512])
    for scale_factor in (0, 13, 61):
        half, twice = (
            log_magnitude(m, np.full(8, scale_factor + 2)),
            log_magnitude(2 * m, np.full(8, scale_factor)),
        )
        assert np.abs(half - twice).max() <= 2
        assert (log_magnitude(np.zeros(8, int), np.full(8, scale_factor)) < -8 * 63).all()


def test_tables_have_one_total() -> None:
    zero, magnitude = MdctContexts(ChannelContext(np.zeros(1, int), 1, None), np.zeros(1, int)).tables
    for table in (zero, magnitude):
        assert (table.counts > 0).all()
        assert (table.counts.sum(1) == 4096).all()
