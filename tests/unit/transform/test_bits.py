"""The bits that block switching and stereo rotation compare, against a logarithm a cell."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.transform.block_switching import bits_of


@pytest.mark.parametrize("n", [1, 7, 8, 9, 100, 1024])
def test_a_logarithm_of_products_is_the_sum_of_logarithms(n: int) -> None:
    rng = np.random.default_rng(n)
    ratios = 10 ** rng.uniform(-12, 9, (2, 3, n))
    np.testing.assert_allclose(bits_of(ratios), np.log2(1 + ratios).sum(axis=-1), rtol=1e-12, atol=1e-12)


def test_nothing_costs_nothing_and_what_is_absurd_stays_finite() -> None:
    assert bits_of(np.zeros((4, 30))).tolist() == [0.0] * 4
    assert np.isfinite(bits_of(np.full(64, 1e300))).all()
