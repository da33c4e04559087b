"""Networks of integers: exact in float32 whatever comes in, as their document says, and worth their bytes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dpcodec.coding import predictor_tables, shape_tables
from dpcodec.coding.entropy import Encoder
from dpcodec.coding.predictor import HIDDEN, LEVEL_CLASSES, ZERO_CLASSES, networks
from dpcodec.coding.real_contexts import (
    OTHER_INPUTS,
    Place,
    RealContexts,
    loudness,
    loudness_of,
)
from dpcodec.coding.real_passes import real_passes
from dpcodec.coding.real_symbols import walk_real

INPUTS = (9, 11, 13, 29, 33)
RNG = np.random.default_rng(9)


@pytest.mark.parametrize("which", range(5))
def test_float32_is_exact(which: int) -> None:
    network = networks()[which]
    A, B = network.weights.astype(np.int64), network.outputs.astype(np.int64)
    a, b = network.bias.astype(np.int64), network.output_bias.astype(np.int64)
    assert A.shape == (HIDDEN, INPUTS[which])
    bounds = np.abs(A).sum(1) * 255 + np.abs(a[:, 0]), np.abs(B).sum(1) * 127 + np.abs(b[:, 0])
    assert max(int(bound.max()) for bound in bounds) < 2**24
    # The largest sums either way of every hidden unit, and anything.
    x = np.hstack([255 * (A > 0).T, 255 * (A < 0).T, RNG.integers(0, 256, (INPUTS[which], 500))])
    hidden = np.clip((A @ x + a) // 32, 0, 127)
    expected = (B @ hidden + b) // 1024
    zero, level = network.classes(x.astype(np.float32))
    np.testing.assert_array_equal(zero, np.clip(expected[0], 0, ZERO_CLASSES - 1))
    np.testing.assert_array_equal(level, np.clip(expected[1], 0, LEVEL_CLASSES - 1))


def test_every_class_is_in_use() -> None:
    """Networks that had lost a unit or a sign would leave some alone."""
    x = RNG.integers(0, 256, (33, 20000)) * (RNG.random((33, 20000)) < RNG.random(20000))
    found = [n.classes(x[-i:].astype(np.float32)) for n, i in zip(networks(), INPUTS, strict=True)]
    zero, level = (np.unique(np.concatenate(classes)) for classes in zip(*found, strict=True))
    assert len(zero) > 0.9 * ZERO_CLASSES
    assert len(level) == LEVEL_CLASSES


def test_passes_name_their_network_and_neighbours_before_them() -> None:
    known: set[tuple[int, int]] = set()
    for step in real_passes():
        cells = {(k, t) for k in range(40)[step.index[0]] for t in range(64)[step.index[1]]}
        for row, frame in step.around:
            inside = [(k + row, t + frame) for k, t in cells]
            assert {(k, t) for k, t in inside if 0 <= k < 40 and 0 <= t < 64} <= known, step
        assert len(step.around) + OTHER_INPUTS == INPUTS[step.network]
        known |= cells


def loud_at(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Symbols [96, 120], loud at some places and zero or one elsewhere."""
    size = np.where(places, 12.0, 0.3)
    return np.rint(rng.laplace(size=places.shape) * size).astype(np.int32)


def test_the_other_channel_helps() -> None:
    """Where both are loud at the same places, which nothing else tells; and where they are not, it costs
    little to have looked."""
    rng = np.random.default_rng(6)
    places = rng.random((96, 120)) < 0.1
    first, second = loud_at(places, rng), loud_at(places, rng)

    weights, noise = np.full((96, 120), 9, np.uint8), np.full((96, 120), 3, np.uint8)

    def size(mate: np.ndarray | None) -> int:
        place, encoder = Place(np.arange(96) // 8, 1, mate), Encoder()
        walk_real(encoder, RealContexts(place, np.zeros(120, np.int64), weights, noise), second)
        return len(encoder.finish())

    stranger = size(loudness_of(first[::-1], weights))
    alone, beside = size(None), size(loudness_of(first, weights))
    assert beside < 0.95 * alone
    assert stranger < 1.05 * alone


def test_a_magnitude_and_its_weight_stand_for_one_loudness() -> None:
    """Half the step and twice the magnitude are as loud, but for the rounding of small ones."""
    m = np.array([4, 6, 8, 12, 64, 96, 256, 512])
    for weight in (0, 13, 61):
        half, twice = loudness(m, np.full(8, weight + 2)), loudness(2 * m, np.full(8, weight))
        assert np.abs(half - twice).max() <= 2
        assert (loudness(np.zeros(8, int), np.full(8, weight)) < -8 * 63).all()


def test_tables_have_one_total() -> None:
    zero, level = RealContexts(Place(np.zeros(1, int), 1, None), np.zeros(1, int)).tables
    for table in (zero, level):
        assert (table.counts > 0).all()
        assert (table.counts.sum(1) == 4096).all()


def test_the_document_holds_the_numbers() -> None:
    text = (Path(__file__).parents[3] / "docs" / "format.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(network|nonzero|level|weight)\n(.*?)\n```", text, re.M | re.S))
    assert blocks["network"].split() == [line for net in predictor_tables.NETWORKS for line in net.split()]
    assert blocks["nonzero"].replace("\n", "") == predictor_tables.NONZERO_COUNTS
    assert blocks["level"].replace("\n", "") == predictor_tables.LEVEL_COUNTS
    assert blocks["weight"].replace("\n", "") == shape_tables.WEIGHT_COUNTS
