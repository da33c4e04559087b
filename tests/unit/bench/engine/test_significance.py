"""The permutation test against counting and against scipy, Holm's correction against its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from dpcodec.bench.engine.significance import holm, sign_flip_p


@pytest.mark.parametrize("seed", range(6))
def test_p_is_the_share_of_sign_flips_as_far_from_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    d = rng.standard_normal(7) + 0.3 * seed
    flips = [abs(np.mean(d * signs)) for signs in itertools.product((1, -1), repeat=7)]
    p = sum(one >= abs(d.mean()) - 1e-12 for one in flips) / 128
    assert sign_flip_p(d) == p


def test_it_agrees_with_scipy() -> None:
    d = np.random.default_rng(1).standard_normal(10) + 0.5
    wanted = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p(d) == pytest.approx(wanted)


def test_many_clips_are_drawn_from_one_seed() -> None:
    d = np.random.default_rng(2).standard_normal(40) + 0.35
    found = sign_flip_p(d)
    assert found == sign_flip_p(d)
    assert found == pytest.approx(stats.ttest_1samp(d, 0).pvalue, abs=0.01)
    assert sign_flip_p(d + 10) == pytest.approx(1 / 20001)


def test_ends() -> None:
    assert sign_flip_p([1.0]) is None
    assert sign_flip_p([0.0, 0.0]) == 1.0
    assert sign_flip_p([2.0] * 5) == 2 / 32


def test_holm_rejects_what_its_step_down_rejects() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        p = rng.random(8) ** 3
        corrected = holm(p.tolist())
        for level in (0.01, 0.05, 0.3):
            order = np.argsort(p)
            passed = [bool(p[i] <= level / (8 - rank)) for rank, i in enumerate(order)]
            count = passed.index(False) if False in passed else 8
            assert {i for i in range(8) if corrected[i] <= level} == set(order[:count].tolist())
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
