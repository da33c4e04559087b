"""The level of noise in a hole."""

from itertools import pairwise

import numpy as np

from dpcodec.inpainting.concealment.envelope import Envelope, envelope_of, join, levels

RATE, REACH = 8000, 20


def hole(before: float, after: float, length: int = 10) -> Envelope:
    """Ten frames of noise of one level, a hole, ten of another."""
    rng = np.random.default_rng(0)
    level = np.repeat([before, 0, after], [10, length, 10])
    X = rng.standard_normal((2, 128, 20 + length)) * level
    arrived = np.broadcast_to(level > 0, X.shape[1:]).copy()
    arrived[:, :10] = arrived[:, 10 + length :] = True
    return envelope_of(100, X, arrived, RATE)


def test_it_goes_from_one_side_to_the_other() -> None:
    found = [levels(hole(1.0, 0.1), 110 + i, REACH)[0].mean() for i in range(10)]
    assert all(a > b for a, b in pairwise(found))
    assert 0.3 < found[0] < 1.1
    assert 0.003 < found[-1] < 0.02


def test_it_falls_where_there_is_one_side_and_ends_in_silence() -> None:
    around = hole(1.0, 1.0, 60)
    found = [levels(around, 110 + i, REACH)[0].mean() for i in range(30)]
    assert all(a >= b for a, b in pairwise(found))
    assert found[0] > 0.5
    assert found[19] == found[-1] == 0


def test_silence_on_a_side_is_silence_soon_and_on_both_at_once() -> None:
    assert not levels(hole(0.0, 0.0), 112, REACH)[0].any()
    assert levels(hole(1.0, 0.0), 115, REACH)[0].max() < 3e-3


def test_a_frame_that_came_in_part_tells_its_own_level() -> None:
    X = np.random.default_rng(1).standard_normal((1, 128, 9))
    arrived = np.zeros((128, 9), bool)
    arrived[::2] = True
    power, _ = levels(envelope_of(0, X, arrived, RATE), 4, REACH)
    np.testing.assert_allclose(power.mean(), 1, rtol=0.3)


def test_correlation_of_a_pair() -> None:
    x = np.random.default_rng(2).standard_normal((1, 128, 20))
    X = np.concatenate([x, -0.5 * x])
    arrived = np.ones(X.shape[1:], bool)
    arrived[:, 8:12] = False
    _, across = levels(envelope_of(0, X, arrived, RATE), 9, REACH)
    np.testing.assert_allclose(across, -1, atol=1e-6)


def test_runs_are_joined() -> None:
    whole = hole(1.0, 0.1)
    again = join([whole.cut(100), whole.cut(130)])
    np.testing.assert_array_equal(again.power, whole.power)
    assert whole.cut(105).first == 105
